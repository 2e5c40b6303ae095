// Which head a row reads: many fetches exist for requests and for responses, and a few old names
// mean whichever is there.

import HTTP
import Proxy

/// Whose head a row reads.
enum HeadSide {
    /// The request's.
    case request
    /// The response's.
    case response
    /// That of the message which is judged.
    case either

    /// What such a row needs.
    var needs: FetchNeeds {
        switch self {
        case .request: .requestHead
        case .response: .responseHead
        case .either: .messageHead
        }
    }

    /// Whether the head is there; says in `state` whether it may still come.
    @inline(__always)
    func isThere(_ subject: Subject, _ state: inout FetchState) -> Bool {
        switch self {
        case .request: subject.hasRequestHead(&state)
        case .response: subject.hasResponseHead
        case .either: subject.hasResponseHead || subject.hasRequestHead(&state)
        }
    }
}
