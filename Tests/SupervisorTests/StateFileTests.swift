// Server states that go from one process to the next through a file, between martlet and haproxy.

import Glibc
import Testing

@Suite struct StateFileTests {
    private static func configuration(_ folder: String) -> String {
        """
        global
          stats socket \(folder)/cli level admin
          server-state-file \(folder)/states
        defaults
          mode http
          timeout client 5s
          timeout connect 5s
          timeout server 5s
          load-server-state-from-file global
        frontend f
          bind \(folder)/s
          default_backend b
        backend b
          server a 127.0.0.1:1 weight 10
          server b 127.0.0.1:2 weight 10
          server c 127.0.0.1:3 weight 10 disabled
          server d 127.0.0.1:4 weight 10
          server e localhost:5 weight 10

        """
    }

    private static let changes = [
        "disable server b/a", "set server b/b state drain", "enable server b/c",
        "set weight b/d 50%", "set server b/d addr 127.0.0.1 port 99",
        "set server b/e addr 127.0.0.9",
    ]

    /// Sends a line to the command socket.
    private func ask(_ line: String, _ folder: String) -> String {
        guard let client = Client(path: folder + "/cli") else { return "" }
        client.send(line + "\n")
        client.endSending()
        return client.readToEnd()
    }

    /// Columns that outlive a process: names, states, weights, addresses.
    private func lasting(_ states: String) -> [[Substring]] {
        states.split(separator: "\n").dropFirst(2).map { line in
            let words = line.split(separator: " ")
            return words.count < 19 ? words : Array(words[3...8]) + Array(words[17...18])
        }
    }

    @Test(arguments: [("martlet", "martlet"), ("haproxy", "martlet"), ("martlet", "haproxy")])
    func `what one process wrote the next one begins with`(
        _ old: String, _ new: String
    ) throws {
        let programs = [
            "martlet": try Programs.requireMartlet(), "haproxy": try Programs.requireHAProxy(),
        ]
        let (first, second) = (try #require(programs[old]), try #require(programs[new]))
        try withDirectory { folder in
            try write(Self.configuration(folder), to: folder + "/cfg")
            let before = try StartedProgram(first, ["-db", "-f", folder + "/cfg"])
            try #require(eventually { Client(path: folder + "/cli") != nil })
            for line in Self.changes { _ = ask(line, folder) }
            let states = ask("show servers state", folder)
            try write(states, to: folder + "/states")
            before.send(SIGTERM)
            _ = before.waitForEnd()
            let after = try StartedProgram(second, ["-db", "-f", folder + "/cfg"])
            try #require(eventually { !ask("show servers state", folder).isEmpty })
            let known = lasting(ask("show servers state", folder))
            #expect(known == lasting(states))
            #expect(known.map { $0[3] } == ["1", "8", "4", "0", "0"])
            #expect(known.map { $0[4] } == ["10", "10", "10", "5", "10"])
            #expect(known[3][7] == "99" && known[4][1] == "127.0.0.9")
            #expect(after.isRunning)
        }
    }
}
