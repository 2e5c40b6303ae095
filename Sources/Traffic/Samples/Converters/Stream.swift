// Converters that act on or ask the stream. Those whose floor is not built yet say so when they are
// used in a configuration.

extension ConverterFamily {
    static let stream = ConverterFamily(
        "stream",
        [
            Converter(
                "set-var", .any, to: .same, takes: [.variable("var")],
                "Sets a variable to the value and passes it on.", Stream.setVariable),
            Converter(
                "unset-var", .any, to: .same, takes: [.variable("var")],
                "Forgets a variable and passes the value on.", Stream.unsetVariable),
            waiting(
                "capture-req", .string, to: .string, "Captures into a request's slot.", captures),
            waiting(
                "capture-res", .string, to: .string, "Captures into a response's slot.", captures),
            waiting("debug", .any, to: .same, "Writes the value to an event sink.", "event sinks"),
            waiting("when", .any, to: .same, "Passes the value on under a condition.", "rules"),
            waiting("nbsrv", .string, to: .integer, "Counts a backend's usable servers.", servers),
            waiting("srv_is_up", .string, to: .boolean, "Tells whether a server is up.", servers),
            waiting("srv_queue", .string, to: .integer, "Counts a server's queue.", servers),
            waiting(
                "x509_v_err_str", .integer, to: .string, "Names an error of a certificate.",
                "TLS, which comes with its own issue"),
            waiting("jwt_verify", .string, to: .integer, "Verifies a token's signature.", keys),
            waiting("fix_is_valid", .binary, to: .boolean, "Checks a FIX message.", messages),
            waiting(
                "fix_tag_value", .binary, to: .binary, "Gives a tag of a FIX message.", messages),
            waiting("mqtt_is_valid", .binary, to: .boolean, "Checks an MQTT packet.", messages),
            waiting(
                "mqtt_field_value", .binary, to: .binary, "Gives a field of an MQTT packet.",
                messages),
            waiting("rfc7239_field", .string, to: .string, "Gives a parameter.", forwardedHeader),
            waiting("rfc7239_is_valid", .string, to: .boolean, "Checks a header.", forwardedHeader),
            Converter(
                "51d.single", .string, to: .string, "Asks 51Degrees about a device.",
                .refused("51Degrees is not part of this program")),
            Converter(
                "da-csv-conv", .string, to: .string, "Asks DeviceAtlas about a device.",
                .refused("DeviceAtlas is not part of this program")),
        ] + tables)

    private static let keys = "public keys come with TLS"
    private static let messages = "its protocol is not read yet"
    private static let forwardedHeader = "the Forwarded header is read with option forwarded"
    private static let captures = "captures come with the rules"
    private static let servers = "the look-up of servers by name comes with the rules"

    private static func waiting(
        _ name: String, _ input: SampleType, to output: SampleType, _ sentence: String,
        _ reason: String
    ) -> Converter {
        Converter(name, input, to: output, sentence, .notYet(reason))
    }

    /// The converters that look a key up in a stick table.
    private static let tables: [Converter] =
        [
            "bytes_in_rate", "bytes_out_rate", "clr_gpc", "clr_gpc0", "clr_gpc1", "conn_cnt",
            "conn_cur", "conn_rate", "expire", "glitch_cnt", "glitch_rate", "gpc", "gpc0",
            "gpc0_rate",
            "gpc1", "gpc1_rate", "gpc_rate", "gpt", "gpt0", "http_err_cnt", "http_err_rate",
            "http_fail_cnt", "http_fail_rate", "http_req_cnt", "http_req_rate", "idle", "inc_gpc",
            "inc_gpc0", "inc_gpc1", "kbytes_in", "kbytes_out", "server_id", "sess_cnt", "sess_rate",
            "trackers",
        ].map { name in
            waiting(
                "table_\(name)", .any, to: .integer, "Reads \(name) of a stick table's entry.",
                "stick tables")
        } + [
            waiting(
                "in_table", .any, to: .boolean, "Looks for a stick table's entry.", "stick tables")
        ]
}

private enum Stream {
    static let setVariable: Converter.Function = { sample, arguments, scratch, environment in
        // A variable that memory limits keep from being set leaves the value as it is.
        _ = environment.set(arguments.variable(0), to: sample, in: scratch)
        return true
    }

    static let unsetVariable: Converter.Function = { _, arguments, _, environment in
        environment.unset(arguments.variable(0))
        return true
    }
}
