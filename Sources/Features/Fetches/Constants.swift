// Samples that are written in the configuration itself (configuration manual: fetching samples from
// internal states).

import Addresses
import Proxy
import Samples

extension FetchFamily {
    /// Constants.
    static let constants = FetchFamily(
        "constants",
        [
            Fetch("always_false", .boolean, "Is false.") { _, _, _, _ in .boolean(false) },
            Fetch("always_true", .boolean, "Is true.") { _, _, _, _ in .boolean(true) },
            Fetch(
                "bin", .binary, takes: [.text("hex")],
                "Is the bytes whose hexadecimal digits are given.", prepare: Constants.prepareBytes
            ) { _, arguments, _, scratch in scratch.copy(arguments.bytes(0), as: .binary) },
            Fetch(
                "bool", .boolean, takes: [.text("bool")], "Is the truth value given.",
                prepare: Constants.prepareTruth
            ) { _, arguments, _, _ in .boolean(arguments.integer(0) != 0) },
            Fetch(
                "int", .integer, takes: [.integer("integer")], "Is the number given."
            ) { _, arguments, _, _ in .integer(arguments.integer(0)) },
            Fetch(
                "ipv4", .ipv4, takes: [.text("ipv4")], "Is the IPv4 address given.",
                prepare: Constants.prepareAddress(.v4)
            ) { _, arguments, _, _ in .address(arguments.address(0)) },
            Fetch(
                "ipv6", .ipv6, takes: [.text("ipv6")], "Is the IPv6 address given.",
                prepare: Constants.prepareAddress(.v6)
            ) { _, arguments, _, _ in .address(arguments.address(0)) },
            Fetch(
                "meth", .method, takes: [.text("method")], "Is the method given."
            ) { _, arguments, _, scratch in scratch.copy(arguments.bytes(0), as: .method) },
            Fetch(
                "str", .string, takes: [.text("string").optional], "Is the text given."
            ) { _, arguments, _, scratch in scratch.copy(arguments.bytes(0)) },
        ])
}

/// What is done with the arguments of the rows above.
private enum Constants {
    static let prepareTruth: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        switch arguments.text(0).lowercased() {
        case "true", "1": arguments[0] = .integer(1)
        case "false", "0": arguments[0] = .integer(0)
        default: throw ArgumentMistake(expected: "true, false, 1 or 0", at: 0)
        }
        return nil
    }

    static let prepareBytes: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        guard case .bytes(let digits)? = arguments[0], !digits.isEmpty,
            digits.count.isMultiple(of: 2)
        else { throw ArgumentMistake(expected: "an even number of hexadecimal digits", at: 0) }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            let pair = String(decoding: digits[index..<index + 2], as: UTF8.self)
            guard let byte = UInt8(pair, radix: 16), pair.first != "+", pair.first != "-" else {
                throw ArgumentMistake("'\(pair)' is no pair of hexadecimal digits", at: 0)
            }
            bytes.append(byte)
        }
        arguments[0] = .bytes(bytes)
        return nil
    }

    static func prepareAddress(_ family: IPAddress.Family) -> Converter.Preparation {
        { (arguments, _) throws(ArgumentMistake) -> SampleType? in
            guard let address = IPAddress(arguments.text(0)), address.family == family else {
                throw ArgumentMistake(
                    expected: family == .v4 ? "an IPv4 address" : "an IPv6 address", at: 0)
            }
            arguments[0] = .address(address)
            return nil
        }
    }
}

extension [ConverterConstant?] {
    /// The argument at an index as text; empty where there is none.
    func text(_ index: Int) -> String {
        guard index < count, case .bytes(let bytes)? = self[index] else { return "" }
        return String(anyBytes: bytes)
    }
}
