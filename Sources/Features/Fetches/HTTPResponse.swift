// Samples of HTTP responses (configuration manual: fetching HTTP samples).

import HTTP
import Proxy
import Samples

extension FetchFamily {
    /// What a response's head says.
    static let httpResponse = FetchFamily(
        "HTTP responses",
        [
            Fetch(
                "status", .integer, needs: .responseFacts, "Is the status of the response."
            ) { subject, _, _, _ in
                subject.responseStatus.map { .integer(Int64($0)) }
            }
        ])
}
