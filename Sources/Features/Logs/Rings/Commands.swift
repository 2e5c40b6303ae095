// The command of the Runtime API that shows rings.
// Source: management manual, `show events`.

import Proxy

extension LogRings {
    /// The rows for the Runtime API.
    public var commands: [Command] {
        [
            Command(
                ["show", "events"], level: .operator_, arguments: "[<sink>] [-0]",
                "list the rings, or show what one holds"
            ) { [self] in .text(showEvents($0.arguments)) }
        ]
    }

    /// The answer to `show events` with these words behind it.
    func showEvents(_ arguments: [String]) -> String {
        guard let name = arguments.first else { return list }
        guard let ring = ring(name) else { return "No such event sink\n" }
        var separator: UInt8 = 0x0A
        for option in arguments.dropFirst() {
            switch option {
            case "-0": separator = 0
            case "-w", "-n", "-wn", "-nw":
                return "option '\(option)' of 'show events' is not supported yet\n"
            default:
                return "unknown option, (supported options are: -w, -n, -0)\n"
            }
        }
        var bytes: [UInt8] = []
        ring.read(from: 0) { line, _ in
            bytes += line
            bytes.append(separator)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private var list: String {
        var text =
            "Supported events sinks are listed below. Add -w(wait), -n(new). Any key to stop\n"
        for (name, number) in [("stdout", 1), ("stderr", 2)] {
            text += "    \(name)     : type=fd, 0 dropped, standard output (fd#\(number))\n"
        }
        for ring in all {
            let name = ring.configuration.name
            let padding = String(repeating: " ", count: max(0, 11 - name.utf8.count))
            text += "    \(name)\(padding): type=buffer, \(ring.dropped) dropped, "
            text += "\(ring.configuration.describedAs)\n"
        }
        return text
    }
}
