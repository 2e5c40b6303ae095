// The unique identifier of a stream, made once by the frontend's `unique-id-format` when it is
// asked for first: by an expression, by the field that carries it, or by the log line.

import Bytes
import Samples
import Structures

/// Where unique identifiers are made. Apart from the room for texts, for they may be asked for
/// while another format is rendered there.
struct IdentifierRoom: ~Copyable {
    /// The most bytes that an identifier has; it is cut there, as in HAProxy.
    static var mostBytes: Int { 127 }
    /// The room.
    var scratch = SampleScratch(valueLimit: mostBytes, capacity: mostBytes)
    /// An identifier is being made: if its own format asks for it, it is empty.
    var isInUse = false
}

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// The identifier of the stream, copied into `scratch`, and made now if it was not yet; nil
    /// where the frontend has no format for it, and without a stream.
    public func uniqueID(_ scratch: inout SampleScratch) -> Sample? {
        guard makeUniqueID() else { return nil }
        return scratch.copy(knownUniqueID)
    }

    /// `%ID`: the identifier as a format shows it, made now if it was not yet.
    public var shownUniqueID: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            _ = makeUniqueID()
            return unsafe _overrideLifetime(knownUniqueID, borrowing: self)
        }
    }

    /// The identifier of the stream as far as it was made; empty before.
    public var knownUniqueID: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // Safety: as the type says; the text moves only when another is kept, of which there is
            // none; the span is tied to this subject.
            guard !stream.isNone, unsafe !worker.pointee.streams[stream].extras.isNone else {
                return unsafe _overrideLifetime(Span(), borrowing: self)
            }
            let extras = unsafe worker.pointee.streams[stream].extras
            return unsafe _overrideLifetime(
                worker.pointee.streamExtras[extras].uniqueID.text(0), borrowing: self)
        }
    }

    /// Makes the identifier unless it is there; false where there is no format for it.
    func makeUniqueID() -> Bool {
        if stream.isNone { return false }
        // Safety: as the type says; the configuration keeps the format.
        guard let format = unsafe worker.pointee.programs[program].proxies[frontend].uniqueID,
            unsafe !worker.pointee.identifiers.isInUse
        else { return false }
        let extras = unsafe worker.pointee.extras(of: stream)
        if unsafe worker.pointee.streamExtras[extras].uniqueID.isSet(0) { return true }
        unsafe worker.pointee.identifiers.isInUse = true
        let made = unsafe format._withUnsafeGuaranteedRef { format in
            unsafe worker.pointee.identifiers.scratch.makeCut(
                as: .string, atMost: IdentifierRoom.mostBytes
            ) { format.write(for: self, to: &$0) }
        }
        unsafe worker.pointee.streamExtras[extras].uniqueID.set(
            0, to: worker.pointee.identifiers.scratch.bytes(of: made),
            atMost: IdentifierRoom.mostBytes)
        unsafe worker.pointee.identifiers.scratch.reset()
        unsafe worker.pointee.identifiers.isInUse = false
        return true
    }
}
