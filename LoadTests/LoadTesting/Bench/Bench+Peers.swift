// Finding, configuring and starting the proxies of a bench.

import Glibc
import Kernel

/// A proxy that answers.
struct RunningPeer {
    let process: ChildProcess
    let port: Int
}

/// Whether a proxy answers.
enum PeerStart {
    case running(RunningPeer)
    case skipped(String)
}

extension Bench {
    /// Looks for every proxy that was asked for, and asks it for its version.
    mutating func findCandidates() {
        for peer in options.peers {
            let found = peer == .martlet ? martletPath() : findProgram(peer.rawValue)
            guard let path = found else {
                absent[peer] =
                    peer == .martlet
                    ? "no binary at '\(options.martletPath)'" : "\(peer.rawValue) is not installed"
                continue
            }
            let output = run([path, "-v"]).output
            let firstLine = output.split(separator: "\n").first.map(String.init) ?? ""
            guard let version = Self.version(inFirstLine: firstLine) else {
                absent[peer] = "'\(path) -v' does not say a version"
                continue
            }
            candidates.append(Candidate(peer: peer, path: path, version: version))
        }
    }

    /// The version in what `-v` prints: the first word with a digit and a point.
    static func version(inFirstLine line: String) -> String? {
        let words = line.split { $0 == " " || $0 == "/" }
        return words.first { word in
            word.contains(".") && word.first { $0.isNumber } != nil
        }.map(String.init)
    }

    private func martletPath() -> String? {
        // Safety: the path is read only for the call.
        unsafe access(options.martletPath, X_OK) == 0 ? options.martletPath : nil
    }

    /// Configures and starts a proxy and waits until it passes a request on.
    ///
    /// - Parameter wrapper: words in front of the proxy's own, such as valgrind's.
    func start(
        _ candidate: Candidate, _ scenario: BenchScenario, under wrapper: [String] = []
    ) -> PeerStart {
        do throws(Errno) {
            let port = try freePort()
            let ports = BenchPorts(listen: port, origins: origins, log: logSink.port)
            let path = "\(folder)/\(candidate.peer.rawValue)-\(scenario.name).cfg"
            guard let text = configuration(candidate, scenario, ports, !wrapper.isEmpty) else {
                return .skipped("nginx's stream module is not installed")
            }
            writeFile(path, text)
            if let reason = refusal(candidate, path) { return .skipped(reason) }
            let process = try ChildProcess(
                wrapper + words(candidate, path), core: options.proxyCore,
                outputPath: "\(folder)/\(candidate.peer.rawValue)-\(scenario.name).log")
            let seconds = wrapper.isEmpty ? 10.0 : 60.0
            if let reason = doubt(process, scenario, port, seconds) {
                process.stop()
                return .skipped(reason)
            }
            return .running(RunningPeer(process: process, port: port))
        } catch {
            return .skipped(error.text)
        }
    }

    private func configuration(
        _ candidate: Candidate, _ scenario: BenchScenario, _ ports: BenchPorts,
        _ isSingleProcess: Bool
    ) -> String? {
        guard candidate.peer == .nginx else { return scenario.haproxyConfiguration(ports) }
        let modulePath = "/usr/lib/nginx/modules/ngx_stream_module.so"
        // Safety: the path is read only for the call.
        let module = unsafe access(modulePath, R_OK) == 0 ? modulePath : nil
        if scenario.mode == .tcp, module == nil { return nil }
        return scenario.nginxConfiguration(
            ports, folder: folder, streamModule: module, user: getuid() == 0 ? "root" : nil,
            isSingleProcess: isSingleProcess)
    }

    private func words(_ candidate: Candidate, _ path: String) -> [String] {
        switch candidate.peer {
        case .martlet, .haproxy: [candidate.path, "-db", "-f", path]
        case .nginx: [candidate.path, "-p", folder, "-c", path]
        }
    }

    /// Why the proxy refuses its configuration; `nil` when it takes it.
    private func refusal(_ candidate: Candidate, _ path: String) -> String? {
        let test = candidate.peer == .nginx ? "-t" : "-c"
        let (status, output) = run(words(candidate, path) + [test])
        if status == 0 { return nil }
        let alert = output.split(separator: "\n").first {
            $0.contains("[ALERT]") || $0.contains("[emerg]")
        }
        let text = alert.map(String.init) ?? output.split(separator: "\n").last.map(String.init)
        return "refuses the configuration: \(text ?? "status \(status)")"
    }

    /// Why the proxy does not do the work of the scenario; `nil` when it does.
    private func doubt(
        _ process: ChildProcess, _ scenario: BenchScenario, _ port: Int, _ seconds: Double
    ) -> String? {
        let end = Clock.monotonic().milliseconds + UInt64(seconds * 1000)
        var answer: String?
        while Clock.monotonic().milliseconds < end {
            answer = BlockingClient.fetch(port: port, path: "/headers")
            if answer?.hasPrefix("HTTP/1.1 200") == true { break }
            if let status = process.statusIfEnded() {
                return "ended with status \(status): \(process.output.suffix(300))"
            }
            usleep(20_000)
        }
        guard let answer, answer.hasPrefix("HTTP/1.1 200") else {
            return "gave no good answer: \((answer ?? "nothing").prefix(100))"
        }
        let forwards = answer.lowercased().contains("x-forwarded-for: 127.0.0.1")
        if scenario.mode == .http, !forwards { return "does not add X-Forwarded-For" }
        return nil
    }

    /// Runs a program for its output.
    private func run(_ words: [String]) -> (status: Int32, output: String) {
        do throws(Errno) {
            return try ChildProcess.run(
                words, outputPath: "\(folder)/output.log", atMostSeconds: 20)
        } catch {
            return (127, error.text)
        }
    }
}
