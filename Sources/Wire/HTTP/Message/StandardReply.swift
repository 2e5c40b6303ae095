// What is answered when there is nothing better: complete replies as static bytes, in the shape of
// HAProxy's own (same fields, status phrases alike), with our words in the body.

/// The built-in replies.
public enum StandardReply {
    /// Statuses with a reply of their own.
    public static let statuses: InlineArray<22, Int> = [
        200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 414,
        421, 422, 425, 429, 431, 500, 501, 502, 503, 504, 505,
    ]

    /// The complete reply for a status, head and body; nil for one without.
    ///
    /// Replies after which the connection cannot go on say `connection: close`.
    public static func bytes(_ status: Int) -> StaticString? {
        switch status {
        case 200:
            """
            HTTP/1.1 200 OK\r
            content-length: 72\r
            cache-control: no-cache\r
            content-type: text/html\r
            \r
            <html><body><h1>200 OK</h1>
            <p>The service is ready.</p>
            </body></html>

            """
        case 400:
            """
            HTTP/1.1 400 Bad request\r
            content-length: 96\r
            cache-control: no-cache\r
            content-type: text/html\r
            connection: close\r
            \r
            <html><body><h1>400 Bad request</h1>
            <p>The request could not be understood.</p>
            </body></html>

            """
        case 401:
            """
            HTTP/1.1 401 Unauthorized\r
            content-length: 93\r
            cache-control: no-cache\r
            content-type: text/html\r
            \r
            <html><body><h1>401 Unauthorized</h1>
            <p>Please sign in to see this page.</p>
            </body></html>

            """
        case 403:
            """
            HTTP/1.1 403 Forbidden\r
            content-length: 91\r
            cache-control: no-cache\r
            content-type: text/html\r
            \r
            <html><body><h1>403 Forbidden</h1>
            <p>This request is not allowed here.</p>
            </body></html>

            """
        case 404:
            """
            HTTP/1.1 404 Not Found\r
            content-length: 91\r
            cache-control: no-cache\r
            content-type: text/html\r
            \r
            <html><body><h1>404 Not Found</h1>
            <p>There is nothing at this address.</p>
            </body></html>

            """
        case 405:
            """
            HTTP/1.1 405 Method Not Allowed\r
            content-length: 118\r
            cache-control: no-cache\r
            content-type: text/html\r
            \r
            <html><body><h1>405 Method Not Allowed</h1>
            <p>This address does not support the request's method.</p>
            </body></html>

            """
        case 407:
            """
            HTTP/1.1 407 Unauthorized\r
            content-length: 94\r
            cache-control: no-cache\r
            content-type: text/html\r
            \r
            <html><body><h1>407 Unauthorized</h1>
            <p>Please sign in to use this proxy.</p>
            </body></html>

            """
        case 408:
            """
            HTTP/1.1 408 Request Time-out\r
            content-length: 100\r
            cache-control: no-cache\r
            content-type: text/html\r
            connection: close\r
            \r
            <html><body><h1>408 Request Time-out</h1>
            <p>The request did not arrive in time.</p>
            </body></html>

            """
        case 410:
            """
            HTTP/1.1 410 Gone\r
            content-length: 93\r
            cache-control: no-cache\r
            content-type: text/html\r
            \r
            <html><body><h1>410 Gone</h1>
            <p>What was here has been removed for good.</p>
            </body></html>

            """
        case 413:
            """
            HTTP/1.1 413 Payload Too Large\r
            content-length: 113\r
            cache-control: no-cache\r
            content-type: text/html\r
            \r
            <html><body><h1>413 Payload Too Large</h1>
            <p>The request carries more than is accepted here.</p>
            </body></html>

            """
        case 414:
            """
            HTTP/1.1 414 URI Too Long\r
            content-length: 100\r
            cache-control: no-cache\r
            content-type: text/html\r
            connection: close\r
            \r
            <html><body><h1>414 URI Too Long</h1>
            <p>The address in the request is too long.</p>
            </body></html>

            """
        case 421:
            """
            HTTP/1.1 421 Misdirected Request\r
            content-length: 119\r
            cache-control: no-cache\r
            content-type: text/html\r
            \r
            <html><body><h1>421 Misdirected Request</h1>
            <p>This server does not answer for the requested host.</p>
            </body></html>

            """
        case 422:
            """
            HTTP/1.1 422 Unprocessable Content\r
            content-length: 123\r
            cache-control: no-cache\r
            content-type: text/html\r
            \r
            <html><body><h1>422 Unprocessable Content</h1>
            <p>The request was understood but cannot be carried out.</p>
            </body></html>

            """
        case 425:
            """
            HTTP/1.1 425 Too Early\r
            content-length: 118\r
            cache-control: no-cache\r
            content-type: text/html\r
            \r
            <html><body><h1>425 Too Early</h1>
            <p>The request came too early to be safe. Please send it again.</p>
            </body></html>

            """
        case 429:
            """
            HTTP/1.1 429 Too Many Requests\r
            content-length: 130\r
            cache-control: no-cache\r
            content-type: text/html\r
            \r
            <html><body><h1>429 Too Many Requests</h1>
            <p>Too many requests arrived in a short time. Please wait a little.</p>
            </body></html>

            """
        case 431:
            """
            HTTP/1.1 431 Request Header Fields Too Large\r
            content-length: 119\r
            cache-control: no-cache\r
            content-type: text/html\r
            connection: close\r
            \r
            <html><body><h1>431 Request Header Fields Too Large</h1>
            <p>The header of the request is too large.</p>
            </body></html>

            """
        case 500:
            """
            HTTP/1.1 500 Internal Server Error\r
            content-length: 108\r
            cache-control: no-cache\r
            content-type: text/html\r
            \r
            <html><body><h1>500 Internal Server Error</h1>
            <p>Something went wrong inside the proxy.</p>
            </body></html>

            """
        case 501:
            """
            HTTP/1.1 501 Not Implemented\r
            content-length: 117\r
            cache-control: no-cache\r
            content-type: text/html\r
            \r
            <html><body><h1>501 Not Implemented</h1>
            <p>The request asks for something this server cannot do.</p>
            </body></html>

            """
        case 502:
            """
            HTTP/1.1 502 Bad Gateway\r
            content-length: 110\r
            cache-control: no-cache\r
            content-type: text/html\r
            \r
            <html><body><h1>502 Bad Gateway</h1>
            <p>The server behind this proxy sent no valid answer.</p>
            </body></html>

            """
        case 503:
            """
            HTTP/1.1 503 Service Unavailable\r
            content-length: 110\r
            cache-control: no-cache\r
            content-type: text/html\r
            \r
            <html><body><h1>503 Service Unavailable</h1>
            <p>No server can take this request right now.</p>
            </body></html>

            """
        case 504:
            """
            HTTP/1.1 504 Gateway Time-out\r
            content-length: 118\r
            cache-control: no-cache\r
            content-type: text/html\r
            \r
            <html><body><h1>504 Gateway Time-out</h1>
            <p>The server behind this proxy took too long to answer.</p>
            </body></html>

            """
        case 505:
            """
            HTTP/1.1 505 HTTP Version Not Supported\r
            content-length: 124\r
            cache-control: no-cache\r
            content-type: text/html\r
            connection: close\r
            \r
            <html><body><h1>505 HTTP Version Not Supported</h1>
            <p>The HTTP version of the request is not supported.</p>
            </body></html>

            """
        default: nil
        }
    }
}
