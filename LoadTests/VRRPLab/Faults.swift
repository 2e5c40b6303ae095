// What goes wrong on the wire, as rules of the switch (nft(8), family bridge).

/// Frames that the switch drops.
struct Faults: Sendable {
    /// A way from one host to another.
    struct Way: Hashable, Sendable {
        var from: String
        var to: String
    }

    /// Ways that carry nothing.
    var cut: Set<Way> = []
    /// Ways that carry no VRRP.
    var mute: Set<Way> = []
    /// Frames of each host that are lost, in per cent.
    var loss: [String: Int] = [:]

    /// Ways from each of the left to each of the right.
    static func ways(_ left: [String], _ right: [String]) -> Set<Way> {
        Set(left.flatMap { from in right.map { Way(from: from, to: $0) } })
    }

    /// Ways between two sides, in both directions.
    static func pairs(_ left: [String], _ right: [String]) -> Set<Way> {
        ways(left, right).union(ways(right, left))
    }

    /// The whole table, replaced in one step.
    ///
    /// - Parameter port: the port of a host on a segment.
    func ruleset(segments: Int, port: (String, Int) -> String) -> String {
        var lines: [String] = []
        for segment in 0..<segments {
            func drop(_ way: Way, _ condition: String = "") {
                let (from, to) = (port(way.from, segment), port(way.to, segment))
                lines.append("iifname \(from) oifname \(to) \(condition) drop")
            }
            for way in cut { drop(way) }
            for way in mute {
                drop(way, "ether type ip ip protocol 112")
                drop(way, "ether type ip6 ip6 nexthdr 112")
            }
            for (name, percent) in loss {
                lines.append(
                    "iifname \(port(name, segment)) numgen random mod 100 < \(percent) drop")
            }
        }
        let chain = "type filter hook forward priority 0; policy accept;"
        return """
            add table bridge lab
            delete table bridge lab
            table bridge lab {
                chain wire {
                    \(chain)
            \(lines.sorted().map { "        \($0)" }.joined(separator: "\n"))
                }
            }

            """
    }
}
