// Streams on their way through the rules: stage by stage, with a pause where bytes are awaited.
//
//     content ─ captures ─ http-request ─ redirect ─ use_backend ─┐
//     ┌────────────────── frontend ──────────────────────────────┘
//     └─ content ─ http-request ─ redirect ─ use-server ─ stick ─ server
//        └───────────────────── backend ──────────────┘

import Bytes
import HTTP
import Kernel
import Samples
import Structures

/// Where a request is among the rules.
enum RequestStage: UInt8 {
    case frontContent, frontBody, frontCaptures, frontRules, frontNames, frontRedirects
    case switching, backContent, backBody, backRules, backNames, backRedirects, persistence
    case servers, sticking, done

    /// The rules of the stage and whether they are the backend's; nil for stages of another kind.
    var list: (step: RuleStep, ofBackend: Bool)? {
        switch self {
        case .frontContent: (.contentRequest, false)
        case .frontCaptures: (.captureRequest, false)
        case .frontRules: (.httpRequest, false)
        case .frontRedirects: (.redirect, false)
        case .switching: (.switching, false)
        case .backContent: (.contentRequest, true)
        case .backRules: (.httpRequest, true)
        case .backRedirects: (.redirect, true)
        case .persistence: (.persistence, true)
        case .servers: (.useServer, true)
        case .sticking: (.stickRequest, true)
        case .frontBody, .backBody, .frontNames, .backNames, .done: nil
        }
    }
}

/// Where a response is among the rules.
enum ResponseStage: UInt8 {
    case backContent, frontContent, storing, captures, backRules, frontRules, backAfter
    case frontAfter, done

    /// The rules of the stage and whether they are the backend's.
    var list: (step: RuleStep, ofBackend: Bool)? {
        switch self {
        case .backContent: (.contentResponse, true)
        case .frontContent: (.contentResponse, false)
        case .storing: (.storeResponse, true)
        case .captures: (.captureResponse, false)
        case .backRules: (.httpResponse, true)
        case .frontRules: (.httpResponse, false)
        case .backAfter: (.httpAfterResponse, true)
        case .frontAfter: (.httpAfterResponse, false)
        case .done: nil
        }
    }
}

/// The stages at which a proxy does something, as sets of bits: streams pass the others at once.
struct StageSet: BitwiseCopyable {
    /// Of requests, as their frontend.
    let front: UInt32
    /// Of requests, as their backend.
    let back: UInt32
    /// Of requests of a `listen`, beside ``front``: its rules do not run twice.
    let listen: UInt32
    /// As the three above, of responses; a `listen` has one list, which runs as the backend's.
    let answerFront: UInt32
    let answerBack: UInt32
    let answerListen: UInt32

    /// The stages of a proxy.
    init(_ proxy: ProxyConfiguration) {
        let steps = (0..<32).compactMap { RequestStage(rawValue: $0) }.filter { stage in
            stage.list.map { !proxy.rules[Int($0.step.rawValue)].isEmpty } ?? false
        }
        // Whoever passes the first is counted, and at the others a way is chosen or ends.
        var front = Self.bits([.frontContent, .switching, .done])
        front |= Self.bits(steps.filter { $0.list?.ofBackend == false })
        var back = Self.bits([RequestStage.done])
        back |= Self.bits(steps.filter { $0.list?.ofBackend == true })
        if proxy.options.contains(.httpBufferRequest) {
            front |= Self.bits([.frontBody])
            back |= Self.bits([.backBody])
        }
        if proxy.unusualNames != .passed {
            front |= Self.bits([.frontNames])
            back |= Self.bits([.backNames])
        }
        self.front = front
        self.back = back
        listen = back & Self.bits([.persistence, .servers, .sticking, .done])
        let answers = (0..<32).compactMap { ResponseStage(rawValue: $0) }.filter { stage in
            stage.list.map { !proxy.rules[Int($0.step.rawValue)].isEmpty } ?? true
        }
        answerFront = Self.bits(answers.filter { $0.list?.ofBackend != true })
        answerBack = Self.bits(answers.filter { $0.list?.ofBackend != false })
        answerListen = answerBack | answerFront & Self.bits([.captures, .done])
    }

    private static func bits(_ stages: [RequestStage]) -> UInt32 {
        stages.reduce(0) { $0 | 1 << UInt32($1.rawValue) }
    }

    private static func bits(_ stages: [ResponseStage]) -> UInt32 {
        stages.reduce(0) { $0 | 1 << UInt32($1.rawValue) }
    }

    /// The first stage from one on at which something is done.
    @inline(__always)
    static func next(_ stages: UInt32, from stage: UInt8) -> UInt8 {
        stage &+ UInt8(truncatingIfNeeded: (stages >> UInt32(stage)).trailingZeroBitCount)
    }
}

/// A stream's place among the rules.
struct RulePlace {
    /// ``RequestStage`` or ``ResponseStage``.
    var stage: UInt8 = 0
    /// The rule of the stage's list at which the stream waits.
    var index: Int32 = 0
    /// The rule itself asked to run again.
    var isAgain = false
    /// The stream is to become one of HTTP when the list is over.
    var upgrades = false
    /// Tick (milliseconds) at which the present wait began; 0 while there is none.
    var since: UInt64 = 0
    /// Tick at which the wait ends at the latest; 0 for the stream's own limits.
    var until: UInt64 = 0
}

/// What a list of rules came to.
enum RuleEnd {
    /// The stream goes on.
    case passed
    /// The stream waits.
    case waiting
    /// The stream has ended, or gets a reply.
    case ended
}

/// A head kept while its stream waits.
struct HeldMessage: ~Copyable {
    var message: MessageState
    var fields: FieldTable
}

extension Worker {
    /// Calls `body` with a subject for a stream.
    mutating func withSubject<R>(
        _ stream: Handle, isFinal: Bool, _ body: (Subject) -> R
    ) -> R {
        let session = streams[stream].session
        findSource(stream)
        // Safety: `body` runs before this returns, and nothing else uses the worker meanwhile.
        return unsafe withUnsafeMutablePointer(to: &self) { worker in
            unsafe body(Subject(worker, session: session, stream: stream, isFinal: isFinal))
        }
    }

    /// Notes where the bytes of the present head are, which may have moved since.
    @inline(__always)
    mutating func findSource(_ stream: Handle) {
        // Safety: as `MessageState.source` says.
        switch message.side {
        case .request:
            let client = streams[stream].client
            unsafe message.source = UnsafePointer(connections[client].inbound.unsafeStart)
            message.sourceBytes = connections[client].inbound.count
        case .response:
            let server = streams[stream].server
            unsafe message.source = UnsafePointer(connections[server].inbound.unsafeStart)
            message.sourceBytes = connections[server].inbound.count
        case .reply:
            unsafe message.source = UnsafePointer(replySource.unsafeStart)
            message.sourceBytes = replySource.count
        case .none:
            unsafe message.source = nil
            message.sourceBytes = 0
        }
    }

    /// Takes a head just parsed as the one that rules see.
    mutating func take(_ head: MessageHead, _ side: MessageSide) {
        dropMessage()
        message.side = side
        message.head = head
    }

    /// The head has been written: rules see none.
    mutating func dropMessage() {
        message.side = .none
        message.line = StartLineEdits()
        giveEdits()
    }

    // MARK: Lists

    /// Runs a list of rules for a stream from its place on.
    mutating func run(
        _ step: RuleStep, of proxy: Int, _ stream: Handle, isFinal: Bool
    ) -> RuleEnd {
        let own = streams[stream].program
        let range = programs[own].rules.range(proxy, step)
        if range.isEmpty { return .passed }
        let first = range.lowerBound &+ Int(streams[stream].rules.index)
        let isAgain = streams[stream].rules.isAgain
        streams[stream].waitingRule = -1
        let (result, index) = withSubject(stream, isFinal: isFinal) {
            $0.run(range, from: first, isAgain: isAgain, program: own)
        }
        note(result, of: Int32(truncatingIfNeeded: index), step, stream)
        if streams[stream].flags.contains(.hasInterim) && !sendInterim(stream) { return .ended }
        switch result {
        case .close:
            let server = streams[stream].server
            connections[server].flags.remove(.readable)
            connections[server].flags.insert(.readClosed)
            return .passed
        case .goOn, .stop:
            // `strict-mode off` holds for the rest of its list.
            streams[stream].flags.remove(.isLenient)
            return .passed
        case .wait(let until):
            streams[stream].rules.index = Int32(truncatingIfNeeded: index &- range.lowerBound)
            // A condition that cannot be judged yet waits without a tick of its own.
            streams[stream].rules.isAgain = until != 0
            streams[stream].rules.until = until
            return .waiting
        default:
            finish(stream, result, step)
            return .ended
        }
    }

    /// Keeps which rule has ended a list, or waits, for those who ask later.
    private mutating func note(
        _ result: ActionResult, of index: Int32, _ step: RuleStep, _ stream: Handle
    ) {
        switch result {
        case .goOn: return
        case .wait: streams[stream].waitingRule = index
        default: if step.isRemembered { streams[stream].lastRule = index }
        }
    }

    /// Ends a stream as a rule wants it.
    private mutating func finish(_ stream: Handle, _ result: ActionResult, _ step: RuleStep) {
        let isResponse = step.isResponse
        let state = UInt8(ascii: isResponse ? "H" : "R")
        streams[stream].flags.remove(.isLenient)
        switch result {
        case .reply:
            note(stream, cause: "L", state: state)
            countIntercepted(stream)
            replyPrepared(stream)
        case .deny(let status):
            note(stream, cause: "P", state: state)
            countDenied(stream, isResponse)
            if !isResponse { countTrackedError(stream) }
            if status == 0 { replyPrepared(stream) } else { reply(stream, status: status) }
        case .tarpit(let status):
            note(stream, cause: "P", state: UInt8(ascii: "T"))
            countDenied(stream, isResponse)
            countTrackedError(stream)
            beginTarpit(stream, status: status)
        case .reject:
            if let trace { trace.explanation.author = .nobody }
            // What came of a response had begun to be passed on.
            let ofContent = step == .contentResponse
            note(stream, cause: "P", state: ofContent ? UInt8(ascii: "D") : state)
            countDenied(stream, isResponse)
            end(stream, client: .abort)
        case .drop:
            if let trace {
                trace.explanation.author = .nobody
                trace.finish(.dropped)
            }
            note(stream, cause: "P", state: state)
            countDenied(stream, isResponse)
            end(stream, client: .drop)
        case .failed:
            note(stream, cause: "P", state: state)
            countEverywhere(stream, .internalErrors)
            reply(stream, status: 500)
        case .malformed:
            note(stream, cause: "P", state: state)
            countRequestError(stream)
            reply(stream, status: 400)
        case .clientLeft:
            finishCutShort(stream)
        case .timedOut:
            finishLate(stream, isResponse)
        case .goOn, .stop, .wait, .close:
            preconditionFailure("nothing to end")
        }
    }

    /// Ends a stream whose client has left before its request was complete.
    mutating func finishCutShort(_ stream: Handle) {
        note(stream, cause: "C", state: UInt8(ascii: "R"))
        countRequestError(stream)
        countAbort(stream, ofClient: true)
        end(stream, client: .abort)
    }

    /// Ends a stream whose body has not come in time.
    ///
    /// Differs: HAProxy's lines of late responses say `sR`, as if the request was awaited.
    mutating func finishLate(_ stream: Handle, _ isResponse: Bool) {
        note(stream, cause: isResponse ? "s" : "c", state: UInt8(ascii: isResponse ? "H" : "R"))
        if isResponse {
            countResponseError(stream)
        } else {
            countRequestError(stream)
            leaveRequest(stream)
        }
        reply(stream, status: isResponse ? 504 : 408)
    }

    private mutating func note(_ stream: Handle, cause: Unicode.Scalar, state: UInt8) {
        streams[stream].termination = TerminationState(
            cause: UInt8(truncatingIfNeeded: cause.value), state: state)
    }

    private mutating func countDenied(_ stream: Handle, _ isResponse: Bool) {
        countEverywhere(stream, isResponse ? .deniedResponses : .deniedRequests)
    }

    /// Counts a request that the proxy has answered by itself, where it has not left its frontend.
    mutating func countIntercepted(_ stream: Handle) {
        let front = streams[stream].frontend
        let back = streams[stream].backend
        guard back < 0 || back == front else { return }
        programs[streams[stream].program].proxies[Int(front)].frontendCounters.add(.intercepted)
    }

    /// Counts something in the stream's frontend, and in its backend and server if it has them.
    mutating func countEverywhere(_ stream: Handle, _ kind: CounterKind) {
        let own = streams[stream].program
        programs[own].proxies[Int(streams[stream].frontend)].frontendCounters.add(kind)
        let back = streams[stream].backend
        if back >= 0 { programs[own].proxies[Int(back)].backendCounters.add(kind) }
        let server = streams[stream].serverIndex
        if server >= 0 { programs[own].servers[Int(server)].counters.add(kind) }
    }

    // MARK: Requests

    /// Whether a request meets any rule on its way to its default backend.
    @inline(__always)
    mutating func hasRequestRules(_ entry: ProxyEntry, _ own: Handle) -> Bool {
        if entry.actsOnRequests { return true }
        guard entry.defaultBackend >= 0 else { return false }
        let back = programs[own].proxies[Int(entry.defaultBackend)]
        return back.actsOnRequests
    }

    /// Leads a request, or the begin of a relay, through its rules from where it stands to a
    /// server.
    mutating func walkRequest(_ stream: Handle) {
        while true {
            let next = StageSet.next(requestStages(stream), from: streams[stream].rules.stage)
            streams[stream].rules.stage = next
            guard let stage = RequestStage(rawValue: next) else {
                preconditionFailure("a request's stage is none of a request")
            }
            if stage == .done { return passRequest(stream) }
            // A relay had its backend before it became HTTP.
            let hasBackend =
                stage == .switching && streams[stream].flags.contains(.isInBackend)
            switch hasBackend ? .passed : pass(stage, stream) {
            case .passed:
                // Of a request that is turned away by its content, tables hear nothing.
                if streams[stream].flags.contains(.isHTTP) {
                    if stage == .frontContent {
                        countTrackedRequest(stream)
                        if answerMonitor(stream) { return }
                    }
                    if stage == .backContent { countTrackedRequest(inBackend: stream) }
                }
                if stage == .switching, !hasBackend, !chooseBackend(stream) { return }
                let upgrades = upgradesNow(stream, behind: stage)
                streams[stream].rules = RulePlace()
                streams[stream].rules.stage = stage.rawValue &+ 1
                if upgrades { return upgrade(stream) }
            case .waiting: return hold(stream, .analysing)
            case .ended: return
            }
        }
    }

    /// The stages at which something is done with a request, as far as its way is known.
    @inline(__always)
    private func requestStages(_ stream: Handle) -> UInt32 {
        let own = streams[stream].program
        let front = Int(streams[stream].frontend)
        let back = Int(streams[stream].backend)
        let stages = programs[own].proxies[front].stages.front
        if back < 0 { return stages }
        if back == front { return stages | programs[own].proxies[back].stages.listen }
        return stages | programs[own].proxies[back].stages.back
    }

    /// As ``requestStages(_:)``, of its response.
    @inline(__always)
    private func responseStages(_ stream: Handle) -> UInt32 {
        let own = streams[stream].program
        let front = Int(streams[stream].frontend)
        let back = Int(streams[stream].backend)
        if back == front { return programs[own].proxies[back].stages.answerListen }
        return programs[own].proxies[front].stages.answerFront
            | programs[own].proxies[back].stages.answerBack
    }

    /// Whether a relay becomes an exchange of HTTP behind a stage: a rule of the frontend, or the
    /// backend that was chosen, wants that.
    private mutating func upgradesNow(_ stream: Handle, behind stage: RequestStage) -> Bool {
        if streams[stream].flags.contains(.isHTTP) { return false }
        if stage != .switching { return streams[stream].rules.upgrades }
        let back = Int(streams[stream].backend)
        return programs[streams[stream].program].proxies[back].isHTTP
    }

    private mutating func pass(_ stage: RequestStage, _ stream: Handle) -> RuleEnd {
        let isHTTP = streams[stream].flags.contains(.isHTTP)
        let own = streams[stream].program
        let back = streams[stream].backend
        guard let (step, ofBackend) = stage.list else {
            return isHTTP ? passPlain(stage, stream) : .passed
        }
        let proxy = Int(ofBackend ? back : streams[stream].frontend)
        let steps = programs[own].proxies[proxy].ruleSteps
        if steps & step.bit == 0 { return .passed }
        if step == .contentRequest { return runContent(step, of: proxy, stream) }
        if !isHTTP && !step.isForRelays { return .passed }
        return run(step, of: proxy, stream, isFinal: true)
    }

    /// A stage without a list of rules.
    private mutating func passPlain(_ stage: RequestStage, _ stream: Handle) -> RuleEnd {
        let own = streams[stream].program
        let ofBackend = stage == .backBody || stage == .backNames
        let proxy = Int(ofBackend ? streams[stream].backend : streams[stream].frontend)
        let entry = programs[own].proxies[proxy]
        switch stage {
        case .frontBody, .backBody:
            return entry.buffersRequests ? awaitBody(stream, proxy: proxy) : .passed
        case .frontNames, .backNames: return restrictNames(stream, entry.unusualNames)
        default: return .passed
        }
    }

    /// `option http-restrict-req-hdr-names`.
    private mutating func restrictNames(_ stream: Handle, _ policy: UnusualNames) -> RuleEnd {
        if policy == .passed { return .passed }
        let hasUnusual = withSubject(stream, isFinal: true) { subject in
            var hasUnusual = false
            for index in 0..<subject.fieldCount {
                let line = subject.field(index)
                if line.isRemoved || !subject.name(of: line).isUnusualName { continue }
                hasUnusual = true
                if policy == .refused { break }
                subject.removeField(index)
            }
            return hasUnusual
        }
        guard hasUnusual, policy == .refused else { return .passed }
        finish(stream, .deny(status: 403), .httpRequest)
        return .ended
    }

    /// Whether `monitor fail` says that requests for the monitor fail.
    mutating func monitorFails(_ stream: Handle) -> Bool {
        let own = streams[stream].program
        let front = Int(streams[stream].frontend)
        let range = programs[own].rules.range(front, .monitorFail)
        if range.isEmpty { return false }
        let (result, _) = withSubject(stream, isFinal: true) {
            $0.run(range, from: range.lowerBound, isAgain: false, program: own)
        }
        if case .stop = result { return true }
        return false
    }

    /// `tcp-request content` and `tcp-response content`: what cannot be said yet is waited for,
    /// up to the inspection's delay.
    private mutating func runContent(
        _ step: RuleStep, of proxy: Int, _ stream: Handle
    ) -> RuleEnd {
        let own = streams[stream].program
        let entry = programs[own].proxies[proxy]
        let delay = step.isResponse ? entry.inspectResponseDelay : entry.inspectDelay
        if streams[stream].rules.since == 0 { streams[stream].rules.since = now }
        let since = streams[stream].rules.since
        let source = step.isResponse ? streams[stream].server : streams[stream].client
        let isOver =
            delay == 0 || now >= since &+ UInt64(delay)
            || connections[source].flags.contains(.readClosed)
            || (connections[source].inbound.hasStorage
                && connections[source].inbound.freeCount
                    <= (streams[stream].flags.contains(.isHTTP) ? tuning.maxRewriteBytes : 0))
            || isWhole(stream, isResponse: step.isResponse)
        let result = run(step, of: proxy, stream, isFinal: isOver)
        if case .waiting = result {
            streams[stream].rules.since = since
            let limit = since &+ UInt64(delay)
            let until = streams[stream].rules.until
            if !streams[stream].rules.isAgain || until == 0 {
                streams[stream].rules.until = limit
            }
        }
        return result
    }

    /// Whether the message of an exchange is there to its end: nothing more of it can come.
    private mutating func isWhole(_ stream: Handle, isResponse: Bool) -> Bool {
        streams[stream].flags.contains(.isHTTP)
            && message.side == (isResponse ? .response : .request)
            && hasBody(stream, isRequest: !isResponse, atLeast: 0)
    }

    /// Follows the switching rules' choice or the default; false when there is no backend.
    private mutating func chooseBackend(_ stream: Handle) -> Bool {
        let own = streams[stream].program
        let entry = programs[own].proxies[Int(streams[stream].frontend)]
        let target =
            streams[stream].backend >= 0 ? streams[stream].backend : entry.defaultBackend
        guard target >= 0 else {
            streams[stream].termination = TerminationState(
                cause: UInt8(ascii: "S"), state: UInt8(ascii: "C"))
            if streams[stream].flags.contains(.isHTTP) {
                leaveRequest(stream)
                reply(stream, status: 503)
            } else {
                end(stream, client: .close)
            }
            return false
        }
        if streams[stream].flags.contains(.isHTTP), !programs[own].proxies[Int(target)].isHTTP {
            // A client that was switched to HTTP goes on with it; this backend cannot.
            note(stream, cause: "P", state: UInt8(ascii: "R"))
            countEverywhere(stream, .internalErrors)
            leaveRequest(stream)
            reply(stream, status: 500)
            return false
        }
        enter(stream, backend: target)
        if streams[stream].flags.contains(.isHTTP) {
            programs[own].proxies[Int(target)].backendCounters.add(.requests)
        }
        return true
    }

    /// The request has passed all rules: its head is written and a server is looked for.
    private mutating func passRequest(_ stream: Handle) {
        streams[stream].phase = .connecting
        guard streams[stream].flags.contains(.isHTTP) else {
            // A relay's bytes may have been read as a request by some rule.
            dropMessage()
            streams[stream].flows[Direction.request.rawValue].framing = .untilClose
            streams[stream].flows[Direction.response.rawValue].framing = .untilClose
            assignServer(stream)
            return
        }
        sendOn(stream)
    }

    /// A stream waits in the rules: what they see is put aside.
    mutating func hold(_ stream: Handle, _ phase: StreamPhase) {
        streams[stream].phase = phase
        if message.side != .none {
            var fields = FieldTable(capacity: self.fields.capacity)
            swap(&fields, &self.fields)
            var message = MessageState()
            swap(&message, &self.message)
            guard let held = heldMessages.insert(HeldMessage(message: message, fields: fields))
            else { preconditionFailure("there is room for the head of every stream") }
            streams[stream].held = held
        }
        if streams[stream].rules.since == 0 { streams[stream].rules.since = now }
        if watchBoth(stream) { armTimer(stream) }
    }

    /// Takes up again what was put aside.
    mutating func takeUp(_ stream: Handle) {
        let held = streams[stream].held
        guard !held.isNone else { return }
        dropMessage()
        swap(&heldMessages[held].message, &message)
        swap(&heldMessages[held].fields, &fields)
        heldMessages.remove(held)
        streams[stream].held = .none
    }

    /// Forgets what was put aside for a stream that ends.
    @inline(__always)
    mutating func dropHeld(_ stream: Handle) {
        let held = streams[stream].held
        if !held.isNone { drop(held, of: stream) }
    }

    @inline(never)
    private mutating func drop(_ held: Handle, of stream: Handle) {
        buffers.give(heldMessages[held].message.edits.take())
        buffers.give(heldMessages[held].message.spentEdits.take())
        heldMessages.remove(held)
        streams[stream].held = .none
    }

    /// A stream that waits in its request's rules had an event, or its time has come.
    mutating func driveAnalysis(_ stream: Handle) {
        let client = streams[stream].client
        guard fill(client, stream) else {
            streams[stream].termination = TerminationState(
                cause: UInt8(ascii: "C"), state: UInt8(ascii: "R"))
            countAbort(stream, ofClient: true)
            end(stream, client: .abort)
            return
        }
        takeUp(stream)
        walkRequest(stream)
    }

    /// A stream that waits in its response's rules had an event, or its time has come.
    mutating func driveResponseAnalysis(_ stream: Handle) {
        let client = streams[stream].client
        if connections[client].flags.contains(.failed) {
            abort(stream, causedByClient: true)
            return
        }
        _ = fill(streams[stream].server, stream)
        takeUp(stream)
        walkResponse(stream)
    }

    /// Reads what has come into a side's buffer, as far as there is room; false when the side
    /// failed, or a client has gone that nobody would answer.
    mutating func fill(_ side: Handle, _ stream: Handle) -> Bool {
        if connections[side].flags.contains(.failed) { return false }
        var budget = 16
        while connections[side].flags.contains(.readable) && budget > 0 {
            budget &-= 1
            if !connections[side].inbound.hasStorage {
                connections[side].inbound = buffers.take()
            } else if connections[side].inbound.room == 0 {
                connections[side].inbound.compact()
            }
            if connections[side].inbound.room == 0 { return true }
            switch receive(side) {
            case .bytes(let count):
                let index = connections[side].isServerSide ? 1 : 0
                streams[stream].flows[index].bytes &+= UInt64(count)
                noteRead(stream, ofClient: index == 0)
            case .wouldBlock, .ended: break
            case .failed: return false
            }
        }
        return true
    }

    // MARK: Tarpit

    /// Keeps a client waiting before its reply.
    private mutating func beginTarpit(_ stream: Handle, status: Int) {
        let own = streams[stream].program
        let front = programs[own].proxies[Int(streams[stream].frontend)]
        let back = streams[stream].backend
        let usual = back >= 0 ? programs[own].proxies[Int(back)].tarpit : front.tarpit
        let set = settings(of: stream).tarpit
        let delay = set > 0 ? set : usual
        leaveRequest(stream)
        if status == 0 {
            if !replyHasLength { _ = addReplyBody(Span()) }
            streams[stream].tarpitReply = replyHead.take()
            streams[stream].tarpitBody = replyBody.take()
        }
        streams[stream].tarpitStatus = Int16(
            truncatingIfNeeded: status == 0 ? replyStatus : status)
        streams[stream].rules = RulePlace()
        streams[stream].rules.since = now
        // The wait is told as one in a queue.
        streams[stream].queuedAt = now
        streams[stream].enqueuedAt = now
        // Who asks what would happen need not wait for it.
        streams[stream].rules.until = now &+ UInt64(isTraced ? 1 : max(delay, 1))
        if let trace {
            let status = Int(streams[stream].tarpitStatus)
            trace.finish(.tarpitted(status: status, milliseconds: Int(delay)))
        }
        hold(stream, .tarpitting)
    }

    /// A client in the tarpit had an event.
    mutating func driveTarpit(_ stream: Handle) {
        let flags = connections[streams[stream].client].flags
        let hasLeft = flags.contains(.failed) || flags.contains(.peerEnded)
        guard hasLeft || now >= streams[stream].rules.until else {
            if watchBoth(stream) { armTimer(stream) }
            return
        }
        if flags.contains(.failed) { return end(stream, client: .abort) }
        if streams[stream].tarpitReply.hasStorage {
            replyHead = streams[stream].tarpitReply.take()
            replyBody = streams[stream].tarpitBody.take()
            replyStatus = Int(streams[stream].tarpitStatus)
            replyHasLength = true
            replyPrepared(stream)
            return
        }
        reply(stream, status: Int(streams[stream].tarpitStatus))
    }

    // MARK: Responses

    /// Whether a response meets any rule.
    @inline(__always)
    mutating func hasResponseRules(_ stream: Handle) -> Bool {
        let own = streams[stream].program
        let front = programs[own].proxies[Int(streams[stream].frontend)].ruleSteps
        let back = programs[own].proxies[Int(streams[stream].backend)].ruleSteps
        return (front | back) & RuleSteps.ofResponses.rawValue != 0
    }

    /// Leads a response through its rules from where it stands to the client.
    mutating func walkResponse(_ stream: Handle) {
        let stages = responseStages(stream)
        while true {
            let next = StageSet.next(stages, from: streams[stream].rules.stage)
            streams[stream].rules.stage = next
            guard let stage = ResponseStage(rawValue: next) else {
                preconditionFailure("a response's stage is none of a response")
            }
            guard let (step, ofBackend) = stage.list else { return passResponse(stream) }
            switch passResponse(step, ofBackend, stream) {
            case .passed:
                streams[stream].rules = RulePlace()
                streams[stream].rules.stage = stage.rawValue &+ 1
            case .waiting: return hold(stream, .analysingResponse)
            case .ended: return
            }
        }
    }

    private mutating func passResponse(
        _ step: RuleStep, _ ofBackend: Bool, _ stream: Handle
    ) -> RuleEnd {
        let proxy = Int(ofBackend ? streams[stream].backend : streams[stream].frontend)
        if step == .contentResponse { return runContent(step, of: proxy, stream) }
        return run(step, of: proxy, stream, isFinal: true)
    }

    /// Leads the begin of a relay's response through `tcp-response content`.
    mutating func judgeRelay(_ stream: Handle) -> RuleEnd {
        let server = streams[stream].server
        guard fill(server, stream) else { return .passed }
        let back = Int(streams[stream].backend)
        let result = runContent(.contentResponse, of: back, stream)
        if case .passed = result {
            streams[stream].rules = RulePlace()
            streams[stream].flags.insert(.responseIsJudged)
        }
        return result
    }

    /// Whether a relay's response has still to pass `tcp-response content`.
    @inline(__always)
    mutating func awaitsJudgement(_ stream: Handle) -> Bool {
        let flags = streams[stream].flags
        if flags.contains(.isHTTP) || flags.contains(.responseIsJudged) { return false }
        let back = Int(streams[stream].backend)
        return programs[streams[stream].program].proxies[back].ruleSteps
            & RuleStep.contentResponse.bit != 0
    }
}

extension RuleStep {
    /// Whether rules of the step run for relays as well.
    var isForRelays: Bool {
        switch self {
        case .switching, .persistence, .useServer, .stickRequest: true
        default: false
        }
    }

    /// Whether the rule that ends the list is told later (`last_rule_line`).
    var isRemembered: Bool {
        switch self {
        case .contentRequest, .contentResponse, .httpRequest, .httpResponse, .httpAfterResponse:
            true
        default: false
        }
    }
}

extension RuleSteps {
    /// The steps that a request or the begin of a relay meets.
    static let ofRequests = RuleSteps(
        rawValue: [
            RuleStep.contentRequest, .captureRequest, .httpRequest, .redirect,
            .switching, .persistence, .useServer, .stickRequest,
        ].reduce(0) { $0 | $1.bit })
    /// The steps that a response meets.
    static let ofResponses = RuleSteps(
        rawValue: RuleStep.allCases.filter(\.isResponse).reduce(0) { $0 | $1.bit })
}

extension ProxyEntry {
    /// Whether a request meets anything in this proxy on its way.
    @inline(__always)
    var actsOnRequests: Bool {
        ruleSteps & RuleSteps.ofRequests.rawValue != 0 || buffersRequests
            || unusualNames != .passed || hasServerNameField
    }
}

extension Span where Element == UInt8 {
    /// Whether a field's name has other characters than letters, digits and hyphens.
    fileprivate var isUnusualName: Bool {
        for index in 0..<count {
            switch self[index] {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D: continue
            default: return true
            }
        }
        return false
    }
}
