// How clients misbehave. A behaviour becomes a short list of steps; the runner plays it.

/// One kind of client.
public enum ChaosBehaviour: String, Sendable, CaseIterable {
    case good, pipelining, halfClosing
    case connectAndReset, connectAndClose, idle
    case halfHead, garbage, resetAfterRequest, resetInAnswer
    case slowReader, slowHead, slowBody
    case originTruncates, originResets, originCloses

    /// Whether every answer must come whole with status 200.
    var mustSucceed: Bool {
        switch self {
        case .good, .pipelining, .halfClosing: true
        default: false
        }
    }
}

/// One thing that a client does.
enum ChaosStep: Sendable, Equatable {
    case send([UInt8])
    /// Sends one byte at a time with a pause after each.
    case dribble([UInt8], milliseconds: Int)
    case wait(milliseconds: Int)
    /// Reads some bytes, then waits, so many times.
    case sip(bytes: Int, milliseconds: Int, times: Int)
    /// Reads whole answers.
    case answers(Int)
    case finishSending
    case close
    case reset
}

extension ChaosBehaviour {
    /// The steps of one client; sizes and pauses are chosen at random.
    func steps(_ random: inout SeededRandom) -> [ChaosStep] {
        let size = Int.random(in: 0...20_000, using: &random)
        let large = Int.random(in: 100_000...2_000_000, using: &random)
        let pause = Int.random(in: 1...300, using: &random)
        func get(_ path: String, _ fields: String = "") -> [UInt8] {
            Array("GET \(path) HTTP/1.1\r\nHost: chaos\r\n\(fields)\r\n".utf8)
        }
        switch self {
        case .good: return [.send(get("/bytes/\(size)")), .answers(1), .close]
        case .pipelining:
            let count = Int.random(in: 2...12, using: &random)
            let requests = (0..<count).flatMap { _ in get("/bytes/\(size % 500)") }
            return [.send(requests), .answers(count), .close]
        case .halfClosing:
            return [
                .send(get("/bytes/\(size)", "Connection: close\r\n")), .finishSending, .answers(1),
                .close,
            ]
        case .connectAndReset: return [.reset]
        case .connectAndClose: return [.close]
        case .idle: return [.wait(milliseconds: pause * 5), .close]
        case .halfHead:
            let head = get("/bytes/\(size)", "Accept: */*\r\nUser-Agent: chaos\r\n")
            let part = head.prefix(Int.random(in: 1..<head.count, using: &random))
            return [.send(Array(part)), .wait(milliseconds: pause), .reset]
        case .garbage:
            let bytes = (0..<(1 + size % 3000)).map { _ in UInt8.random(in: 0...255, using: &random)
            }
            return [.send(bytes), .wait(milliseconds: pause), .close]
        case .resetAfterRequest: return [.send(get("/delay/\(pause)")), .reset]
        case .resetInAnswer:
            return [
                .send(get("/bytes/\(large)")),
                .sip(bytes: 4096, milliseconds: 0, times: 1 + size % 16), .reset,
            ]
        case .slowReader:
            return [
                .send(get("/bytes/\(large)")),
                .sip(bytes: 2048, milliseconds: 20, times: 20 + pause / 10),
                Bool.random(using: &random) ? .close : .reset,
            ]
        case .slowHead:
            return [
                .dribble(get("/bytes/\(size)"), milliseconds: 5),
                .sip(bytes: 1000, milliseconds: 1, times: 1), .close,
            ]
        case .slowBody:
            let head = Array(
                "POST /echo HTTP/1.1\r\nHost: chaos\r\nContent-Length: \(size + 100)\r\n\r\n".utf8)
            return [
                .send(head), .dribble(printableBytes(60), milliseconds: 10),
                Bool.random(using: &random) ? .close : .reset,
            ]
        case .originTruncates:
            return [
                .send(get("/truncate/\(size)")), .sip(bytes: 65_536, milliseconds: 5, times: 5),
                .close,
            ]
        case .originResets:
            return [.send(get("/reset")), .sip(bytes: 4096, milliseconds: 5, times: 2), .close]
        case .originCloses:
            return [.send(get("/close")), .sip(bytes: 4096, milliseconds: 5, times: 2), .close]
        }
    }
}
