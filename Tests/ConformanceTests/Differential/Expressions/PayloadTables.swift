// Expressions about raw bytes: chapter 7.3.5 of the configuration manual, and converters of what
// messages in them say.

extension ExpressionTable {
    static let payloadTables = [payloads, speeches]

    private static let payloads = ExpressionTable(
        name: "payloads", kind: .relayedRequest,
        expressions: [
            "req.len", "req_len", "req.len,add(1)", "req.payload(0,0)", "req.payload(0,1)",
            "req.payload(0,5)", "req.payload(3,2)", "req.payload(5,0)", "req.payload(0,4000)",
            "req.payload(200,1)", "payload(0,2)", "payload(1,0)", "payload(2,3)",
            "req.payload_lv(0,1)", "req.payload_lv(3,2)", "req.payload_lv(0,2)",
            "req.payload_lv(43,1)", "req.payload_lv(1,1,3)", "req.payload_lv(1,1,+1)",
            "payload_lv(0,1)", "payload_lv(3,2)", "payload_lv(4,1,0)", "req.proto_http",
            "req_proto_http", "req.rdp_cookie", "req.rdp_cookie(mstshash)", "req.rdp_cookie(msts)",
            "rdp_cookie", "rdp_cookie(mstshash)", "rdp_cookie(none)", "req.rdp_cookie_cnt",
            "req.rdp_cookie_cnt(mstshash)", "req.rdp_cookie_cnt(none)", "rdp_cookie_cnt",
            "rdp_cookie_cnt(mstshash)", "rdp_cookie_cnt(none)", "req.ssl_alpn", "req.ssl_ec_ext",
            "req.ssl_hello_type", "req_ssl_hello_type", "req.ssl_sni", "req_ssl_sni",
            "req.ssl_st_ext", "req.ssl_ver", "req_ssl_ver", "req.ssl_sni,lower",
            "req.ssl_sni,length", "distcc_param(ARGC)", "distcc_param(ARGV,2)",
            "distcc_param(NONE)", "distcc_body(ARGV)", "distcc_body(ARGV,2)", "distcc_body(DOTI)",
            "distcc_body(ARGV,9)", "wait_end", "wait_end,not", "wait_end,add(1)",
            "req.payload(0,0),mqtt_is_valid",
            "req.payload(0,0),mqtt_field_value(connect,client_identifier)",
            "req.payload(0,0),mqtt_field_value(connect,username)",
            "req.payload(0,0),mqtt_field_value(connect,password)",
            "req.payload(0,0),mqtt_field_value(connect,protocol_version)",
            "req.payload(0,0),mqtt_field_value(connect,flags)",
            "req.payload(0,0),mqtt_field_value(connect,17)",
            "req.payload(0,0),mqtt_field_value(connack,reason_code)", "req.payload(0,0),hex",
            "req.payload(0,0),length", "req.payload(0,4),be2dec(-,1)", "src", "src_port", "dst",
            "fe_name", "req.payload(0,3),lower", "req.payload(0,0),crc32",
        ],
        inputs: [
            .hex("one byte", "00"), .hex("a length", "0568656c6c6f21"),
            .hex("a length that lies", "0968656c6c6f"), .hex("zeros", "000000000000000000000000"),
            Input(description: "text", request: Input.bytes("hello world\r\n")),
            Input(description: "HTTP", request: Input.bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n")),
            Input(description: "half of HTTP", request: Input.bytes("GET / HT")),
            Input(description: "HTTP/0.9", request: Input.bytes("GET /\r\n")),
            Input(description: "much", request: Array(repeating: 0x61, count: 1500)),
            .hex(
                "ClientHello with everything",
                "1603010078010000740303000102030405060708090a0b0c0d0e0f101112131415161718191a"
                    + "1b1c1d1e1f0000021301010000490000001500130000107777772e6578616d706c652e746573"
                    + "740010000e000c02683208687474702f312e31002b0006050403040303000a00060004001d00"
                    + "1700230000000b00020100"),
            .hex(
                "ClientHello with a ticket",
                "160301004a010000460303000102030405060708090a0b0c0d0e0f101112131415161718191a"
                    + "1b1c1d1e1f00000213010100001b0000000b0009000006612e74657374002300085454545454"
                    + "545454"),
            .hex(
                "ClientHello without extensions",
                "160301002d010000290303000102030405060708090a0b0c0d0e0f101112131415161718191a"
                    + "1b1c1d1e1f00000213010100"),
            .hex(
                "ClientHello of no extension",
                "160301002f0100002b0303000102030405060708090a0b0c0d0e0f101112131415161718191a"
                    + "1b1c1d1e1f000002130101000000"),
            .hex(
                "ClientHello of TLS 1.0",
                "16030100400100003c0301000102030405060708090a0b0c0d0e0f101112131415161718191a"
                    + "1b1c1d1e1f0000021301010000110000000d000b0000086f6c642e74657374"),
            .hex(
                "ClientHello with an empty name",
                "1603010038010000340303000102030405060708090a0b0c0d0e0f101112131415161718191a"
                    + "1b1c1d1e1f000002130101000009000000050003000000"),
            .hex(
                "half a ClientHello",
                "1603010078010000740303000102030405060708090a0b0c0d0e0f101112131415161718191a"
                    + "1b1c1d1e1f0000021301010000490000001500130000"),
            .hex(
                "ClientHello with a session",
                "160301005e0100005a0303000102030405060708090a0b0c0d0e0f101112131415161718191a"
                    + "1b1c1d1e1f200000000000000000000000000000000000000000000000000000000000000000"
                    + "000213010100000f0000000b0009000006732e74657374"),
            .hex("a record header", "1603010078"),
            .hex(
                "ServerHello",
                "160303002a020000260303000000000000000000000000000000000000000000000000000000"
                    + "000000000000130100"),
            .hex("an alert", "15030300020228"),
            .hex(
                "ClientHello of wrong lengths",
                "1603010078010000740303000102030405060708090a0b0c0d0e0f101112131415161718191a"
                    + "1b1c1d1e1f00000213010100ffff0000001500130000107777772e6578616d706c652e746573"
                    + "740010000e000c02683208687474702f312e31002b0006050403040303000a00060004001d00"
                    + "1700230000000b00020100"),
            .hex(
                "ClientHello of SSL 2",
                "802e0103010015000000100100800300800600400700c000000200000500000a010203040506"
                    + "0708090a0b0c0d0e0f10"),
            .hex(
                "MQTT CONNECT",
                "102000044d51545404c2003c0008636c69656e742d31000475736572000470617373"),
            .hex("MQTT 5 CONNECT", "101600044d5154540502000a05110000000a000466697665"),
            .hex("MQTT CONNACK", "20020000"),
            .hex("MQTT of another name", "100d00044d5154580402003c000163"),
            .hex(
                "RDP",
                "0300002b26e00000000000436f6f6b69653a206d737473686173683d74696765720d0a010008"
                    + "0003000000"),
            .hex(
                "RDP of another cookie",
                "0300003732e00000000000436f6f6b69653a206d7374733d333634303230353232382e313536"
                    + "32392e303030300d0a0100080003000000"),
            .hex("RDP without cookie", "0300001510e000000000000d0a0100080003000000"),
            .hex("RDP cut short", "0300002b26e00000000000436f6f6b69653a206d"),
            .hex(
                "distcc",
                "4449535430303030303030324152474330303030303030324152475630303030303030326363"
                    + "4152475630303030303030322d63444f5449303030303030303568656c6c6f"),
            .hex(
                "distcc cut short",
                "4449535430303030303030324152474330303030303030324152475630303030303030326363"
                    + "4152"),
        ])

    private static let speeches = ExpressionTable(
        name: "speeches", kind: .relayedResponse,
        expressions: [
            "res.len", "res.len,add(1)", "res.len,bool", "res.payload(0,0)", "res.payload(0,3)",
            "res.payload(2,2)", "res.payload(100,1)", "res.payload_lv(0,1)", "res.payload_lv(1,2)",
            "res.payload_lv(0,1,+2)", "res.ssl_hello_type", "rep_ssl_hello_type",
            "res.payload(0,0),hex", "res.ssl_hello_type,add(1)", "be_name", "srv_name",
            "bc_http_major", "payload(0,2)", "payload(0,0)", "payload(3,1)",
            "rep_ssl_hello_type,bool", "rep_ssl_hello_type,add(1)", "payload_lv(0,1)",
        ],
        inputs: [
            Input(
                description: "text", request: [],
                reply: Input.hex(
                    "",
                    "3232302072656164790d0a"
                ).request),
            Input(
                description: "a length", request: [],
                reply: Input.hex(
                    "",
                    "03616263646566"
                ).request),
            Input(
                description: "a length that lies", request: [],
                reply: Input.hex(
                    "",
                    "306162"
                ).request),
            Input(
                description: "ServerHello", request: [],
                reply: Input.hex(
                    "",
                    "160303002a020000260303000000000000000000000000000000000000000000000000"
                        + "000000000000000000130100"
                ).request),
            Input(
                description: "ClientHello", request: [],
                reply: Input.hex(
                    "",
                    "160301003e0100003a0303000102030405060708090a0b0c0d0e0f1011121314151617"
                        + "18191a1b1c1d1e1f00000213010100000f0000000b0009000006612e74657374"
                ).request),
            Input(
                description: "zeros", request: [],
                reply: Input.hex(
                    "",
                    "0000000000000000"
                ).request),
            Input(description: "one byte", request: [], reply: Input.hex("", "5a").request),
            Input(description: "much", request: [], reply: Array(repeating: 0x62, count: 3000)),
        ])
}
