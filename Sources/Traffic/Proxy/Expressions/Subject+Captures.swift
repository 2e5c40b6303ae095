// Texts that rules capture of requests and responses, to be read later by expressions and log lines
// (configuration manual: capture, declare capture). Slots are numbered from 0 in the order in which
// the frontend declares them; requests and responses have slots of their own.

import Structures

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Keeps a copy of the first `limit` bytes of a text in a slot, in place of what was there.
    ///
    /// Does nothing where there is no stream.
    ///
    /// - Parameters:
    ///   - isRequest: whether it is a slot of the request, and not of the response.
    ///   - slot: the slot's number, from 0.
    public func setCapture(request isRequest: Bool, slot: Int, to text: Span<UInt8>, limit: Int) {
        if stream.isNone { return }
        // Safety: as the type says; so below.
        if unsafe worker.pointee.isTraced {
            let side = isRequest ? "request" : "response"
            traced(.capture, "\(side) \(slot)", text.extracting(0..<min(text.count, limit)))
        }
        let extras = unsafe worker.pointee.extras(of: stream)
        if isRequest {
            unsafe worker.pointee.streamExtras[extras].requestCaptures.set(
                slot, to: text, atMost: limit)
        } else {
            unsafe worker.pointee.streamExtras[extras].responseCaptures.set(
                slot, to: text, atMost: limit)
        }
    }

    /// The text of a slot; nil where nothing was captured.
    @_lifetime(borrow self)
    public func capture(request isRequest: Bool, slot: Int) -> Span<UInt8>? {
        guard !stream.isNone, slot >= 0 else { return nil }
        let extras = unsafe worker.pointee.streams[stream].extras
        if extras.isNone { return nil }
        // Safety: the texts move only when the next one is captured; the span is tied to this
        // subject, which lives for one evaluation.
        if isRequest {
            guard unsafe worker.pointee.streamExtras[extras].requestCaptures.isSet(slot) else {
                return nil
            }
            return unsafe _overrideLifetime(
                worker.pointee.streamExtras[extras].requestCaptures.text(slot), borrowing: self)
        }
        guard unsafe worker.pointee.streamExtras[extras].responseCaptures.isSet(slot) else {
            return nil
        }
        return unsafe _overrideLifetime(
            worker.pointee.streamExtras[extras].responseCaptures.text(slot), borrowing: self)
    }

    /// How many bytes a slot of the stream's frontend keeps; 0 where it has no such slot.
    public func captureLimit(request isRequest: Bool, slot: Int) -> Int {
        // Safety: as the type says; so below.
        let own = program
        let front = frontend
        let lengths =
            isRequest
            ? unsafe worker.pointee.programs[own].requestCaptures[front]
            : unsafe worker.pointee.programs[own].responseCaptures[front]
        return slot < lengths.count ? lengths[slot] : 0
    }

    /// Keeps a copy of the first `limit` bytes of a cookie with its name.
    public func setCookieCapture(
        request isRequest: Bool, to text: Span<UInt8>, limit: Int
    ) {
        if stream.isNone { return }
        // Safety: as the type says.
        if unsafe worker.pointee.isTraced {
            traced(.capture, "cookie", text.extracting(0..<min(text.count, limit)))
        }
        let extras = unsafe worker.pointee.extras(of: stream)
        unsafe worker.pointee.streamExtras[extras].cookies.set(
            isRequest ? 0 : 1, to: text, atMost: limit)
    }
}
