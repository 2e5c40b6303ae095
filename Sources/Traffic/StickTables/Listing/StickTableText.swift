// The lines of `show table` (management manual), as HAProxy 2.6 writes them:
//
//     # table: NAME, type: ip, size:1048576, used:1
//     0x10000000000: key=127.0.0.1 use=0 exp=29999 gpc0=1 http_req_rate(10000)=3
//
// The number in front of an entry is its reference's word. Control path.

import Addresses

/// Writes lines about tables.
public enum StickTableText {
    /// Adds the line about a table, with its line feed.
    public static func appendHeader(_ table: StickTable, to text: inout [UInt8]) {
        let configuration = table.configuration
        text += "# table: \(configuration.name), type: \(configuration.keyType.name)".utf8
        text += ", size:\(configuration.size), used:\(table.count)\n".utf8
    }

    /// Adds the line about an entry, with its line feed.
    public static func append(_ entry: StickEntry, of table: StickTable, to text: inout [UInt8]) {
        text += "0x\(String(entry.reference.word, radix: 16)): key=".utf8
        append(key: entry.key, table.configuration.keyType, to: &text)
        text += " use=\(entry.facts.useCount)".utf8
        text += " exp=\(entry.facts.expiresInMilliseconds ?? 0)".utf8
        for value in entry.values { append(value, of: table, to: &text) }
        text.append(0x0A)
    }

    /// Adds a key as people read it.
    public static func append(key: [UInt8], _ type: StickKeyType, to text: inout [UInt8]) {
        switch type {
        case .ipv4, .ipv6:
            IPAddress(networkOrder: key.span)?.appendCompatibleText(to: &text)
        case .integer:
            text += "\(key.reduce(UInt32(0)) { $0 << 8 | UInt32($1) })".utf8
        case .string: for byte in key { append(escaped: byte, to: &text) }
        case .binary: for byte in key { append(hexadecimal: byte, to: &text) }
        }
    }

    private static func append(
        _ value: StickEntry.Value, of table: StickTable, to text: inout [UInt8]
    ) {
        text.append(0x20)
        text += (value.type.isArray ? element(value.type, value.index) : value.type.name).utf8
        if value.type.isRate { text += "(\(table.periodMilliseconds(of: value.type)))".utf8 }
        text.append(0x3D)
        switch value.type.kind {
        case .wide: text += "\(UInt64(bitPattern: value.value))".utf8
        case .number, .signed, .rate: text += "\(value.value)".utf8
        case .name:
            // Escaped as keys are, so that a name cannot end its line.
            let name = table.serverNames.name(of: value.value) ?? [0x2D]
            for byte in name { append(escaped: byte, to: &text) }
        }
    }

    /// The elements of `gpc_rate` are called `gpc0_rate` and so on.
    private static func element(_ type: StickDataType, _ index: Int) -> String {
        switch type {
        case .gpcRate: "gpc\(index)_rate"
        default: "\(type.name)\(index)"
        }
    }

    private static func append(escaped byte: UInt8, to text: inout [UInt8]) {
        switch byte {
        case 0x20, 0x3D, 0x5C: text += [0x5C, byte]
        case 0x21...0x7E: text.append(byte)
        case 0x09: text += "\\t".utf8
        case 0x0A: text += "\\n".utf8
        case 0x0D: text += "\\r".utf8
        case 0x1B: text += "\\e".utf8
        default:
            text += "\\x".utf8
            append(hexadecimal: byte, to: &text)
        }
    }

    private static func append(hexadecimal byte: UInt8, to text: inout [UInt8]) {
        for digit in [byte >> 4, byte & 15] {
            text.append(digit < 10 ? digit + 0x30 : digit + 0x37)
        }
    }
}

extension IPAddress {
    /// As C's `inet_ntop` writes it: with a dotted quad for the addresses `::a.b.c.d`, too.
    fileprivate func appendCompatibleText(to text: inout [UInt8]) {
        let isCompatible = family == .v6 && high == 0 && low >> 32 == 0 && low >> 16 != 0
        if isCompatible { text += "::".utf8 }
        (isCompatible ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : self)
            .appendText(to: &text)
    }
}
