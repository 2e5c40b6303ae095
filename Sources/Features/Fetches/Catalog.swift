// All families of sample fetches, one line each.

import Proxy

extension FetchCatalog {
    /// Every fetch of the manual.
    public static let all = FetchCatalog([
        .internal, .connections, .httpRequest, .targets, .parameters, .fields, .cookies,
        .authentication, .bodies, .captures, .httpResponse,
    ])
}
