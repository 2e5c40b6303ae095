// What is kept of an exchange beside its heads: versions, status, and the request line.

import Bytes
import HTTP
import Samples
import Structures

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// The method that the client has sent, by number, while the stream lasts; unlisted where
    /// nothing is known of a request.
    public var keptMethod: HTTP.Method {
        // Safety: as the type says; so below.
        stream.isNone ? .unlisted : unsafe worker.pointee.streams[stream].sentMethod
    }

    /// Whether the head of a request was understood, be it gone by now.
    private var hasHadRequest: Bool {
        unsafe isHTTP && !worker.pointee.streams[stream].flags.contains(.isBadRequest)
    }

    /// The minor version of the request's HTTP/1; nil where there never was a request.
    public var keptRequestMinorVersion: Int? {
        guard hasHadRequest else { return nil }
        return unsafe worker.pointee.streams[stream].flags.contains(.isHTTP10) ? 0 : 1
    }

    /// The minor version of the server's response; nil before there is one.
    public var keptResponseMinorVersion: Int? {
        if stream.isNone { return nil }
        let version = unsafe worker.pointee.streams[stream].responseMinorVersion
        return version < 0 ? nil : Int(version)
    }

    /// The status that the server has sent; nil before it has, or where it never does.
    public var serverStatus: Int? {
        if stream.isNone { return nil }
        let status = unsafe worker.pointee.streams[stream].serverStatus
        return status > 0 ? Int(status) : nil
    }

    /// The status that the log shows; nil before it is known.
    public var loggedStatus: Int? {
        if stream.isNone { return nil }
        let status = unsafe worker.pointee.streams[stream].status
        return status > 0 ? Int(status) : nil
    }

    /// Whether it is the first request of its connection; nil where there is no stream.
    public var isFirstRequest: Bool? {
        if stream.isNone { return nil }
        return unsafe !worker.pointee.streams[stream].flags.contains(.isNotFirst)
    }

    /// The request line as it came, cut at `tune.http.logurilen`; empty where it is not kept.
    public var requestLine: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            if stream.isNone { return Span() }
            // Safety: the line stays as it is while the stream lasts; the span is tied to this
            // subject.
            return unsafe _overrideLifetime(
                worker.pointee.streams[stream].requestLine.span, borrowing: self)
        }
    }
}
