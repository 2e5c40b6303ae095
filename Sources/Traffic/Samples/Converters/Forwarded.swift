// Converters of the Forwarded header (RFC 7239): its parameters, nodes and their parts. What they
// read is exact: no blanks, each parameter once, unknown parameters refused.

import Addresses

extension ConverterFamily {
    static let forwarded = ConverterFamily(
        "Forwarded header", areSteady: true,
        [
            Converter(
                "rfc7239_is_valid", .string, to: .boolean,
                "Tells whether a Forwarded header's value is right.", Forwarded.isValid),
            Converter(
                "rfc7239_field", .string, to: .string, takes: [.text("field")],
                "Gives one of the parameters proto, host, for and by of a Forwarded header.",
                prepare: Forwarded.prepareField, Forwarded.field),
            Converter(
                "rfc7239_nn", .any, to: .string,
                "Writes an address or a name as the name of a node.", Forwarded.writeName),
            Converter(
                "rfc7239_np", .any, to: .string,
                "Writes a number or a name as the port of a node.", Forwarded.writePort),
            Converter(
                "rfc7239_n2nn", .string, to: .any, "Gives the name of a node.",
                Forwarded.readName),
            Converter(
                "rfc7239_n2np", .string, to: .any, "Gives the port of a node.",
                Forwarded.readPort),
        ])
}

private enum Forwarded {
    static let isValid: Converter.Function = { sample, _, scratch, _ in
        var header = ForwardedHeader()
        sample.become(.boolean(header.read(scratch.bytes(of: sample))))
        return true
    }

    static let prepareField: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        guard case .bytes(let name)? = arguments[0] else { return nil }
        guard let field = ForwardedHeader.Parameter(name.span) else {
            throw ArgumentMistake(expected: "'proto', 'host', 'for' or 'by'", at: 0)
        }
        arguments[0] = .integer(Int64(field.rawValue))
        return nil
    }

    static let field: Converter.Function = { sample, arguments, scratch, _ in
        var header = ForwardedHeader(
            wanted: .init(rawValue: UInt8(truncatingIfNeeded: arguments.integer(0))))
        guard header.read(scratch.bytes(of: sample)), let found = header.found else {
            return false
        }
        sample = sample.part(found.lowerBound, found.count)
        return true
    }

    static let writeName: Converter.Function = { sample, _, scratch, _ in
        if sample.type == .ipv4 || sample.type == .ipv6 {
            let address = sample.address
            let made = scratch.make(as: .string) { output in
                if address.family == .v6 { output.append(0x5B) }
                output.append(address)
                if address.family == .v6 { output.append(0x5D) }
            }
            guard let made else { return false }
            sample.become(made)
            return true
        }
        guard scratch.cast(&sample, to: .string) else { return false }
        return scratch.convert(&sample, to: .string) { input, output in
            if input.isEmpty {
                output.append("unknown")
                return true
            }
            return obscure(input, into: &output)
        }
    }

    static let writePort: Converter.Function = { sample, _, scratch, _ in
        if sample.type == .integer {
            let port = sample.integer
            guard port >= 0, port <= Int64(UInt32.max),
                let made = scratch.make(as: .string, { $0.append(decimal: port) })
            else { return false }
            sample.become(made)
            return true
        }
        guard scratch.cast(&sample, to: .string) else { return false }
        return scratch.convert(&sample, to: .string) { input, output in
            !input.isEmpty && obscure(input, into: &output)
        }
    }

    /// Writes `_name`; false when a byte may not stand in one.
    private static func obscure(_ input: Span<UInt8>, into output: inout OutputBytes) -> Bool {
        output.append(0x5F)
        for index in 0..<input.count {
            guard isNameByte(input[index]) else { return false }
            output.append(input[index])
        }
        return true
    }

    static let readName: Converter.Function = { sample, _, scratch, _ in
        guard let node = ForwardedNode(scratch.bytes(of: sample)) else { return false }
        if let address = node.address {
            sample.become(.address(address))
        } else {
            sample = sample.part(0, node.nameCount)
        }
        return true
    }

    static let readPort: Converter.Function = { sample, _, scratch, _ in
        guard let node = ForwardedNode(scratch.bytes(of: sample)) else { return false }
        if let number = node.portNumber {
            sample.become(.integer(number))
        } else {
            guard let port = node.port else { return false }
            sample = sample.part(port.lowerBound, port.count)
        }
        return true
    }
}

private func isNameByte(_ byte: UInt8) -> Bool {
    isLetterOrDigit(byte) || byte == 0x2E || byte == 0x5F || byte == 0x2D
}

/// The value of a Forwarded header with one element (RFC 7239 §4).
///
/// Names are compared exactly, each parameter may stand once, and there are no others.
struct ForwardedHeader {
    /// The parameters.
    enum Parameter: UInt8 {
        case proto, host, `for`, by

        /// The parameter of that name.
        init?(_ name: Span<UInt8>) {
            if isWord(name, "proto") {
                self = .proto
            } else if isWord(name, "host") {
                self = .host
            } else if isWord(name, "for") {
                self = .for
            } else if isWord(name, "by") {
                self = .by
            } else {
                return nil
            }
        }
    }

    /// Where the value of the wanted parameter stands, without quotes.
    private(set) var found: Range<Int>?
    private let wanted: Parameter?
    private var position = 0
    private var seen: UInt8 = 0

    /// Reads a whole value, or as far as the parameter that is wanted.
    init(wanted: Parameter? = nil) { self.wanted = wanted }

    /// Reads a value; false when it is wrong. What stands behind the wanted parameter is not looked
    /// at.
    ///
    /// Differs: HAProxy does not look at what stands behind all four parameters.
    mutating func read(_ text: Span<UInt8>) -> Bool {
        repeat {
            guard let (parameter, value, isQuoted) = next(text),
                seen >> parameter.rawValue & 1 == 0,
                Self.isRight(text.extracting(value), for: parameter, isQuoted: isQuoted)
            else { return false }
            seen |= 1 << parameter.rawValue
            if parameter == wanted {
                found = value
                return true
            }
            if position == text.count { return true }
            position += 1
        } while text[position - 1] == 0x3B
        return false
    }

    /// The next `name=value` or `name="value"`; nil when there is none.
    private mutating func next(
        _ text: Span<UInt8>
    ) -> (parameter: Parameter, value: Range<Int>, isQuoted: Bool)? {
        let start = position
        while position < text.count && text[position] != 0x3D { position += 1 }
        guard position + 1 < text.count,
            let parameter = Parameter(text.extracting(start..<position))
        else { return nil }
        position += 1
        let isQuoted = text[position] == 0x22
        if isQuoted { position += 1 }
        let first = position
        let end: UInt8 = isQuoted ? 0x22 : 0x3B
        while position < text.count && text[position] != end { position += 1 }
        let value = first..<position
        if isQuoted {
            guard position < text.count else { return nil }
            position += 1
        }
        return (parameter, value, isQuoted)
    }

    private static func isRight(
        _ value: Span<UInt8>, for parameter: Parameter, isQuoted: Bool
    ) -> Bool {
        switch parameter {
        case .proto: return !isQuoted && (isWord(value, "http") || isWord(value, "https"))
        case .host: return isHost(value, isQuoted: isQuoted)
        case .for, .by:
            // Brackets and colons may stand between quotes only.
            guard let node = ForwardedNode(value) else { return false }
            return isQuoted || (node.nameCount == value.count && value[0] != 0x5B)
        }
    }

    /// Whether a value is a host with an optional port. Differs: names may have dashes and
    /// underscores, which HAProxy's own may not.
    private static func isHost(_ value: Span<UInt8>, isQuoted: Bool) -> Bool {
        var end = 0
        if isQuoted && value.count > 0 && value[0] == 0x5B {
            while end < value.count && value[end] != 0x5D { end += 1 }
            guard end < value.count, let address = IPAddress(text: value.extracting(1..<end)),
                address.family == .v6
            else { return false }
            end += 1
        } else {
            while end < value.count && isNameByte(value[end]) { end += 1 }
        }
        if end == value.count { return true }
        guard isQuoted, value[end] == 0x3A else { return false }
        return ForwardedNode.port(value.extracting((end + 1)..<value.count)) != nil
    }
}

/// A node of RFC 7239 §6: an address, `unknown` or `_name`, and perhaps a port.
struct ForwardedNode {
    /// The address, when the name is one.
    private(set) var address: IPAddress?
    /// How many bytes the name has.
    private(set) var nameCount = 0
    /// Where a hidden port stands.
    private(set) var port: Range<Int>?
    /// The port when it is a number.
    private(set) var portNumber: Int64?

    /// Reads a whole node; nil when it is none.
    init?(_ text: Span<UInt8>) {
        guard readName(text) else { return nil }
        if nameCount == text.count { return }
        guard text[nameCount] == 0x3A, readPort(text) else { return nil }
    }

    private mutating func readName(_ text: Span<UInt8>) -> Bool {
        var end = 0
        if text.count > 0 && text[0] == 0x5B {
            while end < text.count && text[end] != 0x5D { end += 1 }
            guard end < text.count, let found = IPAddress(text: text.extracting(1..<end)),
                found.family == .v6
            else { return false }
            address = found
            nameCount = end + 1
            return true
        }
        while end < text.count && text[end] != 0x3A { end += 1 }
        nameCount = end
        let name = text.extracting(0..<end)
        if isWord(name, "unknown") { return true }
        if end > 1 && name[0] == 0x5F {
            for index in 1..<end where !isNameByte(name[index]) { return false }
            return true
        }
        guard let found = IPAddress(text: name), found.family == .v4 else { return false }
        address = found
        return true
    }

    private mutating func readPort(_ text: Span<UInt8>) -> Bool {
        let start = nameCount + 1
        let port = text.extracting(start..<text.count)
        if port.isEmpty { return false }
        if port[0] == 0x5F {
            if port.count < 2 { return false }
            for index in 1..<port.count where !isNameByte(port[index]) { return false }
            self.port = start..<text.count
            return true
        }
        portNumber = Self.port(port)
        return portNumber != nil
    }

    /// The number of a port, from 1 to 65535; nil when it is none.
    static func port(_ digits: Span<UInt8>) -> Int64? {
        var number: Int64 = 0
        for index in 0..<digits.count {
            guard digits[index] >= 0x30, digits[index] <= 0x39 else { return nil }
            number = number * 10 + Int64(digits[index] - 0x30)
            if number > 65535 { return nil }
        }
        return number > 0 ? number : nil
    }
}
