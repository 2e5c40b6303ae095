// Cases of FIX messages and MQTT packets: each row is bytes and the converters that read them.

/// A FIX message of a body whose fields end with `|`, with its length and its sum.
private func message(
    _ body: String, version: String = "FIX.4.4", length: String? = nil, sum: String? = nil,
    tail: String = ""
) -> String {
    let fields = "\(body)".map { $0 == "|" ? UInt8(1) : $0.asciiValue! }
    var bytes = Array("8=\(version)".utf8) + [1]
    bytes += Array("9=\(length ?? "\(fields.count)")".utf8) + [1] + fields
    let digits = "\(1000 + bytes.reduce(0) { $0 + Int($1) } % 256)".dropFirst()
    bytes += Array("10=\(sum ?? String(digits))".utf8) + [1] + Array(tail.utf8)
    return bin(bytes)
}

private func bin(_ bytes: [UInt8]) -> String {
    "bin(" + bytes.map { String($0, radix: 16).leftPadded }.joined() + ")"
}

extension String {
    fileprivate var leftPadded: String { count < 2 ? "0" + self : self }
}

private let body = "35=A|49=CLIENT1|56=EX|34=1|"
private let readers = [
    "fix_is_valid", "fix_tag_value(35)", "fix_tag_value(SenderCompID)", "fix_tag_value(checksum)",
]

let fixCases: [Case] =
    [
        message(body), message(body, version: "FIX.4.0"), message(body, version: "FIXT.1.1"),
        message(body, version: "FIX.5.0"), message(body, version: "fix.4.4"),
        message(body, length: "28"), message(body, length: "027"), message(body, length: "27x"),
        message(body, length: ""), message(body, sum: "001"), message(body, sum: "25"),
        message(body, sum: "0252"), message(body, tail: "8=FIX"), message("35=A|"),
        message("49=C|35=A|"), message("35=A|=5|49=B|"), message("35=A|49=|"),
        message("35=A|98|49=B|"), message("35=A|4x=3|49=B|"), message("35=A|0=3|49=B|"),
        message("35=A|49=a=b|"), message("35=A|956=1|"), message("35=A|957=1|"),
        message("35=A|140=1|", version: "FIX.4.0"), message("35=A|141=1|", version: "FIX.4.0"),
        message("35=A|10000=1|"), message("35=A|19999=1|"), message("35=A|20000=1|"),
        message("35=A|10=123|49=B|"), message("35=A|35=B|49=X|49=Y|"), message("35=|35=B|"),
        "str(8)", "str()", "str('8=FIX.4.4')", "str('a longer text without an equals sign')",
        "str('9=5 and what comes is no end at all')",
        "bin(393d3501383d4649582e342e340133353d410134393d58585858585858)",
    ].flatMap { input in readers.map { .same("\(input),\($0)") } } + [
        .ours(message("35=A|4294967331=1|") + ",fix_is_valid", "0", "2.6 drops high bits"),
        .ours(message("35=A|4294967345=1|") + ",fix_tag_value(49)", nil, "2.6 drops high bits"),
    ]

private let connect = [
    "mqtt_is_valid", "mqtt_field_value(connect,flags)", "mqtt_field_value(1,protocol_name)",
    "mqtt_field_value(Connect,protocol_version)", "mqtt_field_value(connect,client_identifier)",
    "mqtt_field_value(connect,will_topic)", "mqtt_field_value(connect,will_payload)",
    "mqtt_field_value(connect,username)", "mqtt_field_value(connect,password)",
    "mqtt_field_value(connect,KeepAlive)", "mqtt_field_value(connect,17)",
    "mqtt_field_value(connect,39)", "mqtt_field_value(connect,23)",
    "mqtt_field_value(connect,24)", "mqtt_field_value(connect,3)", "mqtt_field_value(connect,9)",
    "mqtt_field_value(connack,flags)",
]
private let acknowledgement = [
    "mqtt_is_valid", "mqtt_field_value(connack,flags)", "mqtt_field_value(2,protocol_version)",
    "mqtt_field_value(connack,reason_code)", "mqtt_field_value(connack,17)",
    "mqtt_field_value(connack,33)", "mqtt_field_value(connack,36)",
    "mqtt_field_value(connack,18)", "mqtt_field_value(connack,31)",
    "mqtt_field_value(connect,flags)",
]

private let connectPackets = [
    "101a00044d51545404c2003c00000004746573740006706173737764",
    "103a00044d51545404ee003c0008746573745f737562000977696c6c746f706963000b77696c6c70"
        + "61796c6f61640004746573740006706173737764",
    "101800044d5154540502003c032100140008746573745f737562",
    "107e00044d51545405ee003c18270000001417012600016100016226000163000164210014000874"
        + "6573745f7375622a03000a746578742f706c61696e08000c77696c6c727370746f70696326000165"
        + "00016626000167000168000977696c6c746f706963000b77696c6c7061796c6f6164000474657374"
        + "0006706173737764",
    "10",
    "101a",
    "101a00044d51545404c2",
    "101a00044d51545404c2003c000000047465737400067061737377",
    "101a00044d51545404c2003c0000000474657374000670617373776478",
    "111a00044d51545404c2003c00000004746573740006706173737764",
    "109a0000044d51545404c2003c00000004746573740006706173737764",
    "10ffffffff1400",
    "101b00044d51545404c2003c00000004746573740006706173737764",
    "101b00044d51545404c2003c0000000474657374000670617373776400",
    "101900044d51545404c2003c00000004746573740006706173737764",
    "d000",
    "100f00064d51497364700302003c000161",
    "100d00046d7174740400003c000161",
    "100d00044d5154780400003c000161",
    "100d00044d5154540600003c000161",
    "100d00044d5154540401003c000161",
    "100d00044d5154540418003c000161",
    "101300044d5154540502003c051100000007000161",
    "101800044d5154540502003c0a11000000071100000007000161",
    "101100044d5154540502003c03210000000161",
    "101000044d5154540502003c021702000161",
    "101200044d5154540502003c0416000178000161",
    "101600044d5154540502003c081500016d16000178000161",
    "101100044d5154540502003c03160000000161",
    "101200044d5154540502003c0412000178000161",
    "101200044d5154540502003c042600016b000161",
    "101300044d5154540502003c051500056162000161",
    "101000044d5154540502003c029100000161",
    "102500044d5154540504003c00000161101800000007030003742f700900020001000174000170",
    "101700044d5154540504003c00000161020102000174000170",
    "100d00044d5154540502003c000000",
    "100e00044d5154540580003c00000161",
    "100f00044d5154540502003c0000016178",
    "101400044d51545405c0003c00000161000000020070",
]

private let acknowledgements = [
    "20020000",
    "20020105",
    "20020200",
    "2000",
    "200100",
    "2003000000",
    "200400000000",
    "200600000322000a",
    "20250000221100000078217fff24012501270000ffff22000a2600016100016226000163000164",
    "2002",
    "21020000",
    "200e00000b1f00037768791200026964",
    "20050000022402",
    "2006000003120000",
    "200700000416000178",
    "20050000052401",
    "20050000012401",
    "200500000224017a7a",
    "200700000425002500",
]

let mqttCases: [Case] =
    connectPackets.flatMap { input in connect.map { .same("bin(\(input)),\($0)") } }
    + acknowledgements.flatMap { input in
        acknowledgement.map { .same("bin(\(input)),\($0)") }
    } + [
        .ours("bin(200200009000),mqtt_is_valid", "1", "2.6 takes no packet behind it"),
        .ours("bin(2004000002ff),mqtt_is_valid", "0", "2.6 waits for more"),
        .ours("bin(200300c880),mqtt_is_valid", "0", "2.6 takes a length without an end"),
        .ours(
            "bin(101200044d5154540482003c0000000474007374),mqtt_field_value(connect,username)",
            nil, "2.6 gives texts with a zero byte"),
    ]
