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

    /// Sets a variable to a copy of a sample; false when memory limits forbid it.
    open func set(
        _ variable: VariableReference, to sample: Sample, in scratch: borrowing SampleScratch
    ) -> Bool { false }

    /// Forgets a variable's value.
    open func unset(_ variable: VariableReference) {}

    /// The value of a variable as one type; nil when it is not set or cannot be that.
    final func value(
        of variable: VariableReference, as type: SampleType, into scratch: inout SampleScratch
    ) -> Sample? {
        guard var value = value(of: variable, into: &scratch), scratch.cast(&value, to: type)
        else { return nil }
        return value
    }
}
