// Names that ip(8) gives to routing tables, protocols, scopes and realms: the files of iproute2 and
// what is built in.

/// Numbers of names.
struct RouteNames {
    /// Which names.
    enum Kind: String, CaseIterable {
        case tables = "rt_tables"
        case protocols = "rt_protos"
        case scopes = "rt_scopes"
        case realms = "rt_realms"
        case fields = "rt_dsfield"
        case groups = "group"
    }

    private let surroundings: VRRPSurroundings
    private var directories = ["/usr/share/iproute2", "/etc/iproute2"]
    private var known: [Kind: [String: UInt32]] = [:]

    /// The names of a world.
    init(_ surroundings: VRRPSurroundings) { self.surroundings = surroundings }

    /// Looks elsewhere (`iproute_usr_dir`, `iproute_etc_dir`).
    mutating func move(user: String?, system: String?) {
        if let user { directories[0] = user }
        if let system { directories[1] = system }
        known = [:]
    }

    /// The number of a name or of a number; nil when it is neither or above `limit`.
    mutating func number(_ text: String, _ kind: Kind, atMost limit: UInt32) -> UInt32? {
        let found = Numbers.unsigned(text) ?? names(kind)[text].map(UInt64.init)
        guard let found, found <= UInt64(limit) else { return nil }
        return UInt32(found)
    }

    private mutating func names(_ kind: Kind) -> [String: UInt32] {
        if let names = known[kind] { return names }
        var names = RouteNames.builtIn[kind] ?? [:]
        for directory in directories {
            let path = "\(directory)/\(kind.rawValue)"
            if case .success(let bytes) = surroundings.read(path, 1 << 20) {
                RouteNames.add(bytes, to: &names)
            }
            let folder = path + ".d"
            for name in surroundings.entries(folder) ?? [] where name.hasSuffix(".conf") {
                if case .success(let bytes) = surroundings.read("\(folder)/\(name)", 1 << 20) {
                    RouteNames.add(bytes, to: &names)
                }
            }
        }
        known[kind] = names
        return names
    }

    private static func add(_ bytes: [UInt8], to names: inout [String: UInt32]) {
        for line in bytes.split(separator: Letter.lineFeed) {
            let text = line.prefix { $0 != Letter.hash }
            let words = text.split(whereSeparator: Letter.isBlank)
            guard words.count == 2, names.count < 65536,
                let number = Numbers.unsigned(String(decoding: words[0], as: UTF8.self)),
                let value = UInt32(exactly: number)
            else { continue }
            names[String(decoding: words[1], as: UTF8.self)] = value
        }
    }

    private static let builtIn: [Kind: [String: UInt32]] = [
        .tables: ["unspec": 0, "default": 253, "main": 254, "local": 255],
        .protocols: [
            "unspec": 0, "redirect": 1, "kernel": 2, "boot": 3, "static": 4, "gated": 8, "ra": 9,
            "mrt": 10, "zebra": 11, "bird": 12, "dnrouted": 13, "xorp": 14, "ntk": 15, "dhcp": 16,
            "keepalived": 18, "babel": 42, "bgp": 186, "isis": 187, "ospf": 188, "rip": 189,
            "eigrp": 192,
        ],
        .scopes: [
            "global": 0, "universe": 0, "site": 200, "link": 253, "host": 254, "nowhere": 255,
        ],
        .realms: ["cosmos": 0],
        .fields: [:],
        .groups: ["default": 0],
    ]
}
