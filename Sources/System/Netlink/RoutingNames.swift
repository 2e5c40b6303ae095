// Names of tables, protocols, scopes, realms and link groups as iproute2 keeps them in small files
// (ip-route(8): rt_tables, rt_protos, rt_scopes, rt_realms; group).

import Kernel

/// Names of one kind with their numbers.
public struct RoutingNames: Equatable, Sendable {
    /// What is named.
    public enum Kind: String, Sendable, CaseIterable {
        case tables = "rt_tables"
        case protocols = "rt_protos"
        case scopes = "rt_scopes"
        case realms = "rt_realms"
        case services = "rt_dsfield"
        case groups = "group"

        /// What holds without any file.
        var builtIn: [String: UInt32] {
            switch self {
            case .tables: ["unspec": 0, "default": 253, "main": 254, "local": 255]
            case .protocols:
                [
                    "unspec": 0, "redirect": 1, "kernel": 2, "boot": 3, "static": 4, "gated": 8,
                    "ra": 9, "mrt": 10, "zebra": 11, "bird": 12, "dnrouted": 13, "xorp": 14,
                    "ntk": 15, "dhcp": 16, "keepalived": 18, "babel": 42, "bgp": 186, "isis": 187,
                    "ospf": 188, "rip": 189, "eigrp": 192,
                ]
            case .scopes: ["global": 0, "nowhere": 255, "host": 254, "link": 253, "site": 200]
            case .realms: ["unknown": 0]
            case .services: [:]
            case .groups: ["default": 0]
            }
        }
    }

    /// The most names of one kind.
    public static let mostNames = 65536

    private var numbers: [String: UInt32]

    /// Those that hold without any file.
    public init(builtIn kind: Kind) { numbers = kind.builtIn }

    /// Those of the machine: what is built in, then files of the distribution, then the
    /// administrator's. A file that is missing or cannot be read adds nothing.
    ///
    /// - Parameters:
    ///   - distribution: the folder of the distribution's files; nil for the usual ones.
    ///   - administrator: the folder of the administrator's; nil for the usual one.
    public init(
        ofMachine kind: Kind, distribution: String? = nil, administrator: String? = nil
    ) {
        self.init(builtIn: kind)
        let first = distribution.map { [$0] } ?? ["/usr/lib/iproute2", "/usr/share/iproute2"]
        for folder in first + [administrator ?? "/etc/iproute2"] {
            read("\(folder)/\(kind.rawValue)")
            let more = "\(folder)/\(kind.rawValue).d"
            for name in (try? Files.entries(of: more)) ?? [] where name.hasSuffix(".conf") {
                read("\(more)/\(name)")
            }
        }
    }

    private mutating func read(_ path: String) {
        guard let bytes = try? Files.read(path, atMost: 1 << 20) else { return }
        add(bytes)
    }

    /// Takes in the text of a file: a number, decimal or hexadecimal behind `0x`, and a name on
    /// each line; `#` begins a comment. Lines that are not so are skipped.
    public mutating func add(_ text: [UInt8]) {
        for line in text.split(separator: 0x0A) {
            let words = line.prefix { $0 != 0x23 }
                .split(whereSeparator: { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D })
            guard words.count >= 2, numbers.count < Self.mostNames,
                let number = Self.number(String(decoding: words[0], as: UTF8.self))
            else { continue }
            numbers[String(decoding: words[1], as: UTF8.self)] = number
        }
    }

    /// The number a word means: a name, or a number itself; nil for neither.
    public func number(of word: String) -> UInt32? { numbers[word] ?? Self.number(word) }

    /// A number, decimal or hexadecimal behind `0x`.
    private static func number(_ word: String) -> UInt32? {
        if word.hasPrefix("0x") || word.hasPrefix("0X") {
            return UInt32(word.dropFirst(2), radix: 16)
        }
        return word.utf8.first.map { $0 >= 0x30 && $0 <= 0x39 } == true ? UInt32(word) : nil
    }
}
