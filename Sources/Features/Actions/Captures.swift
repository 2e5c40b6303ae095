// Keeping texts of messages for log lines and later rules (configuration manual: capture, declare
// capture, capture request header, capture response header, capture cookie).

import ConfigLanguage
import HTTP
import Proxy
import Samples

extension ActionFamily {
    /// Captures.
    static let captures = ActionFamily(
        "captures",
        [
            ActionRow(
                "capture",
                in: [.contentRequest, .httpRequest, .httpResponse, .httpAfterResponse],
                "<sample> { len <length> | id <id> }", "Keeps a text in a slot."
            ) { reader throws(ExpressionMistake) in try Capture(&reader) }
        ])
}

/// The length of a captured text.
public enum CaptureLength {
    /// What a slot can be declared to keep.
    public static let range = 1...65_535
    /// What lines that name a field or a cookie can ask for.
    public static let fieldRange = 0...65_535
}

/// `capture`.
///
/// Safety: constants.
private final class Capture: Action, @unchecked Sendable {
    private let expression: Expression
    private let isRequest: Bool
    private let slot: Int

    init(_ reader: inout ActionReader) throws(ExpressionMistake) {
        expression = try reader.expression()
        let isRequest = !reader.step.isResponse
        self.isRequest = isRequest
        let surroundings = reader.surroundings
        let slots = isRequest ? surroundings.requestCaptures : surroundings.responseCaptures
        let hasClients = surroundings.capability.contains(.frontend)
        if isRequest && reader.skip("len") {
            guard hasClients else {
                throw reader.wrong("makes a slot in a frontend, which this proxy is not")
            }
            slot = slots.add(length: try reader.integer("a length", in: CaptureLength.range))
        } else if reader.skip("id") {
            let slot = try reader.integer("the number of a slot", in: 0...Int(Int32.max))
            self.slot = slot
            if hasClients && !surroundings.isDefaults {
                surroundings.whenAllIsRead {
                    if slot < slots.lengths.count { return nil }
                    return LateFinding(
                        "'capture' names slot \(slot), and there "
                            + (slots.lengths.isEmpty
                                ? "are none" : "are those from 0 to \(slots.lengths.count - 1)"),
                        isMistake: true)
                }
            }
        } else {
            let expected = isRequest ? "'len' or 'id'" : "'id'"
            throw reader.unexpected(expected, among: isRequest ? ["len", "id"] : ["id"])
        }
        super.init()
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        // A backend may be used by frontends without such a slot.
        let limit = subject.captureLimit(request: isRequest, slot: slot)
        if limit == 0 { return .goOn }
        return subject.withScratch { scratch in
            var mustWait = false
            let found = subject.evaluate(expression, &scratch, mustWait: &mustWait)
            if mustWait { return .wait(until: 0) }
            if var sample = found, scratch.cast(&sample, to: .string) {
                subject.setCapture(
                    request: isRequest, slot: slot, to: scratch.bytes(of: sample), limit: limit)
            }
            return .goOn
        }
    }
}

/// `capture request header`, `capture response header`.
///
/// Safety: constants.
public final class CaptureField: Action, @unchecked Sendable {
    private let name: KeptBytes
    private let known: KnownField
    private let isRequest: Bool
    private let slot: Int

    /// Captures the last line of a field.
    ///
    /// - Parameters:
    ///   - name: the field's name, a token.
    ///   - slot: where the text goes.
    public init(_ name: String, request isRequest: Bool, slot: Int) {
        let constants = ConstantBlock()
        let small = name.utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
        let kept = KeptBytes(small, in: constants)
        self.name = kept
        known = KnownField.named(kept.span)
        self.isRequest = isRequest
        self.slot = slot
        super.init(keeping: constants)
    }

    public override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        let name = self.name
        var last: Int?
        var index = 0
        while let found = subject.nextField(name.span, known, from: index) {
            last = found
            index = found + 1
        }
        if let last {
            subject.setCapture(
                request: isRequest, slot: slot, to: subject.value(of: subject.field(last)),
                limit: subject.captureLimit(request: isRequest, slot: slot))
        }
        return .goOn
    }
}

/// `capture cookie`: the first cookie whose name begins in a certain way.
///
/// Safety: constants.
public final class CaptureCookie: Action, @unchecked Sendable {
    private let name: KeptBytes
    private let isRequest: Bool
    private let limit: Int

    /// Captures a cookie.
    ///
    /// - Parameters:
    ///   - name: what the cookie begins with; an equal sign at its end ends the name.
    ///   - limit: how many bytes of name and value are kept.
    public init(_ name: String, request isRequest: Bool, limit: Int) {
        let constants = ConstantBlock()
        self.name = KeptBytes(name.anyBytes, in: constants)
        self.isRequest = isRequest
        self.limit = limit
        super.init(keeping: constants)
    }

    public override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        let known: KnownField = isRequest ? .cookie : .setCookie
        for index in 0..<subject.fieldCount {
            let line = subject.field(index)
            if line.isRemoved || line.known != known { continue }
            let value = subject.value(of: line)
            guard let range = cookie(in: value) else { continue }
            subject.setCookieCapture(
                request: isRequest, to: value.extracting(range), limit: limit)
            break
        }
        return .goOn
    }

    /// Where the wanted cookie stands with its name. Of a response it is the first of the line,
    /// behind which attributes follow.
    private func cookie(in value: Span<UInt8>) -> Range<Int>? {
        let wanted = name
        var start = 0
        while start < value.count {
            while start < value.count, value[start] == 0x20 || value[start] == 0x09 { start += 1 }
            var end = start
            while end < value.count, value[end] != 0x3B, isRequest || value[end] != 0x2C {
                end += 1
            }
            let part = value.extracting(start..<end).withoutBlanks
            // What has no value is no cookie.
            if part.count >= wanted.span.count, part.firstIndex(of: 0x3D) != nil,
                part.extracting(0..<wanted.span.count).isEqual(to: wanted.span)
            {
                return start..<start + part.count
            }
            if !isRequest { return nil }
            start = end + 1
        }
        return nil
    }
}
