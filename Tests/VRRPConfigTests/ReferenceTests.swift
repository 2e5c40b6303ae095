// Beside real keepalived, where it is installed: random definitions, sequences, lists and
// conditions become the same lines. Its `-t` names the first word of every line that is no keyword.

import Foundation
import RandomInputs
import Testing

@testable import VRRPConfig

@Suite struct ReferenceTests {
    private static let program = ["/usr/sbin/keepalived", "/usr/bin/keepalived"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    @Test func `random texts become the lines that keepalived reads`() throws {
        guard let program = Self.program else { try Test.cancel("keepalived is not installed") }
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("martlet-vrrp-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var random = Seeded.fresh()
        for round in 0..<12 {
            let text = TextMaker.text(&random)
            let file = folder.appendingPathComponent("\(round).conf").path
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            let theirs = try unknownWords(program, file)
            let ours = lines(text).lines.map { line in
                String(line.prefix { !$0.isWhitespace && $0 != "\"" })
            }
            #expect(ours == theirs, "\(text)")
        }
    }

    private func unknownWords(_ program: String, _ file: String) throws -> [String] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["-t", "-i", "main", "-f", file]
        let pipe = Pipe()
        process.standardError = pipe
        process.standardOutput = pipe
        try process.run()
        let output = String(
            decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return output.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("(Line "), let found = line.range(of: "Unknown keyword '") else {
                return nil
            }
            return String(line[found.upperBound...].dropLast())
        }
    }
}

/// Makes texts whose lines are words that no keyword has.
private enum TextMaker {
    static func text(_ random: inout Seeded) -> String {
        var lines = ["$A=x", "$B=y z", "$C=${A}q"]
        var sequences = 0
        for index in 0..<30 {
            let name = ["A", "B", "C"][random.next(below: 3)]
            let low = random.next(below: 20)
            let high = low + random.next(below: 5)
            sequences += 1
            switch random.next(below: 10) {
            case 0: lines.append("$\(name)=v\(index)")
            case 1: lines.append("w\(index)${\(name)}_${C} rest")
            case 2: lines.append("w\(index)$A more # comment ${A}")
            case 3: lines.append("@main m\(index)${\(name)}")
            case 4: lines.append("@^main n\(index)")
            case 5: lines.append("~SEQ(S\(sequences),\(low),\(high)) s${S\(sequences)}.${A}")
            case 6:
                let step = 1 + random.next(below: 3)
                lines.append(
                    "~SEQx(S\(sequences), \(low), \(step), \(high)) s${S\(sequences)}")
            case 7: lines.append("~LST(S\(sequences), a\(low),b, c) l${S\(sequences)}")
            case 8:
                lines.append(
                    "~LST({S\(sequences),T\(sequences)},{1,a},{2,b}) ~SEQ(U\(sequences),1,2) "
                        + "p${S\(sequences)}${T\(sequences)}${U\(sequences)}")
            default:
                lines += ["$M\(index)= \\", "one\(index) \\", "two${\(name)} \\", "three", ""]
                lines += ["$M\(index)", "$C=${A}k"]
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
