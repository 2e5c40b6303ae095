// Samples for developers: an HTTP message as the blocks that HAProxy keeps it in (configuration
// manual: fetching samples for developers). We keep no such blocks; the samples are what they would
// be: a start line, the fields, the end of the head, and the body as far as it has come, in one
// block. Differs: HAProxy may have several, and others for trailers.

import Bytes
import HTTP
import Proxy
import Samples

extension FetchFamily {
    /// Messages as blocks.
    static let blocks = FetchFamily(
        "for developers",
        [
            figure("internal.htx.data", "Is the bytes of all blocks.") { $0.blockBytes },
            figure("internal.htx.free", "Is the bytes that are free in the message.") {
                $0.roomBytes - $0.usedBytes
            },
            figure("internal.htx.free_data", "Is the bytes that one more block can have.") {
                max(0, $0.roomBytes - $0.usedBytes - Blocks.entryBytes)
            },
            Fetch(
                "internal.htx.has_eom", .boolean, needs: Blocks.needs,
                "Is true where the message is there to its end."
            ) { subject, _, _, _ in
                subject.hasBlocks ? .boolean(subject.isBodyWhole) : nil
            },
            figure("internal.htx.nbblks", "Is how many blocks the message has.") { $0.blockCount },
            figure("internal.htx.size", "Is the bytes that the message can have.") {
                $0.roomBytes
            },
            figure("internal.htx.used", "Is the bytes of all blocks and of their entries.") {
                $0.usedBytes
            },
            block("internal.htx_blk.data", .binary, "Is a block of the body.") {
                subject, block, scratch in
                guard case .body = block else { return scratch.copy(Span()) }
                return scratch.make(as: .binary) { subject.appendBody(to: &$0) }
            },
            block("internal.htx_blk.hdrname", .string, "Is the name of a field's block.") {
                subject, block, scratch in
                guard case .field(let line) = block else { return scratch.copy(Span()) }
                return scratch.lowercase(subject.name(of: line))
            },
            block("internal.htx_blk.hdrval", .string, "Is the value of a field's block.") {
                subject, block, scratch in
                guard case .field(let line) = block else { return scratch.copy(Span()) }
                return scratch.copy(subject.value(of: line))
            },
            block("internal.htx_blk.size", .integer, "Is the bytes of a block.") {
                subject, block, _ in .integer(Int64(subject.bytes(of: block)))
            },
            block("internal.htx_blk.start_line", .string, "Is the start line of a block.") {
                subject, block, scratch in
                guard case .startLine = block else { return scratch.copy(Span()) }
                return scratch.make(as: .string) { subject.writeStartLine(to: &$0) }
            },
            block("internal.htx_blk.type", .string, "Is the type of a block.") {
                subject, block, scratch in
                let name = subject.typeName(of: block)
                return scratch.make(as: .string) { $0.append(name) }
            },
            Fetch(
                "internal.strm.is_htx", .boolean, needs: .running,
                "Is true where the stream is an HTTP exchange."
            ) { subject, _, _, _ in subject.hasStream ? .boolean(subject.isHTTP) : nil },
        ])

    private static func figure(
        _ name: String, _ sentence: String, _ value: @escaping @Sendable (Subject) -> Int
    ) -> Fetch {
        Fetch(name, .integer, needs: Blocks.needs, sentence) { subject, _, _, _ in
            subject.hasBlocks ? .integer(Int64(value(subject))) : nil
        }
    }

    private static func block(
        _ name: String, _ type: SampleType, _ sentence: String,
        _ value: @escaping @Sendable (Subject, Block, inout SampleScratch) -> Sample?
    ) -> Fetch {
        Fetch(
            name, type, takes: [.text("idx")], needs: Blocks.needs, sentence,
            prepare: Blocks.prepare
        ) { subject, arguments, _, scratch in
            guard subject.hasBlocks else { return nil }
            return value(subject, subject.block(arguments.integer(0)), &scratch)
        }
    }
}

/// One block of a message.
private enum Block {
    case startLine
    case field(FieldLine)
    case endOfFields
    /// The body, as far as it has come.
    case body
    case none
}

private enum Blocks {
    static let needs: FetchNeeds = [.requestBuffer, .responseBuffer]
    /// Bytes that HAProxy keeps for a block beside its own.
    static let entryBytes = 8
    /// Bytes that HAProxy keeps for a start line beside its words.
    static let startLineBytes = 20
    /// Bytes that HAProxy keeps for a message beside its blocks.
    static let messageBytes = 48
    /// The index that means the newest block.
    static let tail: Int64 = -1

    /// Replaces an index by a number.
    static let prepare: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        switch arguments.text(0) {
        case "head", "first": arguments[0] = .integer(0)
        case "tail": arguments[0] = .integer(tail)
        default:
            guard let index = Int32(arguments.text(0)), index >= 0 else {
                throw ArgumentMistake(expected: "a number from 0 on, head, tail or first", at: 0)
            }
            arguments[0] = .integer(Int64(index))
        }
        return nil
    }
}

extension Subject {
    /// Whether there is an HTTP message to look at.
    var hasBlocks: Bool { isHTTP && (hasRequestHead || hasResponseHead) }

    /// Bytes of all blocks.
    var blockBytes: Int {
        var total = bytes(of: .startLine) + bytes(of: .endOfFields) + bodyByteCount
        for index in 0..<fieldCount {
            let line = field(index)
            if !line.isRemoved { total += bytes(of: .field(line)) }
        }
        return total
    }

    fileprivate var usedBytes: Int { blockBytes + blockCount * Blocks.entryBytes }

    fileprivate var roomBytes: Int { contentLimit - Blocks.messageBytes }

    fileprivate var blockCount: Int { 2 + presentFields + (bodyByteCount > 0 ? 1 : 0) }

    private var presentFields: Int {
        var count = 0
        for index in 0..<fieldCount where !field(index).isRemoved { count += 1 }
        return count
    }

    /// The reason phrase of a response.
    private var reason: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let edit = lineEdits.reason
            let isEdited = lineEdits.status != 0
            let text =
                isEdited
                ? editedBytes.extracting(edit.range) : headBytes.extracting(head.reasonRange)
            // Safety: a part of what is tied to this subject.
            return unsafe _overrideLifetime(text, borrowing: self)
        }
    }

    /// The block at an index; negative for the last.
    fileprivate func block(_ index: Int64) -> Block {
        let count = blockCount
        let index = index < 0 ? count - 1 : Int(clamping: index)
        if index == 0 { return .startLine }
        let fields = presentFields
        if index > fields {
            if index == fields + 1 { return .endOfFields }
            guard index < count else { return .none }
            return .body
        }
        var left = index
        for position in 0..<fieldCount {
            let line = field(position)
            if line.isRemoved { continue }
            left -= 1
            if left == 0 { return .field(line) }
        }
        return .none
    }

    fileprivate func bytes(of block: Block) -> Int {
        switch block {
        case .startLine:
            let words =
                hasRequestHead
                ? methodText.count + target.count : 3 + reason.count
            return Blocks.startLineBytes + words + 8
        case .field(let line): return name(of: line).count + value(of: line).count
        case .endOfFields: return 1
        case .body: return bodyByteCount
        case .none: return 0
        }
    }

    fileprivate func typeName(of block: Block) -> StaticString {
        switch block {
        case .startLine: hasRequestHead ? "HTX_BLK_REQ_SL" : "HTX_BLK_RES_SL"
        case .field: "HTX_BLK_HDR"
        case .endOfFields: "HTX_BLK_EOH"
        case .body: "HTX_BLK_DATA"
        case .none: "HTX_BLK_UNUSED"
        }
    }

    fileprivate func writeStartLine(to output: inout OutputBytes) {
        let version: StaticString = head.minorVersion == 0 ? "HTTP/1.0" : "HTTP/1.1"
        if hasRequestHead {
            output.append(methodText)
            output.append(0x20)
            output.append(target)
            output.append(0x20)
            output.append(version)
        } else {
            output.append(version)
            output.append(0x20)
            output.append(decimal: Int64(responseStatus ?? 0))
            output.append(0x20)
            output.append(reason)
        }
    }
}

extension SampleScratch {
    /// Copies a text in small letters.
    fileprivate mutating func lowercase(_ text: Span<UInt8>) -> Sample? {
        make(as: .string) { output in
            for index in 0..<text.count { output.append(text[index].asciiLowercased) }
        }
    }
}
