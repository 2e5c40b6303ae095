// Variables of the process that the configuration sets: worked out once when it is loaded, by a
// worker of their own that serves nobody, and set when the generation begins.
// configuration manual: set-var, set-var-fmt in the global section.

import Bytes
import Kernel
import Samples
import Structures

/// A variable that the configuration sets.
public struct StartAssignment: Sendable {
    /// What it is set to.
    public enum Value: Sendable {
        /// What an expression gives.
        case expression(Expression)
        /// A text that a format makes.
        case format(LogFormat)
    }

    /// The variable, of the process.
    public let variable: VariableReference
    /// What it is set to.
    public let value: Value

    /// An assignment from its parts.
    public init(_ variable: VariableReference, _ value: Value) {
        self.variable = variable
        self.value = value
    }
}

/// A variable and its value.
public struct StartVariable: Sendable {
    /// The variable, of the process.
    public let variable: VariableReference
    /// Its value; the bytes of a text are in ``bytes``.
    let sample: Sample
    /// The bytes of a text.
    let bytes: [UInt8]
}

/// Works assignments out.
public enum StartVariables {
    /// The frontend of the session in which values are worked out.
    private static let frontendName = "<start>"

    /// The variables that assignments, one after the other, come to.
    ///
    /// - Parameter configuration: the complete configuration; only its process matters.
    public static func evaluate(
        _ assignments: [StartAssignment], under configuration: Configuration
    ) throws(Errno) -> [StartVariable] {
        if assignments.isEmpty { return [] }
        var alone = configuration
        var proxy = ProxyConfiguration(name: frontendName, capability: .listen)
        proxy.mode = .http
        alone.proxies = [proxy]
        alone.tables = []
        alone.startVariables = []
        alone.global.threads = 1
        alone.global.maxConnections = 16
        let engine = try Engine(
            configuration: alone, listeners: [], logging: NoLogging(), workers: 1)
        var worker = Worker(number: 0, engine: engine)
        let values = worker.workOut(assignments, frontend: frontendName)
        worker.closeEverything()
        return values
    }
}

extension Worker {
    /// Sets variables one after the other and returns what they have become.
    fileprivate mutating func workOut(
        _ assignments: [StartAssignment], frontend name: String
    ) -> [StartVariable] {
        let bind = live.frontend(name).bind(0, port: 0)
        // Safety: the live state keeps the bind line's object.
        let session = unsafe sessions.insert(
            Session(
                clientAddress: RawSocketAddress(), frontend: 0, program: program, bindIndex: 0,
                bind: Unmanaged.passUnretained(bind), acceptedAt: now, idleSince: now,
                acceptedMicroseconds: Clock.calendarMicroseconds()))
        guard let session else { preconditionFailure("a new slab has room") }
        // Safety: the subject is used before this returns, and nothing else uses the worker.
        let values = unsafe withUnsafeMutablePointer(to: &self) { worker in
            let subject = unsafe Subject(worker, session: session, stream: .none, isFinal: true)
            for assignment in assignments { subject.carryOut(assignment) }
            return assignments.compactMap { subject.value(after: $0) }
        }
        sessions.remove(session)
        return values
    }
}

extension Subject {
    fileprivate func carryOut(_ assignment: StartAssignment) {
        withScratch { scratch in
            let sample: Sample?
            switch assignment.value {
            case .expression(let expression): sample = evaluate(expression, &scratch)
            case .format(let format): sample = render(format) ? scratch.copy(renderedText) : nil
            }
            if let sample { _ = set(assignment.variable, to: sample, in: scratch) }
        }
    }

    fileprivate func value(after assignment: StartAssignment) -> StartVariable? {
        withScratch { scratch in
            guard let sample = value(of: assignment.variable, into: &scratch) else { return nil }
            var bytes: [UInt8] = []
            if sample.type.isBytes {
                let text = scratch.bytes(of: sample)
                for index in 0..<text.count { bytes.append(text[index]) }
            }
            return StartVariable(variable: assignment.variable, sample: sample, bytes: bytes)
        }
    }
}

extension ProcessVariables {
    /// Gives variables the values that a configuration sets.
    func begin(with variables: [StartVariable]) {
        for variable in variables { _ = set(variable) }
    }

    /// Gives a variable a value that was worked out aside.
    public func set(_ variable: StartVariable) -> VariableResult {
        let capacity = max(variable.bytes.count, 1)
        var scratch = SampleScratch(valueLimit: capacity, capacity: capacity)
        var sample = variable.sample
        if sample.type.isBytes {
            guard let copy = scratch.copy(variable.bytes.span, as: sample.type)
            else { return .refused }
            sample = copy
        }
        return set(variable.variable.slot, to: sample, in: scratch)
    }

    /// The type of a variable in HAProxy's word, and its value as text; nil when it has none.
    public func shown(_ variable: VariableReference) -> (type: String, text: String)? {
        var scratch = SampleScratch(valueLimit: Self.shownBytes, capacity: 2 * Self.shownBytes)
        guard var sample = value(of: variable.slot, into: &scratch) else { return nil }
        let type = "\(sample.type.shortName)"
        // Bytes are shown as they are.
        if sample.type != .binary, !scratch.cast(&sample, to: .string) { return nil }
        let bytes = scratch.bytes(of: sample)
        return (type, String(anyBytes: bytes.indices.map { bytes[$0] }))
    }

    /// The most bytes of a value.
    private static var shownBytes: Int { 1 << 20 }
}
