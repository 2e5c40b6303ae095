// Regular expressions for actions: what a match writes belongs to the worker.

import Samples

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Whether a regular expression matches anywhere in a text; the groups of the match are then
    /// there for ``expand(_:of:into:)``.
    public func matches(_ expression: RegularExpression, _ text: Span<UInt8>) -> Bool {
        unsafe worker.pointee.evaluation._withUnsafeGuaranteedRef {
            $0.expressions.matches(expression, text)
        }
    }

    /// Writes a text with `\0` to `\9` replaced by the groups of the last match in another text.
    public func expand(
        _ template: Span<UInt8>, of text: Span<UInt8>, into output: inout OutputBytes
    ) {
        unsafe worker.pointee.evaluation._withUnsafeGuaranteedRef {
            $0.expressions.expand(template, of: text, into: &output)
        }
    }
}
