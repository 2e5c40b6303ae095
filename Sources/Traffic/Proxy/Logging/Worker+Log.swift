// Making log lines: by the formats of the frontend, while the stream is still there.

import Kernel
import Samples
import Structures

/// A line that was made and waits to be sent, in the worker's room for texts.
struct MadeLine: BitwiseCopyable {
    /// The text.
    var text: Sample
    /// The structured data; nil where there is none.
    var structuredData: Sample?
    /// The syslog level.
    var level: Int
}

// Safety: the configuration, which the program holds, keeps the formats of log lines.
extension Worker {
    /// Makes the line of a stream that ends; nil where none is wanted.
    ///
    /// It stays in the room for texts until the next format is rendered.
    mutating func makeEndLine(_ stream: Handle) -> MadeLine? {
        let flags = streams[stream].flags
        guard flags.contains(.isLogged), !flags.contains(.wasLogged) else { return nil }
        // Requests that cannot be understood are no step of any stream.
        let own = streams[stream].program
        if let steps = programs[own].proxies[Int(streams[stream].frontend)].logSteps,
            !steps.contains(LogSteps(.close)), !flags.contains(.isBadRequest)
        {
            return nil
        }
        return makeLine(stream, at: .close)
    }

    /// Sends the line of a stream that has ended.
    mutating func send(_ line: MadeLine?, of stream: Handle) {
        guard let line else { return }
        send(line, frontend: streams[stream].frontend, program: streams[stream].program)
    }

    /// `log-steps`: writes the line at a step where one is wanted, beside that at the end.
    ///
    /// `option logasap` goes before; it has one line, at a time of its own.
    @inline(__always)
    mutating func logStep(_ stream: Handle, _ origin: LogOrigin) {
        guard streams[stream].flags.contains(.isLogged) else { return }
        let entry = programs[streams[stream].program].proxies[Int(streams[stream].frontend)]
        guard let steps = entry.logSteps, steps.contains(LogSteps(origin)),
            !entry.options.contains(.logASAP)
        else { return }
        send(makeLine(stream, at: origin), of: stream)
    }

    /// `option logasap`: the line is written when the response's head, or a TCP server's
    /// connection, is there; what the rest brings is not in it.
    mutating func logEarly(_ stream: Handle) {
        let program = streams[stream].program
        let entry = programs[program].proxies[Int(streams[stream].frontend)]
        let origin: LogOrigin = streams[stream].flags.contains(.isHTTP) ? .response : .connect
        guard entry.options.contains(.logASAP), streams[stream].flags.contains(.isLogged) else {
            return logStep(stream, origin)
        }
        send(makeLine(stream, at: origin), of: stream)
        streams[stream].flags.insert(.wasLogged)
    }

    /// Writes the line of a connection that was just accepted, where that is all that is logged.
    mutating func logAccept(_ client: Handle) {
        let session = connections[client].session
        let frontend = sessions[session].frontend
        let program = sessions[session].program
        guard let format = unsafe programs[program].proxies[Int(frontend)].line else { return }
        let line = unsafe render(
            format, nil, session: session, stream: .none, at: .accept, level: informationLevel)
        send(line, frontend: frontend, program: program)
    }

    private mutating func makeLine(_ stream: Handle, at origin: LogOrigin) -> MadeLine? {
        let entry = programs[streams[stream].program].proxies[Int(streams[stream].frontend)]
        let isBad = streams[stream].flags.contains(.isBadRequest)
        guard let format = unsafe isBad ? entry.errorLine : entry.line else { return nil }
        let origin = isBad ? LogOrigin.sessionError : origin
        let isError = isError(stream)
        if entry.options.contains(.dontLogNormal), !isError { return nil }
        if entry.options.contains(.dontLogNull), streams[stream].flows[0].bytes == 0 { return nil }
        let usual = isError && entry.options.contains(.logSeparateErrors) ? 3 : informationLevel
        let level = self.level(of: stream) ?? usual
        return unsafe render(
            format, entry.structuredData, session: streams[stream].session, stream: stream,
            at: origin, level: level)
    }

    /// Sends the line of a stream or, where there is none, of a session as it is so far.
    fileprivate mutating func writeLine(_ stream: Handle, _ session: Handle, at origin: LogOrigin) {
        let frontend = stream.isNone ? sessions[session].frontend : streams[stream].frontend
        let own = stream.isNone ? sessions[session].program : streams[stream].program
        let entry = programs[own].proxies[Int(frontend)]
        guard entry.isLogged, let format = unsafe entry.line else { return }
        var level = informationLevel
        if !stream.isNone {
            guard streams[stream].flags.contains(.isLogged) else { return }
            level = self.level(of: stream) ?? level
        }
        let line = unsafe render(
            format, entry.structuredData, session: session, stream: stream, at: origin,
            level: level)
        send(line, frontend: frontend, program: own)
    }

    private var informationLevel: Int { 6 }

    /// The level that a rule has set.
    private mutating func level(of stream: Handle) -> Int? {
        let level = Int(settings(of: stream).logLevel)
        return level >= 0 ? level : nil
    }

    /// An error, a timeout, a retry, a redispatch, or a status of 500 or more.
    mutating func isError(_ stream: Handle) -> Bool {
        if streams[stream].flags.contains(.wasRedispatched) { return true }
        if streams[stream].retries > 0 || streams[stream].status >= 500 { return true }
        let cause = streams[stream].termination.cause
        return cause != 0x2D && cause != 0x4C
    }

    /// Renders the formats of a line. Heads are nothing that a line could see.
    private mutating func render(
        _ format: Unmanaged<LogFormat>, _ structuredData: Unmanaged<LogFormat>?, session: Handle,
        stream: Handle, at origin: LogOrigin, level: Int
    ) -> MadeLine {
        let side = message.side
        message.side = .none
        logOrigin = origin
        // The line feed belongs to the length.
        let limit = longestLine(stream, session) &- 1
        // Safety: the room for texts is a block of its own that the worker keeps for life; the
        // configuration keeps the formats; the subject is not kept.
        let line = unsafe withUnsafeMutablePointer(to: &self) { worker in
            let subject = unsafe Subject(worker, session: session, stream: stream, isFinal: true)
            let texts = unsafe worker.pointee.texts
            unsafe texts.pointee.reset()
            let data = unsafe structuredData?._withUnsafeGuaranteedRef { format in
                unsafe texts.pointee.makeCut(as: .string, atMost: limit) {
                    format.write(for: subject, to: &$0)
                }
            }
            let text = unsafe format._withUnsafeGuaranteedRef { format in
                unsafe texts.pointee.makeCut(as: .string, atMost: limit) {
                    format.write(for: subject, to: &$0)
                }
            }
            return MadeLine(text: text, structuredData: data, level: level)
        }
        logOrigin = .unspecified
        message.side = side
        return line
    }

    private mutating func longestLine(_ stream: Handle, _ session: Handle) -> Int {
        let program = stream.isNone ? sessions[session].program : streams[stream].program
        return programs[program].longestLine
    }

    private mutating func send(_ line: MadeLine, frontend: Int32, program: Handle) {
        // A format may make nothing of a stream; then there is no line.
        if line.text.byteCount == 0 { return }
        let entry = programs[program].proxies[Int(frontend)]
        if entry.countsLines {
            unsafe entry.frontend._withUnsafeGuaranteedRef {
                _ = $0.loggedLines.add(1, ordering: .relaxed)
            }
        }
        // Safety: the text lies in the room for texts, which nothing changes meanwhile.
        let texts = unsafe texts
        let text = unsafe texts.pointee.bytes(of: line.text)
        if let data = line.structuredData {
            let data = unsafe texts.pointee.bytes(of: data)
            programs[program].logger.log(
                LoggedLine(
                    frontend: Int(frontend), level: line.level, text: text, structuredData: data))
        } else {
            programs[program].logger.log(
                LoggedLine(frontend: Int(frontend), level: line.level, text: text))
        }
    }
}

// Safety: as above.
extension Subject {
    /// Sends the frontend's log line as it is so far, where it is logged at all.
    public func writeLine(as origin: LogOrigin) {
        unsafe worker.pointee.writeLine(stream, session, at: origin)
    }
}
