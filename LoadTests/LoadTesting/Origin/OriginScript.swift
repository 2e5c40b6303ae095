// What the origin does for each path. Pure: a path becomes a script, the server plays it.

/// How the origin answers one request.
public enum OriginScript: Sendable, Equatable {
    /// The origin's name, as text or as a page.
    case name
    /// The request's head, as it arrived.
    case headers
    /// The request's body, as it arrives.
    case echo
    /// A body of this many bytes with a Content-Length.
    case bytes(Int)
    /// A body of this many bytes in chunked coding.
    case chunked(Int)
    /// A body of this many bytes that ends where the connection ends.
    case untilClose(Int)
    /// This many lines, one each 100 milliseconds, in chunked coding.
    case stream(Int)
    /// This many bytes, one each 20 milliseconds, with a Content-Length.
    case drip(Int)
    /// The name after this many milliseconds.
    case delay(Int)
    /// An answer with this status.
    case status(Int)
    /// Twice this many bytes promised, this many sent, then the end of the connection.
    case truncate(Int)
    /// The end of the connection instead of an answer.
    case close
    /// A reset instead of an answer.
    case reset

    /// The origin's paths, for its page and its help.
    public static let help: [(path: String, what: String)] = [
        ("/", "the origin's name; a page for browsers"),
        ("/headers", "the request's head as the origin saw it"),
        ("/echo", "the request's body"),
        ("/bytes/N", "N bytes with a Content-Length; also /10k and /1m"),
        ("/chunked/N", "N bytes in chunked coding"),
        ("/until-close/N", "N bytes that end with the connection"),
        ("/stream/N", "N lines, one each 100 ms"),
        ("/drip/N", "N bytes, one each 20 ms"),
        ("/delay/MS", "the name, MS milliseconds later"),
        ("/status/N", "an answer with status N"),
        ("/truncate/N", "2 N bytes promised, N sent, then the end"),
        ("/close", "no answer, the end of the connection"),
        ("/reset", "no answer, a reset"),
    ]

    /// The script of a request target; a target without one is answered with the name.
    public static func of(target bytes: Span<UInt8>) -> OriginScript {
        let path = pathRange(of: bytes)
        guard path.count > 1 else { return .name }
        // The paths of load tests come first and cost no string.
        if let count = number(after: "/bytes/", in: bytes, path) { return .bytes(count) }
        let words = text(bytes, path).split(separator: "/")
        guard let first = words.first else { return .name }
        let count = words.count > 1 ? Int(words[1]).map { min(max($0, 0), 1 << 40) } : nil
        switch (first, count) {
        case ("headers", _): return .headers
        case ("echo", _): return .echo
        case ("10k", _): return .bytes(10_000)
        case ("1m", _): return .bytes(1_000_000)
        case ("chunked", let count?): return .chunked(count)
        case ("until-close", let count?): return .untilClose(count)
        case ("stream", let count?): return .stream(count)
        case ("drip", let count?): return .drip(count)
        case ("delay", let count?): return .delay(min(count, 600_000))
        case ("status", let count?) where (200...999).contains(count): return .status(count)
        case ("truncate", let count?): return .truncate(count)
        case ("close", _): return .close
        case ("reset", _): return .reset
        default: return .name
        }
    }

    /// The path of a target that may be absolute (`http://host/path`) and may have a query.
    private static func pathRange(of bytes: Span<UInt8>) -> Range<Int> {
        var from = 0
        let slash = UInt8(ascii: "/")
        if bytes.count > 0, bytes[0] != slash,
            let colon = index(of: UInt8(ascii: ":"), in: bytes, from: 0, to: bytes.count)
        {
            let host = min(colon + 3, bytes.count)
            from = index(of: slash, in: bytes, from: host, to: bytes.count) ?? bytes.count
        }
        let question = index(of: UInt8(ascii: "?"), in: bytes, from: from, to: bytes.count)
        return from..<(question ?? bytes.count)
    }

    private static func number(
        after prefix: StaticString, in bytes: Span<UInt8>, _ path: Range<Int>
    ) -> Int? {
        let length = prefix.utf8CodeUnitCount
        guard path.count > length, matches(prefix, in: bytes, at: path.lowerBound) else {
            return nil
        }
        return decimal(bytes, (path.lowerBound + length)..<path.upperBound)
    }
}
