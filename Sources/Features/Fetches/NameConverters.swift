// Converters that take a text for the name of a backend or a server (configuration manual: nbsrv,
// srv_is_up, srv_queue). Names are found in the tables of the generation.

import Proxy
import Samples

extension ConverterFamily {
    /// What backends and servers say that a sample names.
    static let names = ConverterFamily(
        "names of backends and servers",
        [
            Converter(
                "nbsrv", .string, to: .integer,
                "Is how many servers of the backend with that name are usable."
            ) { sample, _, scratch, environment in
                guard let subject = environment.subject,
                    let backend = subject.backend(named: scratch.bytes(of: sample))
                else { return false }
                let count = subject.withOrder(ofBackend: backend) { $0.usableCount }
                sample.become(.integer(Int64(count)))
                return true
            },
            Converter(
                "srv_is_up", .string, to: .boolean,
                "Is true where the server with that name is neither down nor in maintenance."
            ) { sample, _, scratch, environment in
                guard let figures = figures(sample, scratch, environment) else { return false }
                sample.become(.boolean(figures.isUp))
                return true
            },
            Converter(
                "srv_queue", .string, to: .integer,
                "Is how many streams wait for the server with that name."
            ) { sample, _, scratch, environment in
                guard let figures = figures(sample, scratch, environment) else { return false }
                sample.become(.integer(Int64(figures.queued)))
                return true
            },
        ])

    /// The figures of `[backend/]server`; without a backend it is one of the stream's own.
    private static func figures(
        _ sample: Sample, _ scratch: borrowing SampleScratch, _ environment: ConverterEnvironment
    ) -> ServerFigures? {
        guard let subject = environment.subject else { return nil }
        let text = scratch.bytes(of: sample)
        var slash = 0
        while slash < text.count, text[slash] != 0x2F { slash += 1 }
        let isNamed = slash < text.count
        let backend =
            isNamed
            ? subject.backend(named: text.extracting(0..<slash)) : subject.backend
        let name = isNamed ? text.extracting((slash + 1)..<text.count) : text
        guard let backend, let server = subject.server(named: name, of: backend) else {
            return nil
        }
        return subject.figures(ofServer: server, of: backend)
    }
}
