// What fetches and actions see of the stream they run for. A subject is made for one evaluation and
// is a few words: the worker and handles into its tables.

import Addresses
import Bytes
import HTTP
import Kernel
import Samples
import Structures

/// Which head the worker holds in its field table.
enum MessageSide: UInt8 {
    /// None.
    case none
    /// A request, in the client's buffer.
    case request
    /// A response, in the server's buffer.
    case response
    /// A reply of our own, in the worker's reply buffer.
    case reply
}

/// The head that rules look at and change, beside the worker's field table.
@safe
struct MessageState: ~Copyable {
    /// Whose head it is.
    var side = MessageSide.none
    /// What was parsed.
    var head = MessageHead()
    /// Changes of the start line.
    var line = StartLineEdits()
    /// The bytes of changed lines; without storage until something is changed.
    var edits = Buffer()
    /// Where edits were before they moved.
    var spentEdits = Buffer()
    /// The bytes the head was parsed from, and how many follow it; set when rules are about to run.
    ///
    /// Safety: the buffer of the head's side, which stays as it is while rules run.
    var source: UnsafePointer<UInt8>?
    /// How many bytes `source` has.
    var sourceBytes = 0

    /// Whether anything was changed.
    var isEdited: Bool { edits.hasStorage || line.status != 0 }

    /// Room for one head.
    init() {}
}

/// The stream, or the connection that has none yet, for which an expression is evaluated or an
/// action runs.
///
/// Safety: made by a worker for the duration of one call into rules; the pointer names that worker,
/// which waits for the call's end. It must not be kept.
@safe
public struct Subject: BitwiseCopyable {
    let worker: UnsafeMutablePointer<Worker>
    /// The client connection's session.
    let session: Handle
    /// The stream; none in rules of connections and sessions.
    let stream: Handle
    /// Nothing more is waited for: what is not there now is not there.
    let isFinal: Bool
    /// Whether the present rule may wait for bytes that its sample needs.
    let mayWait: Bool

    init(
        _ worker: UnsafeMutablePointer<Worker>, session: Handle, stream: Handle, isFinal: Bool,
        mayWait: Bool = false
    ) {
        // Safety: as the type says.
        unsafe self.worker = worker
        self.session = session
        self.stream = stream
        self.isFinal = isFinal
        self.mayWait = mayWait
    }

    // MARK: Where it runs

    /// Whether there is a stream.
    public var hasStream: Bool { !stream.isNone }

    /// Whether bytes that are still to come may change what expressions give.
    public var mayChange: Bool { !isFinal }

    /// Microseconds since 1970, the same for a whole turn of the worker's loop.
    public var calendarMicroseconds: Int64 { Clock.calendarMicroseconds() }

    /// Milliseconds of the monotonic clock.
    public var now: UInt64 {
        // Safety: as the type says; so in all accessors.
        unsafe worker.pointee.now
    }

    /// The program the stream or session runs in.
    var program: Handle {
        unsafe stream.isNone
            ? worker.pointee.sessions[session].program : worker.pointee.streams[stream].program
    }

    /// Index of the frontend in the configuration's proxies.
    public var frontend: Int {
        unsafe stream.isNone
            ? Int(worker.pointee.sessions[session].frontend)
            : Int(worker.pointee.streams[stream].frontend)
    }

    /// Index of the backend in the configuration's proxies; -1 while none is chosen.
    public var backend: Int {
        unsafe stream.isNone ? -1 : Int(worker.pointee.streams[stream].backend)
    }

    /// The configuration of the generation the stream runs in.
    ///
    /// Control data: copying it counts references; use it for rare fetches only.
    public var configuration: Configuration {
        unsafe worker.pointee.programs[program].generation.configuration
    }

    // MARK: The head

    /// Whether a request's head is there.
    public var hasRequestHead: Bool { unsafe worker.pointee.message.side == .request }

    /// Whether a response's head is there.
    public var hasResponseHead: Bool {
        unsafe worker.pointee.message.side == .response
            || worker.pointee.message.side == .reply
    }

    /// What was parsed of the head; line ends and ranges mean the bytes as they came.
    public var head: MessageHead { unsafe worker.pointee.message.head }

    /// Changes of the start line so far.
    public var lineEdits: StartLineEdits { unsafe worker.pointee.message.line }

    /// The bytes the head was parsed from, and what follows it.
    public var headBytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // Safety: the buffer stays as it is while rules run; the span is tied to this subject.
            let bytes = unsafe UnsafeBufferPointer(
                start: worker.pointee.message.source, count: worker.pointee.message.sourceBytes)
            let span = unsafe Span(_unsafeElements: bytes)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The bytes of changed lines.
    public var editedBytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // Safety: as in `headBytes`; edits grow in place, and where they move, what they leave
            // stays until they move again.
            let span = unsafe worker.pointee.message.edits.span
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// How many field lines there are, removed ones included.
    public var fieldCount: Int { unsafe worker.pointee.fields.count }

    /// A field line; its ranges mean ``headBytes`` or, where it is edited, ``editedBytes``.
    public func field(_ index: Int) -> FieldLine { unsafe worker.pointee.fields[index] }

    /// The name of a field line as it came.
    @_lifetime(borrow self)
    public func name(of line: FieldLine) -> Span<UInt8> {
        let source = line.flags.contains(.edited) ? editedBytes : headBytes
        // Safety: a part of what is tied to this subject.
        return unsafe _overrideLifetime(source.extracting(line.name), borrowing: self)
    }

    /// The value of a field line.
    @_lifetime(borrow self)
    public func value(of line: FieldLine) -> Span<UInt8> {
        let source = line.flags.contains(.edited) ? editedBytes : headBytes
        // Safety: as in `name(of:)`.
        return unsafe _overrideLifetime(source.extracting(line.value), borrowing: self)
    }

    /// The request's method.
    public var methodText: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // Safety: as in `name(of:)`; so below.
            let text = unsafe startLine(
                worker.pointee.message.line.method, or: worker.pointee.message.head.methodRange)
            return unsafe _overrideLifetime(text, borrowing: self)
        }
    }

    /// The whole request target.
    public var target: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let text = unsafe startLine(
                worker.pointee.message.line.target, or: worker.pointee.message.head.targetRange)
            return unsafe _overrideLifetime(text, borrowing: self)
        }
    }

    /// A part of the start line: as it was changed, else as it came.
    @_lifetime(borrow self)
    @inline(__always)
    private func startLine(_ edit: EditedRange, or range: Range<Int>) -> Span<UInt8> {
        let source =
            edit.isSet ? editedBytes.extracting(edit.range) : headBytes.extracting(range)
        // Safety: as in `name(of:)`.
        return unsafe _overrideLifetime(source, borrowing: self)
    }

    /// Path and query of the request target; empty where the target has none.
    public var pathAndQuery: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let isEdited = unsafe worker.pointee.message.line.target.isSet
            let source =
                isEdited
                ? editedBytes.extracting(unsafe worker.pointee.message.line.pathAndQuery)
                : headBytes.extracting(unsafe worker.pointee.message.head.pathAndQueryRange)
            // Safety: as in `name(of:)`.
            return unsafe _overrideLifetime(source, borrowing: self)
        }
    }

    // MARK: Evaluating

    /// Evaluates an expression for its first value; the bytes are in `scratch`.
    public func evaluate(_ expression: Expression, _ scratch: inout SampleScratch) -> Sample? {
        var state = FetchState()
        return evaluate(expression, &state, &scratch)
    }

    /// Evaluates an expression for its next value; the bytes are in `scratch`.
    public func evaluate(
        _ expression: Expression, _ state: inout FetchState, _ scratch: inout SampleScratch
    ) -> Sample? {
        if unsafe worker.pointee.isTraced { noteAssumptions(expression) }
        var mark = scratch.mark
        guard var sample = expression.apply(self, expression.arguments, &state, &scratch) else {
            return nil
        }
        if expression.converters.isEmpty { return sample }
        let flags = sample.flags
        if let kept = state.kept { mark = max(mark, kept.range.upperBound) }
        // Safety: the worker keeps its environment for life.
        let isThere = unsafe worker.pointee.evaluation._withUnsafeGuaranteedRef { environment in
            environment.present = self
            return expression.converters.apply(to: &sample, from: mark, &scratch, environment)
        }
        if !isThere {
            if flags.contains(.mayChange) { state.isIncomplete = true }
            return nil
        }
        sample.flags.formUnion(flags)
        return sample
    }

    /// Evaluates an expression whose value an action needs in full.
    ///
    /// - Parameter mustWait: becomes true where bytes that the action may wait for can change it.
    public func evaluate(
        _ expression: Expression, _ scratch: inout SampleScratch, mustWait: inout Bool
    ) -> Sample? {
        var state = FetchState()
        let sample = evaluate(expression, &state, &scratch)
        let mayChange = sample.map { $0.flags.contains(.mayChange) } ?? state.isIncomplete
        mustWait = mayChange && mayWait
        return sample
    }

    /// Evaluates an expression as text; nil where there is none.
    public func text(_ expression: Expression, _ scratch: inout SampleScratch) -> Sample? {
        guard var sample = evaluate(expression, &scratch), scratch.cast(&sample, to: .string)
        else { return nil }
        return sample
    }

    /// Evaluates an expression as a number; nil where there is none.
    public func integer(_ expression: Expression, _ scratch: inout SampleScratch) -> Int64? {
        guard var sample = evaluate(expression, &scratch), scratch.cast(&sample, to: .integer)
        else { return nil }
        return sample.integer
    }

    /// Runs `body` with the scratch of the worker, which is as it was afterwards.
    public func withScratch<R>(_ body: (inout SampleScratch) -> R) -> R {
        // Safety: the scratch is a block of its own that the worker keeps for life.
        let scratch = unsafe worker.pointee.scratch
        let mark = unsafe scratch.pointee.mark
        let result = unsafe body(&scratch.pointee)
        unsafe scratch.pointee.rewind(to: mark)
        return result
    }

    /// Renders a format into the worker's room for texts; false where it does not fit.
    ///
    /// What was made is ``renderedText`` until the next format is rendered.
    public func render(_ format: LogFormat) -> Bool {
        // Safety: as in `withScratch`; the room for texts is another block.
        let texts = unsafe worker.pointee.texts
        unsafe texts.pointee.reset()
        let made = unsafe texts.pointee.make(as: .string) { output in
            format.write(for: self, to: &output)
        }
        guard let made else { return false }
        unsafe worker.pointee.renderedText = made
        return true
    }

    /// What ``render(_:)`` made last.
    public var renderedText: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // Safety: the block is the worker's and does not move.
            let span = unsafe worker.pointee.texts.pointee.bytes(
                of: worker.pointee.renderedText)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }
}

extension Span where Element == UInt8 {
    /// Whether it is the same text as one in small letters, ASCII letters of either case.
    @inline(__always)
    public func isSame(ignoringCaseOf small: Span<UInt8>) -> Bool {
        guard count == small.count else { return false }
        var index = 0
        while index &+ 8 <= count {
            if load64(index).asciiLowercased != small.load64(index) { return false }
            index &+= 8
        }
        while index < count {
            if self[index].asciiLowercased != small[index] { return false }
            index &+= 1
        }
        return true
    }
}
