// Converters of the Forwarded header (RFC 7239): its parameters, nodes and their parts. What they
// read is exact: no blanks, each parameter once, unknown parameters refused.

import Addresses

extension ConverterFamily {
    static let forwarded = ConverterFamily(
        "Forwarded header",
        [
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
        var number: Int64 = 0
        for index in 0..<port.count {
            guard port[index] >= 0x30, port[index] <= 0x39 else { return false }
            number = number * 10 + Int64(port[index] - 0x30)
            if number > 65535 { return false }
        }
        portNumber = number
        return true
    }
}
