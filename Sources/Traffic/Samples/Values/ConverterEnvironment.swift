// What converters may ask of the stream they run in. The floor that evaluates expressions makes one
// for each worker and overrides what it can answer.

/// The world around an evaluation; one per worker, used by its thread alone.
open class ConverterEnvironment {
    /// Microseconds since 1970 by the worker's clock.
    public var now: Int64 = 0
    /// What matching of regular expressions writes to.
    public var expressions = RegularExpressionScratch()

    /// A world without variables.
    public init() {}

    /// The value of a variable, its bytes copied into `scratch`; nil when it is not set.
    open func value(
        of variable: VariableReference, into scratch: inout SampleScratch
    ) -> Sample? { nil }

    /// Sets a variable to a copy of a sample; false when a condition does not hold, when limits
    /// forbid it or when its scope is not there now.
    open func set(
        _ variable: VariableReference, to sample: Sample, in scratch: borrowing SampleScratch,
        if condition: VariableCondition
    ) -> Bool { false }

    /// Forgets a variable's value.
    open func unset(_ variable: VariableReference) {}

    /// Keeps a copy of a text in a slot of the request's or the response's captures; false when
    /// there is no such slot.
    open func capture(
        request: Bool, slot: Int, _ sample: Sample, _ scratch: borrowing SampleScratch
    ) -> Bool { false }

    /// Hands a line of text without its end to the event sink of a number that
    /// ``ExpressionLoading/sinks`` gave.
    open func report(_ line: Sample, to sink: Int, in scratch: borrowing SampleScratch) {}

    /// Whether something is true of the stream now.
    open func holds(_ fact: StreamFact) -> Bool { false }

    /// Whether the access list of a number that ``ExpressionLoading/accessLists`` gave matches now.
    open func matches(accessList: Int, _ scratch: inout SampleScratch) -> Bool { false }

    /// The value of a variable as one type; nil when it is not set or cannot be that.
    final func value(
        of variable: VariableReference, as type: SampleType, into scratch: inout SampleScratch
    ) -> Sample? {
        guard var value = value(of: variable, into: &scratch), scratch.cast(&value, to: type)
        else { return nil }
        return value
    }
}

/// What `when` can ask about a stream (configuration manual: when).
public enum StreamFact: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    /// Something went wrong, by the rules of `dontlog-normal`.
    case error
    /// A connection to a server was begun or taken up for the request.
    case forwarded
    /// Nothing went wrong.
    case normal
    /// The request was forwarded to a server or to a service inside the program.
    case processed
    /// The process is stopping.
    case stopping
    /// The request was forwarded to a service inside the program; what a rule answers is none.
    case toapplet

    /// What configurations call it.
    public var name: String {
        switch self {
        case .error: "error"
        case .forwarded: "forwarded"
        case .normal: "normal"
        case .processed: "processed"
        case .stopping: "stopping"
        case .toapplet: "toapplet"
        }
    }

    /// What all facts are called.
    public static var names: [String] { allCases.map(\.name) }

    /// The fact of that name.
    public init?(name: String) {
        guard let fact = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = fact
    }
}
