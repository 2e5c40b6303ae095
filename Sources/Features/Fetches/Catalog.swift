// All families of sample fetches, one line each.

import Proxy

extension FetchCatalog {
    /// Every fetch of the manual.
    public static let all = FetchCatalog([
        .constants, .variables, .accessLists, .environment, .dates, .randomness, .frontends,
        .backends, .servers, .streams, .times, .client, .serverSide, .socketInformation,
        .endpoints, .laterTLS, .contents, .hellos, .protocols, .httpRequest, .targets,
        .parameters, .fields, .cookies, .authentication, .bodies, .captures, .httpResponse,
        .blocks,
    ])
}
