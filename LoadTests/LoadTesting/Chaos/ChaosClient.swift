// One misbehaving client: plays its steps, one after the other, without ever blocking.

import Bytes
import CLinux
import Kernel

/// What a client needs next.
enum ChaosProgress: Equatable {
    /// An event of its socket.
    case event
    /// This many milliseconds.
    case pause(Int)
    /// It is over; `false` when an answer was owed and did not come.
    case over(Bool)
}

/// A client and its place in its steps.
struct ChaosClient: ~Copyable {
    let socket: Descriptor
    let behaviour: ChaosBehaviour
    private let steps: [ChaosStep]
    private var step = 0
    /// Bytes sent, or times read, of the present step.
    private var done = 0
    private var reader = ResponseReader()
    private var input = Buffer(capacity: 4096)
    private var isConnecting: Bool
    /// When to go on, in milliseconds; zero when an event decides.
    var resumesAt: UInt64 = 0
    let beganAt: UInt64

    init(
        socket: consuming Descriptor, behaviour: ChaosBehaviour, steps: [ChaosStep],
        isConnecting: Bool, beganAt: UInt64
    ) {
        self.socket = socket
        self.behaviour = behaviour
        self.steps = steps
        self.isConnecting = isConnecting
        self.beganAt = beganAt
    }

    /// Plays on until something has to be waited for.
    mutating func play() -> ChaosProgress {
        if isConnecting {
            if socket.takeSocketError() != nil { return .over(false) }
            isConnecting = false
        }
        while step < steps.count {
            let current = steps[step]
            switch current {
            case .send(let bytes):
                if done == bytes.count {
                    advance()
                    continue
                }
                switch socket.write(bytes.span.extracting(droppingFirst: done)) {
                case .bytes(let count): done += count
                case .wouldBlock: return .event
                case .failed: return .over(!behaviour.mustSucceed)
                }
            case .dribble(let bytes, let milliseconds):
                if done == bytes.count {
                    advance()
                    continue
                }
                switch socket.write(bytes.span.extracting(done..<(done + 1))) {
                case .bytes(let count):
                    done += count
                    return .pause(milliseconds)
                case .wouldBlock: return .event
                case .failed: return .over(true)
                }
            case .wait(let milliseconds):
                if done == 0 {
                    done = 1
                    return .pause(milliseconds)
                }
                advance()
            case .sip(let bytes, let milliseconds, let times):
                if done == times {
                    advance()
                    continue
                }
                input.removeAll()
                switch socket.receive(into: &input, atMost: min(bytes, 4096)) {
                case .bytes:
                    done += 1
                    if milliseconds > 0 { return .pause(milliseconds) }
                case .wouldBlock: return .event
                case .ended, .failed: return .over(true)
                }
            case .answers(let count):
                if done == count {
                    advance()
                    continue
                }
                if let progress = readAnswers() { return progress }
            case .finishSending:
                socket.shutdownSending()
                advance()
            case .close: return .over(true)
            case .reset:
                socket.resetOnClose()
                return .over(true)
            }
        }
        return .over(true)
    }

    private mutating func advance() {
        step += 1
        done = 0
    }

    /// Reads answers that are owed; `nil` when the step is to be looked at again.
    private mutating func readAnswers() -> ChaosProgress? {
        switch readHeld() {
        case .complete:
            guard reader.status == 200 else { return .over(false) }
            reader = ResponseReader()
            done += 1
            return nil
        case .malformed: return .over(false)
        case .needsMore: break
        }
        input.compact()
        guard input.room > 0 else { return .over(false) }
        switch socket.receive(into: &input) {
        case .bytes: return nil
        case .wouldBlock: return .event
        case .ended, .failed: return .over(false)
        }
    }

    private mutating func readHeld() -> ResponseReader.Outcome {
        var at = 0
        var reader = self.reader
        let outcome = reader.read(input.span, at: &at)
        self.reader = reader
        input.consume(at)
        return outcome
    }
}
