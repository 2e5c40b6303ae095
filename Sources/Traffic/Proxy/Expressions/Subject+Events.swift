// What the converters `when` and `debug` ask and tell: how the stream stands now, and lines for the
// event sinks of the process.

import Samples

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Whether something is true of the stream now; of a connection without one nothing has
    /// happened yet.
    func holds(_ fact: StreamFact) -> Bool {
        switch fact {
        case .error: hasError
        case .normal: !hasError
        case .forwarded, .processed: wasForwarded
        // Nothing inside the program answers as a service does. Replies that rules make count for
        // neither, as in HAProxy.
        case .toapplet: false
        case .stopping: unsafe worker.pointee.engine.isStoppingNow
        }
    }

    /// Sends a line to an event sink of the configuration the stream runs in, by its number there.
    func report(_ line: Span<UInt8>, to sink: Int) {
        let own = program
        unsafe worker.pointee.programs[own].logger.report(line, to: sink)
    }

    private var hasError: Bool {
        unsafe !stream.isNone && worker.pointee.isError(stream)
    }

    /// Whether a connection to a server was begun or taken up for the stream, however it went.
    private var wasForwarded: Bool {
        unsafe !stream.isNone && worker.pointee.streams[stream].attemptAt != 0
    }
}
