// The unique identifier of a stream (configuration manual: unique-id-format): made when something
// asks for it first, and then kept to the stream's end.

import Samples
import Structures

extension Subject {
    /// The stream's identifier, copied into `scratch`; nil where its frontend has no
    /// `unique-id-format`, or the identifier is longer than 1024 bytes.
    public func uniqueID(_ scratch: inout SampleScratch) -> Sample? {
        guard !stream.isNone else { return nil }
        // Safety: as the type says; so below.
        let extras = unsafe worker.pointee.extras(of: stream)
        if unsafe !worker.pointee.streamExtras[extras].uniqueID.isSet(0) { makeUniqueID(extras) }
        guard unsafe worker.pointee.streamExtras[extras].uniqueID.isSet(1) else { return nil }
        return unsafe scratch.copy(worker.pointee.streamExtras[extras].uniqueID.text(1))
    }

    /// Makes the identifier: slot 0 says that this was tried, slot 1 holds what came of it.
    ///
    /// A format that asks for the identifier itself finds none.
    private func makeUniqueID(_ extras: Handle) {
        unsafe worker.pointee.streamExtras[extras].uniqueID.set(0, to: Span(), atMost: 0)
        guard let format = configuration.proxies[frontend].uniqueIDFormat else { return }
        // Safety: the worker keeps its environment for life, and that the block. What the format's
        // expressions put into the worker's scratch is taken away again by the format, so that the
        // evaluation that asks finds the scratch as it was.
        let block = unsafe worker.pointee.evaluation._withUnsafeGuaranteedRef {
            unsafe $0.identifiers
        }
        unsafe block.pointee.reset()
        let made = unsafe block.pointee.make(as: .string) { output in
            format.write(for: self, to: &output)
        }
        guard let made else { return }
        unsafe worker.pointee.streamExtras[extras].uniqueID.set(
            1, to: block.pointee.bytes(of: made), atMost: made.byteCount)
    }
}
