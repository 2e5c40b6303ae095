// Samples of a response beside its fields: status and version (configuration manual: fetching HTTP
// samples).

import HTTP
import Proxy
import Samples

extension FetchFamily {
    /// What a response is.
    static let httpResponse = FetchFamily(
        "HTTP responses",
        [
            Fetch(
                "status", .integer, needs: .responseFacts, "Is the status of the response."
            ) { subject, _, _, _ in subject.responseStatus.map { .integer(Int64($0)) } },
            Fetch(
                "server_status", .integer, needs: .responseFacts,
                "Is the status that the server has sent, whatever rules have made of it."
            ) { subject, _, _, _ in subject.serverStatus.map { .integer(Int64($0)) } },
            Fetch(
                "txn.status", .integer, needs: .responseFacts,
                "Is the status that the log shows."
            ) { subject, _, _, _ in subject.loggedStatus.map { .integer(Int64($0)) } },
            version, version.alias("resp_ver"),
            Fetch(
                "res.cache_hit", .boolean, "Is whether the response came out of a cache.",
                .notYet("the cache is not built yet")),
            Fetch(
                "res.cache_name", .string, "Is the cache the response came out of.",
                .notYet("the cache is not built yet")),
            Fetch(
                "res.comp", .boolean, "Is whether the response is compressed on its way.",
                .notYet("compression comes with the filters")),
            Fetch(
                "res.comp_algo", .string, "Is how the response is compressed on its way.",
                .notYet("compression comes with the filters")),
        ])

    private static let version = Fetch(
        "res.ver", .string, needs: .responseHead, comparedBy: .str,
        "Is the version of the response, such as 1.1."
    ) { subject, _, _, scratch in
        subject.hasResponseHead ? subject.head.version(&scratch) : nil
    }
}
