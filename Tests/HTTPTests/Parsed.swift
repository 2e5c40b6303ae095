// A head parsed for a test, with everything the test may ask about.

@testable import HTTP

/// A parsed head and the bytes it came from.
struct Parsed {
    var bytes: [UInt8]
    var result: HTTP1.HeadResult
    var head = MessageHead()
    var lines: [FieldLine] = []

    init(request text: String, policy: HTTP1.Policy = []) {
        self.init(request: Array(text.utf8), policy: policy)
    }

    init(request bytes: [UInt8], policy: HTTP1.Policy = [], capacity: Int = 100) {
        self.bytes = bytes
        var table = FieldTable(capacity: capacity)
        result = HTTP1.parseRequest(bytes.span, policy: policy, into: &table, head: &head)
        lines = table.all
    }

    init(
        response bytes: [UInt8], to method: Method = .get, upgradeAsked: Bool = false,
        policy: HTTP1.Policy = []
    ) {
        self.bytes = bytes
        var table = FieldTable(capacity: 100)
        result = HTTP1.parseResponse(
            bytes.span, to: method, upgradeAsked: upgradeAsked, policy: policy, into: &table,
            head: &head)
        lines = table.all
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// Names of the lines that are forwarded.
    var kept: [String] {
        lines.filter { !$0.isRemoved }.map { text($0.name).lowercased() }
    }
}

extension FieldTable {
    /// All lines as an array.
    var all: [FieldLine] { (0..<count).map { self[$0] } }
}
