// Variables of the process that the configuration sets: worked out once when it is loaded, by a
// worker of their own that serves nobody, and set when the generation begins. Commands set them in
// the same way, beside the workers that serve.
// configuration manual: set-var, set-var-fmt in the global section.

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

/// Carries assignments out.
public enum StartVariables {
    /// The frontend of the session in which values are worked out.
    private static let frontendName = "<start>"

    /// The variables that assignments, one after the other, come to, and those that converters in
    /// them set.
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
        let values = worker.withSubject(frontend: 0) { subject in
            for assignment in assignments { _ = subject.carryOut(assignment) }
            return subject.processVariables
        }
        worker.closeEverything()
        return values
    }

    /// Carries an assignment out while an engine serves a generation. What has no value changes
    /// nothing; nil says so.
    public static func carryOut(
        _ assignment: StartAssignment, in generation: Generation, of engine: Engine
    ) throws(Errno) -> VariableResult? {
        let aside = try Engine(beside: engine, in: generation)
        var worker = Worker(number: 0, engine: aside)
        let proxies = generation.configuration.proxies
        let frontend = proxies.firstIndex { $0.capability.contains(.frontend) }
        guard let frontend = frontend ?? proxies.indices.first else { return nil }
        let result = worker.withSubject(frontend: frontend) { $0.carryOut(assignment) }
        worker.closeEverything()
        return result
    }
}

extension Worker {
    /// Hands `body` a session of a frontend, by its index, that has no client.
    fileprivate mutating func withSubject<R>(frontend: Int, _ body: (Subject) -> R) -> R {
        let name = engine.configuration.proxies[frontend].name
        let bind = live.frontend(name).bind(0, port: 0)
        // Safety: the live state keeps the bind line's object.
        let session = unsafe sessions.insert(
            Session(
                frontend: Int32(frontend), program: program,
                bindIndex: 0, bind: Unmanaged.passUnretained(bind), acceptedAt: now, idleSince: now,
                acceptedMicroseconds: Clock.calendarMicroseconds()))
        guard let session else { preconditionFailure("a new slab has room") }
        // Safety: the subject is used before this returns, and nothing else uses the worker.
        let result = unsafe withUnsafeMutablePointer(to: &self) { worker in
            body(unsafe Subject(worker, session: session, stream: .none, isFinal: true))
        }
        releaseExtras(ofSession: session)
        sessions.remove(session)
        return result
    }
}

extension Subject {
    /// Sets a variable; nil where there is no value.
    fileprivate func carryOut(_ assignment: StartAssignment) -> VariableResult? {
        withScratch { scratch in
            let sample: Sample?
            switch assignment.value {
            case .expression(let expression): sample = evaluate(expression, &scratch)
            case .format(let format): sample = render(format) ? scratch.copy(renderedText) : nil
            }
            guard let sample else { return nil }
            return set(assignment.variable, to: sample, in: scratch)
        }
    }

    /// All variables of the process that have values.
    fileprivate var processVariables: [StartVariable] {
        let scope = VariableScope.process
        return (0..<configuration.variableNames.count(of: scope)).compactMap { slot in
            value(of: VariableReference(scope: scope.rawValue, slot: UInt32(slot)))
        }
    }

    private func value(of variable: VariableReference) -> StartVariable? {
        withScratch { scratch in
            guard let sample = value(of: variable, into: &scratch) else { return nil }
            var bytes: [UInt8] = []
            if sample.type.isBytes {
                let text = scratch.bytes(of: sample)
                for index in 0..<text.count { bytes.append(text[index]) }
            }
            return StartVariable(variable: variable, sample: sample, bytes: bytes)
        }
    }
}

extension ProcessVariables {
    /// Gives variables the values that a configuration sets.
    func begin(with variables: [StartVariable]) {
        for variable in variables { set(variable) }
    }

    private func set(_ variable: StartVariable) {
        let capacity = max(variable.bytes.count, 1)
        var scratch = SampleScratch(valueLimit: capacity, capacity: capacity)
        var sample = variable.sample
        if sample.type.isBytes {
            guard let copy = scratch.copy(variable.bytes.span, as: sample.type) else { return }
            sample = copy
        }
        _ = set(variable.variable.slot, to: sample, in: scratch)
    }

    /// The type of a variable in HAProxy's word, and its value as text up to its first zero byte,
    /// with a dot for what cannot be printed; nil when it has none.
    public func shown(_ variable: VariableReference) -> (type: String, text: String)? {
        var scratch = SampleScratch(valueLimit: Self.shownBytes, capacity: 2 * Self.shownBytes)
        guard var sample = value(of: variable.slot, into: &scratch) else { return nil }
        let type = "\(sample.type.shortName)"
        guard scratch.cast(&sample, to: .string) else { return nil }
        let bytes = scratch.bytes(of: sample)
        let shown = bytes.indices.map { bytes[$0] }.prefix { $0 != 0 }
            .map { $0 >= 0x20 && $0 < 0x7F ? $0 : 0x2E }
        return (type, String(decoding: shown, as: UTF8.self))
    }

    /// The most bytes of a value.
    private static var shownBytes: Int { 1 << 20 }
}
