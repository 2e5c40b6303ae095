// Samples of the two ends of a stream (configuration manual: fetching samples at layer 5, as far as
// no TLS is needed).

import Proxy
import Samples

extension FetchFamily {
    /// Both ends.
    static let endpoints = FetchFamily(
        "ends of streams",
        [
            Fetch(
                "51d.all", .string, "Is what is known of the device of the client.",
                .refused("device databases of vendors are not part of this program")),
            aborted("bs.aborted", .server, "Is true where the server has broken off.") {
                $0.isServerAborted
            },
            states("bs.debug_str", .server, isClient: false),
            Fetch(
                "bs.id", .integer, needs: .server,
                "Is the number of the exchange on the server's connection; 0 for relays."
            ) { subject, _, _, _ in
                subject.isHTTP ? .count(subject.serverRequests) : .count(0)
            },
            reset("bs.rst_code", .server),
            aborted("fs.aborted", .client, "Is true where the client has broken off.") {
                $0.isClientAborted
            },
            states("fs.debug_str", .client, isClient: true),
            Fetch(
                "fs.id", .integer, needs: .client,
                "Is the number of the exchange on the client's connection; 0 for relays."
            ) { subject, _, _, _ in
                .count(subject.isHTTP ? subject.clientRequests : 0)
            },
            reset("fs.rst_code", .client),
        ])

    private static func aborted(
        _ name: String, _ needs: FetchNeeds, _ sentence: String,
        _ isAborted: @escaping @Sendable (Subject) -> Bool
    ) -> Fetch {
        Fetch(name, .boolean, needs: needs, sentence) { subject, _, _, _ in
            subject.hasStream ? .boolean(isAborted(subject)) : nil
        }
    }

    /// Codes of resets come with protocols that have streams of their own, which HTTP/1 has not.
    private static func reset(_ name: String, _ needs: FetchNeeds) -> Fetch {
        Fetch(
            name, .integer, needs: needs,
            "Is the code with which the stream was reset; HTTP/1 has none."
        ) { _, _, _, _ in nil }
    }

    private static func states(_ name: String, _ needs: FetchNeeds, isClient: Bool) -> Fetch {
        Fetch(
            name, .string, takes: [.integer("bitmap").optional], needs: needs,
            "Is the inner states of the connection, for those who look for mistakes in the program."
        ) { subject, arguments, _, scratch in
            guard let descriptor = subject.descriptor(isClient: isClient),
                let states = subject.states(isClient: isClient)
            else { return nil }
            let layers = arguments.integer(0, or: 0)
            return scratch.make(as: .string) { output in
                if layers == 0 || layers & 16 != 0 {
                    output.append("fd=")
                    output.append(decimal: Int64(descriptor))
                }
                if layers == 0 || layers & 8 != 0 {
                    output.append(output.count > 0 ? " conn=0x" : "conn=0x")
                    for shift in stride(from: 24, through: 0, by: -8) {
                        output.append(
                            hexadecimal: UInt8(truncatingIfNeeded: states &>> shift))
                    }
                }
            }
        }
    }
}
