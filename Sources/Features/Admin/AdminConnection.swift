// One connection of the Runtime API on the loop: moves bytes between the socket and its session.

import Bytes
import Daemon
import Kernel
import Proxy

/// A connection and the session on it.
final class AdminConnection {
    let number: Int32
    private let descriptor: Descriptor
    private var session: AdminSession
    private unowned let server: AdminServer
    private var output: [UInt8] = []
    private var outputStart = 0
    private var buffer = Buffer(capacity: 4096)
    private var timer: ControlTimer?
    /// The answer that is being made piece by piece.
    private var pieces: (any PiecedAnswer)?
    /// How many more pieces this turn may bring.
    private var piecesLeft = 0
    private var goesOnLater = false
    private static let mostPieces = 256
    /// A command's answer or a wait is outstanding.
    private var isBusy = false
    /// The session could go on at once if its output were taken.
    private var hasMoreSteps = false
    private var mayRead = true
    private var mustClose = false
    private var isClosed = false

    init(_ descriptor: consuming Descriptor, session: AdminSession, server: AdminServer) {
        number = descriptor.number
        self.descriptor = descriptor
        self.session = session
        self.server = server
    }

    /// Begins to watch the socket; false when that fails.
    func start() -> Bool {
        do throws(Errno) {
            try server.loop.watch(number, for: .readable) { [weak self] events in
                self?.handle(events)
            }
        } catch {
            return false
        }
        rearm()
        return true
    }

    /// Ends the connection; what is outstanding finds nobody.
    func close() {
        if isClosed { return }
        isClosed = true
        server.loop.unwatch(number)
        if let timer { server.loop.cancel(timer) }
        server.closed(number)
    }

    // MARK: Events

    private func handle(_ events: PollEvents) {
        rearm()
        if mayRead { readAll() }
        run()
        if !isClosed && !events.isDisjoint(with: [.hangUp, .error]) { close() }
    }

    private func readAll() {
        while mayRead {
            switch descriptor.receive(into: &buffer) {
            case .bytes:
                let isAccepted = takeBuffer()
                if !isAccepted {
                    mayRead = false
                    mustClose = true
                }
            case .wouldBlock: return
            case .ended:
                mayRead = false
                session.receiveEnd()
            case .failed:
                mayRead = false
                mustClose = true
            }
        }
    }

    private func takeBuffer() -> Bool {
        let bytes = Self.bytes(of: buffer)
        buffer.removeAll()
        return session.receive(bytes)
    }

    private static func bytes(of buffer: borrowing Buffer) -> [UInt8] {
        let span = buffer.span
        var bytes: [UInt8] = []
        bytes.reserveCapacity(span.count)
        for index in 0..<span.count { bytes.append(span[index]) }
        return bytes
    }

    private func rearm() {
        if let timer { server.loop.cancel(timer) }
        timer = server.loop.after(milliseconds: session.timeoutMilliseconds) { [weak self] in
            guard let self else { return }
            // A command at work is not an idle connection.
            if isBusy { rearm() } else { close() }
        }
    }

    // MARK: Steps

    /// Runs commands and sends their answers until input, an answer or the client is waited for.
    private func run() {
        piecesLeft = Self.mostPieces
        repeat {
            runSteps()
            if isClosed || !flush() { return }
        } while hasMoreSteps && outputStart == output.count && !isTired
        if isTired && outputStart == output.count { goOnLater() }
        if mustClose && outputStart == output.count {
            close()
            return
        }
        adjustWatch()
    }

    private func runSteps() {
        hasMoreSteps = !isClosed && !isBusy && !mustClose
        while hasMoreSteps && !isTired && output.count - outputStart < AdminServer.outputLimit {
            if addPiece() { continue }
            switch session.step() {
            case .send(let text): output += text.anyBytes
            case .run(let command, let arguments, let payload):
                start(command, arguments, payload)
            case .wait(let wait): begin(wait)
            case .handOver:
                SocketHandOver.give(server.handedOver, over: descriptor)
                mustClose = true
            case .read: hasMoreSteps = false
            case .close: mustClose = true
            }
            if isClosed || isBusy || mustClose { hasMoreSteps = false }
        }
    }

    /// Whether a long answer has had its turn, and it is that of others.
    private var isTired: Bool { pieces != nil && piecesLeft == 0 }

    /// Goes on with a long answer when others have had their turn.
    private func goOnLater() {
        if goesOnLater || isClosed || mustClose { return }
        goesOnLater = true
        server.loop.after(milliseconds: 0) { [weak self] in
            guard let self else { return }
            goesOnLater = false
            if isClosed { return }
            rearm()
            run()
        }
    }

    /// Adds the next piece of a long answer; false where none is being made.
    private func addPiece() -> Bool {
        guard var answer = pieces else { return false }
        pieces = nil
        piecesLeft -= 1
        if answer.addPiece(to: &output) {
            pieces = answer
        } else {
            output += session.complete("").utf8
        }
        return true
    }

    private func start(_ command: Command, _ arguments: [String], _ payload: String?) {
        guard let run = command.run else { return }
        let request = CommandRequest(
            arguments: arguments, payload: payload, level: session.level, engine: server.engine)
        switch run(request) {
        case .text(let text): output += session.complete(text).anyBytes
        case .pieces(let answer): pieces = answer
        case .later(let begin):
            isBusy = true
            let postbox = server.loop.postbox
            let me = LoopBound(self, on: server.loop)
            begin { text in
                postbox.post { loop in me.value(on: loop).resume(text) }
            }
        }
    }

    /// The answer to the outstanding command.
    private func resume(_ text: String) {
        if isClosed { return }
        isBusy = false
        output += session.complete(text).anyBytes
        rearm()
        run()
    }

    // MARK: wait

    private func begin(_ wait: AdminWait) {
        isBusy = true
        let deadline = Clock.monotonic().milliseconds + UInt64(wait.milliseconds)
        check(wait, until: deadline)
    }

    private func check(_ wait: AdminWait, until deadline: UInt64) {
        if isClosed { return }
        let now = Clock.monotonic().milliseconds
        let state = wait.server.map { removability(of: $0, in: server.engine) }
        switch state {
        case .removable: resume("Done.\n")
        case .impossible(let text): resume("Failed.\n\(text)\n")
        case .busy(let text) where now >= deadline: resume("Wait delay expired.\n\(text)\n")
        case nil where now >= deadline: resume("Done.\n")
        default:
            let rest = Int(deadline - now)
            server.loop.after(milliseconds: wait.server == nil ? rest : min(rest, 20)) {
                [weak self] in self?.check(wait, until: deadline)
            }
        }
    }

    // MARK: Output

    /// Writes what can be written; false when the connection is gone.
    private func flush() -> Bool {
        while outputStart < output.count {
            switch descriptor.write(output.span.extracting(outputStart..<output.count)) {
            case .bytes(let count): outputStart += count
            case .wouldBlock: return true
            case .failed:
                close()
                return false
            }
        }
        output.removeAll(keepingCapacity: output.capacity <= AdminServer.outputLimit)
        outputStart = 0
        return true
    }

    private func adjustWatch() {
        var wanted: PollEvents = []
        if mayRead { wanted.insert(.readable) }
        if outputStart < output.count { wanted.insert(.writable) }
        // Fails only for a descriptor that is no longer watched.
        try? server.loop.rewatch(number, for: wanted)
    }
}
