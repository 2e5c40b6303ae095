// Actions of the manual that need what is not there yet.

import Proxy

extension ActionFamily {
    /// What does not work yet.
    static let later = ActionFamily(
        "later",
        [
            ActionRow(
                "do-resolve()", in: [.contentRequest, .httpRequest],
                "Looks an address up in the DNS.", .notYet("there are no resolvers yet")),
            ActionRow(
                "cache-use", in: .httpRequest, "Answers from a cache.",
                .notYet("there is no cache yet")),
            ActionRow(
                "cache-store", in: .httpResponse, "Keeps the response in a cache.",
                .notYet("there is no cache yet")),
            ActionRow(
                "use-service", in: [.contentRequest, .httpRequest], "Answers by a service.",
                .notYet("there are no services yet")),
            ActionRow(
                "send-spoe-group",
                in: [.contentRequest, .contentResponse, .httpRequest, .httpResponse],
                "Sends messages to an agent.", .notYet("there is no filter for agents yet")),
            ActionRow(
                "attach-srv", in: .session, "Gives the connection to a server's pool.",
                .notYet("it needs HTTP/2")),
            ActionRow(
                "expect-proxy", in: .connection, "Reads a PROXY header first.",
                .notYet("there is no PROXY protocol yet")),
            ActionRow(
                "expect-netscaler-cip", in: .connection, "Reads a NetScaler header first.",
                .notYet("there is no PROXY protocol yet")),
        ])
}
