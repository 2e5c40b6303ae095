// All families of sample fetches, and of the converters that need a stream, one line each.

import Proxy
import Samples

extension FetchCatalog {
    /// Every fetch of the manual.
    public static let all = FetchCatalog([
        .constants, .variables, .accessLists, .environment, .dates, .randomness, .frontends,
        .backends, .servers, .streams, .times, .client, .serverSide, .socketInformation,
        .endpoints, .laterTLS, .laterFastCGI, .contents, .hellos, .protocols, .httpRequest,
        .targets, .parameters, .fields, .cookies, .authentication, .bodies, .captures,
        .httpResponse, .blocks, .stickCounters,
    ])
}

extension ConverterCatalog {
    /// Every converter of the manual.
    public static let all = ConverterCatalog(standard.families + [.tables, .names])
}
