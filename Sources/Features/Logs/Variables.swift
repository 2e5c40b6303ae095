// The rows of log variables: what may follow `%` in a log format.
// Source: configuration manual, "Custom log format".

/// What a `%` alias stands for.
enum LogVariable: UInt8, CaseIterable, Sendable {
    case acceptDateUTC, acceptDateLocal, acceptSeconds, acceptDate, acceptMilliseconds
    case requestDate, requestDateUTC, requestDateLocal
    case activeTime, connectTime, dataTime, handshakeTime, idleTime, queryTime, requestTime
    case responseTime, totalTime, userTime, queueTime
    case bytesToClient, bytesFromClient
    case requestCookie, responseCookie, hostName
    case method, uriWithoutQuery, pathOnly, query, uri, version
    case uniqueID, status
    case activeConnections, frontendConnections, backendConnections, serverConnections
    case backendName, frontendName, frontendTransport, serverName
    case sourceAddress, sourcePort, clientAddress, clientPort
    case destinationAddress, destinationPort, serverAddress, serverPort
    case backendQueue, serverQueue
    case lineCounter, requestHeaders, requestHeadersCLF, responseHeaders, responseHeadersCLF
    case origin, processID, requestLine, retries, requestCounter
    case cipher, tlsVersion, termination, terminationWithCookies
}

/// One alias as the user writes it.
struct LogVariableRow: Sendable {
    let alias: String
    let variable: LogVariable
    /// Only for proxies in HTTP mode.
    let isHTTPOnly: Bool
    /// One line of manual.
    let sentence: String

    init(_ alias: String, _ variable: LogVariable, http: Bool = false, _ sentence: String) {
        self.alias = alias
        self.variable = variable
        isHTTPOnly = http
        self.sentence = sentence
    }
}

extension LogVariable {
    /// Every alias of the manual but `%o`, which only carries flags.
    static let rows = [
        LogVariableRow("T", .acceptDateUTC, "Date of the accept, UTC, with its zone."),
        LogVariableRow("Tl", .acceptDateLocal, "Date of the accept, local, with its zone."),
        LogVariableRow("Ts", .acceptSeconds, "Date of the accept in seconds since 1970."),
        LogVariableRow("t", .acceptDate, "Date of the accept, local, with milliseconds."),
        LogVariableRow("ms", .acceptMilliseconds, "Milliseconds of the accept date."),
        LogVariableRow("tr", .requestDate, http: true, "Date of the request, with milliseconds."),
        LogVariableRow("trg", .requestDateUTC, http: true, "Date of the request, UTC, with zone."),
        LogVariableRow(
            "trl", .requestDateLocal, http: true, "Date of the request, local, with zone."),
        LogVariableRow("Ta", .activeTime, http: true, "From the request's first byte to the end."),
        LogVariableRow("Tc", .connectTime, "Time to connect to the server."),
        LogVariableRow("Td", .dataTime, "Time the response's data took."),
        LogVariableRow("Th", .handshakeTime, "Time of the client's handshakes."),
        LogVariableRow("Ti", .idleTime, http: true, "Idle time before the request."),
        LogVariableRow("Tq", .queryTime, http: true, "Handshakes, idle time and request together."),
        LogVariableRow(
            "TR", .requestTime, http: true, "From the request's first byte to its last."),
        LogVariableRow("Tr", .responseTime, http: true, "Time until the server's response head."),
        LogVariableRow("Tt", .totalTime, "From the accept to the end."),
        LogVariableRow("Tu", .userTime, "The whole time as the user sees it."),
        LogVariableRow("Tw", .queueTime, "Time spent in queues."),
        LogVariableRow("B", .bytesToClient, "Bytes sent to the client."),
        LogVariableRow("CC", .requestCookie, http: true, "The cookie captured in the request."),
        LogVariableRow("CS", .responseCookie, http: true, "The cookie captured in the response."),
        LogVariableRow("H", .hostName, "The name of this host."),
        LogVariableRow("HM", .method, http: true, "The request's method."),
        LogVariableRow("HP", .uriWithoutQuery, http: true, "The request's URI without its query."),
        LogVariableRow("HPO", .pathOnly, http: true, "The request's path alone."),
        LogVariableRow("HQ", .query, http: true, "The request's query with its question mark."),
        LogVariableRow("HU", .uri, http: true, "The request's URI."),
        LogVariableRow("HV", .version, http: true, "The request's HTTP version."),
        LogVariableRow("ID", .uniqueID, "The unique id."),
        LogVariableRow("ST", .status, "The response's status."),
        LogVariableRow("U", .bytesFromClient, "Bytes received from the client."),
        LogVariableRow("ac", .activeConnections, "Connections of the process."),
        LogVariableRow("b", .backendName, "The backend's name."),
        LogVariableRow("bc", .backendConnections, "Streams of the backend."),
        LogVariableRow("bi", .sourceAddress, "Our address towards the server."),
        LogVariableRow("bp", .sourcePort, "Our port towards the server."),
        LogVariableRow("bq", .backendQueue, "Streams ahead in the backend's queue."),
        LogVariableRow("ci", .clientAddress, "The client's address."),
        LogVariableRow("cp", .clientPort, "The client's port."),
        LogVariableRow("f", .frontendName, "The frontend's name."),
        LogVariableRow("fc", .frontendConnections, "Connections of the frontend."),
        LogVariableRow("fi", .destinationAddress, "The address the client came to."),
        LogVariableRow("fp", .destinationPort, "The port the client came to."),
        LogVariableRow("ft", .frontendTransport, "The frontend's name, with ~ behind it over TLS."),
        LogVariableRow("lc", .lineCounter, "How many lines the frontend has logged."),
        LogVariableRow("hr", .requestHeaders, "Fields captured in the request."),
        LogVariableRow("hrl", .requestHeadersCLF, "Fields captured in the request, for CLF."),
        LogVariableRow("hs", .responseHeaders, "Fields captured in the response."),
        LogVariableRow("hsl", .responseHeadersCLF, "Fields captured in the response, for CLF."),
        LogVariableRow("OG", .origin, "At which point the line was made."),
        LogVariableRow("pid", .processID, "The process."),
        LogVariableRow("r", .requestLine, http: true, "The request line."),
        LogVariableRow(
            "rc", .retries, "Connection retries, with + before them after a redispatch."),
        LogVariableRow("rt", .requestCounter, "The number of the request or TCP session."),
        LogVariableRow("s", .serverName, "The server's name."),
        LogVariableRow("sc", .serverConnections, "Streams of the server."),
        LogVariableRow("si", .serverAddress, "The server's address."),
        LogVariableRow("sp", .serverPort, "The server's port."),
        LogVariableRow("sq", .serverQueue, "Streams ahead in the server's queue."),
        LogVariableRow("sslc", .cipher, "The TLS cipher towards the client."),
        LogVariableRow("sslv", .tlsVersion, "The TLS version towards the client."),
        LogVariableRow("ts", .termination, "The state at the end, two characters."),
        LogVariableRow("tsc", .terminationWithCookies, "The state at the end with the cookie's."),
    ]
}

/// The formats behind `option tcplog` and its kin.
enum StandardFormat {
    static let tcp =
        "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq"
    static let tcpCLF =
        #"%{+Q}o %{-Q}ci - - [%T] "TCP " 000 %B "" "" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U %ts-- "#
        + #"%ac %fc %bc %sc %rc %sq %bq "" "" "#
    static let http = """
        %ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc \
        %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r
        """
    static let httpCLF = """
        %{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc \
        %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl
        """
    /// What `option httpslog` shows for a connection without TLS.
    static let https = http + " 0/-/-/-/0 -/%sslv/%sslc"
    /// Without any format option: one line when a connection is accepted.
    static let connectTCP = "Connect from %ci:%cp to %fi:%fp (%f/TCP)"
    static let connectHTTP = "Connect from %ci:%cp to %fi:%fp (%f/HTTP)"
    /// A connection that failed before there was a stream.
    static let error = "%ci:%cp [%t] %f: Connection error"
}
