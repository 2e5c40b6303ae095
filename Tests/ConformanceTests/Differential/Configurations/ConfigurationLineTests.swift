// What loads and what does not: every line by itself, in a configuration that is else in order.

import Foundation
import Synchronization
import Testing

@Suite(.serialized)
struct ConfigurationLineTests {
    @Test func `there are enough wrong lines, each once`() {
        let wrong = ConfigurationLine.all.filter { $0.word != nil }
        #expect(wrong.count > 250)
        #expect(Set(ConfigurationLine.all.map(\.description)).count == ConfigurationLine.all.count)
    }

    @Test(.enabled(if: Program.haproxyIsThere, "haproxy is not installed"))
    func `haproxy refuses what the table says, but for what martlet alone refuses`() throws {
        for (line, checked) in zip(ConfigurationLine.all, try Self.check(with: .haproxy)) {
            let isWrong = line.word != nil && line.difference == nil
            #expect(checked.isRefused == isWrong, "\(line): \(checked.output)")
        }
    }

    @Test(.enabled(if: Program.martletServes, "martlet does not serve yet"))
    func `martlet refuses what the table says and names the wrong word`() throws {
        for (line, checked) in zip(ConfigurationLine.all, try Self.check(with: .martlet)) {
            #expect(checked.isRefused == (line.word != nil), "\(line): \(checked.output)")
            guard let word = line.word, checked.isRefused else { continue }
            #expect(checked.names(word), "\(line): \(word) is not named: \(checked.output)")
        }
    }

    /// What a program says to a configuration.
    private struct Checked: Sendable {
        var isRefused: Bool
        var output: String

        /// Whether a message has a word, or underlines it. Which section it is in does not count.
        func names(_ word: String) -> Bool {
            if word.isEmpty { return true }
            let lines = output.split(separator: "\n", omittingEmptySubsequences: false)
            let messages = lines.filter { $0.hasPrefix("[ALERT]") }.compactMap { line in
                line.range(of: "] : ").map {
                    line[$0.upperBound...].replacing(
                        #/(frontend|backend) '(f|b|tcp|tb)' : /#, with: "")
                }
            }
            let underlined = zip(lines, lines.dropFirst()).compactMap { line, marks -> String? in
                guard let start = marks.firstIndex(of: "^"),
                    marks.allSatisfy({ " \t^~".contains($0) })
                else { return nil }
                let offset = marks.distance(from: marks.startIndex, to: start)
                return String(line.dropFirst(offset).prefix(marks.count - offset))
            }
            return (messages.map { String($0) } + underlined).contains { Self.has(word, $0) }
        }

        private static func has(_ word: String, _ text: String) -> Bool {
            text.ranges(of: word).contains { range in
                let isInside = { (character: Character?) in
                    character.map { $0.isLetter || $0.isNumber } ?? false
                }
                return !(isInside(text[..<range.lowerBound].last) && isInside(word.first))
                    && !(isInside(text[range.upperBound...].first) && isInside(word.last))
            }
        }
    }

    /// All lines, a few at a time.
    private static func check(with program: Program) throws -> [Checked] {
        let folder = "/tmp/ml-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = try #require(program.path)
        let lines = ConfigurationLine.all
        let results = Mutex([Checked?](repeating: nil, count: lines.count))
        DispatchQueue.concurrentPerform(iterations: lines.count) { index in
            let checked = try? run(path, lines[index].configuration, "\(folder)/\(index)")
            results.withLock { $0[index] = checked }
        }
        return try results.withLock { $0 }.map { try #require($0) }
    }

    private static func run(
        _ program: String, _ configuration: String, _ file: String
    ) throws -> Checked {
        try configuration.write(toFile: file, atomically: false, encoding: .utf8)
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["-c", "-f", file]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = output
        try process.run()
        let said = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Checked(
            isRefused: process.terminationStatus != 0,
            output: String(decoding: said, as: UTF8.self))
    }
}

extension ConfigurationLine {
    /// A configuration with this line in it and nothing else that is wrong.
    var configuration: String {
        func lines(_ place: Place) -> String { self.place == place ? "    \(line)\n" : "" }
        let isDefault = line.hasPrefix("default_backend") && place == .frontend
        let table =
            line.contains("table")
            ? "backend t\n    mode http\n    stick-table type string size 10 store gpc0\n" : ""
        return """
            global
            \(lines(.global))
            defaults
                timeout client 1s
                timeout server 1s
                timeout connect 1s
            userlist staff
                group admins
                user u insecure-password p groups admins
            \(table)
            backend b
                mode http
                server s 127.0.0.1:1
            \(lines(.backend))
            backend tb
                mode tcp
                server s 127.0.0.1:1
            \(lines(.tcpBackend))
            frontend f
                mode http
                bind unix@/tmp/never-bound
            \(lines(.frontend))
                \(isDefault ? "" : "default_backend b")
            frontend tcp
                mode tcp
                bind unix@/tmp/never-bound-either
            \(lines(.tcpFrontend))
                default_backend tb

            """
    }
}
