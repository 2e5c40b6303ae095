// Converters of addresses and of the Host header's parts.

import Addresses
import Bytes

extension ConverterFamily {
    static let network = ConverterFamily(
        "network", areSteady: true,
        [
            Converter(
                "ipmask", .address, to: .address,
                takes: [.mask4("mask4"), .mask6("mask6").optional],
                "Keeps the bits of an address that a mask has.", Network.mask),
            Converter(
                "host_only", .string, to: .string,
                "Drops the port of a Host header and turns the rest into small letters.",
                Network.host),
            Converter(
                "port_only", .string, to: .integer,
                "Gives the port of a Host header, 0 where there is none.", Network.port),
        ])
}

private enum Network {
    static let mask: Converter.Function = { sample, arguments, _, _ in
        let address = sample.address
        if let inner = embeddedV4(address) {
            let bits = UInt32(truncatingIfNeeded: inner.low & arguments.address(0).low)
            sample.become(.address(IPAddress(v4: bits)))
            return true
        }
        guard arguments.has(1) else { return false }
        let mask = arguments.address(1)
        sample.become(
            .address(
                IPAddress(v6High: address.high & mask.high, low: address.low & mask.low)))
        return true
    }

    static let host: Converter.Function = { sample, _, scratch, _ in
        sample = sample.part(0, portSeparator(scratch.bytes(of: sample)) ?? sample.byteCount)
        return scratch.convert(&sample, to: .string) { input, output in
            output.append(input) { $0.asciiLowercased }
            return true
        }
    }

    static let port: Converter.Function = { sample, _, scratch, _ in
        let text = scratch.bytes(of: sample)
        var port: Int64 = 0
        if let separator = portSeparator(text) {
            port = portNumber(text.extracting((separator + 1)..<text.count))
        }
        sample.become(.integer(port))
        return true
    }

    /// The last colon behind any bracket; bytes before it are the host.
    private static func portSeparator(_ text: Span<UInt8>) -> Int? {
        var index = text.count - 1
        while index >= 0 {
            if text[index] == 0x5D { return nil }
            if text[index] == 0x3A { return index }
            index -= 1
        }
        return nil
    }

    /// The number a port is. Differs: a port with anything but digits is none; HAProxy computes
    /// with the letters as if they were digits.
    private static func portNumber(_ text: Span<UInt8>) -> Int64 {
        var value: Int64 = 0
        for index in 0..<text.count {
            guard text[index] >= 0x30, text[index] <= 0x39, value <= 99_999_999 else { return 0 }
            value = value * 10 + Int64(text[index] - 0x30)
        }
        return value
    }
}
