// `auth_hmac`: how keys are written, and what the settings become.

import Testing

@testable import VRRPConfig

@Suite struct SignedAdvertTests {
    private static let text = "0123456789abcdef0123456789abcdef"

    private func hmac(
        _ block: String, before: String = "", _ world: VRRPSurroundings = world()
    ) -> (hmac: HMACAuthentication?, texts: [String], grade: ConfigurationGrade) {
        let loaded = load(
            instanceText("virtual_ipaddress { 192.0.2.1 }\n \(before)\n auth_hmac {\n\(block)\n}"),
            world)
        guard case .hmac(let hmac)? = loaded.instance?.authentication else {
            return (nil, loaded.texts, loaded.grade)
        }
        return (hmac, loaded.texts, loaded.grade)
    }

    @Test func `a key is its text, digits, or what a file holds`() throws {
        let digits = (0..<32).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        let files = [
            "/k/text": "\(Self.text)\r\n",
            "/k/digits": "hex:" + digits.joined(separator: " ") + "\n",
        ]
        let read = hmac(
            """
            key 1 \(Self.text)
            key 2 hex:\(digits.joined().uppercased())
            key 3 file:/k/text
            key 4 file:/k/digits
            active_key 3
            """, world(files))
        let keys = try #require(read.hmac?.keys)
        #expect(keys.map(\.id) == [1, 2, 3, 4])
        #expect(keys[0].secret == Array(Self.text.utf8))
        #expect(keys[1].secret == Array(0..<32))
        #expect(keys[2].secret == keys[0].secret)
        #expect(keys[3].secret == keys[1].secret)
        #expect(read.grade == .clean, "\(read.texts)")
    }

    @Test func `a digit that is left over is a byte, and that is said`() throws {
        let read = hmac("key 1 hex:\(String(repeating: "ab", count: 32))d\nactive_key 1")
        #expect(read.hmac?.keys[0].secret.suffix(2) == [0xAB, 0x0D])
        #expect(read.texts.contains { $0.contains("odd number of digits") })
    }

    @Test func `of two keys with one number the first counts, and blocks add up`() throws {
        let other = String(Self.text.reversed())
        let read = hmac(
            "key 2 \(other)\nkey 1 \(other)\nactive_key 2\nmode permissive",
            before: "auth_hmac {\nkey 1 \(Self.text)\ntime_window 9\n}")
        let hmac = try #require(read.hmac)
        #expect(hmac.keys.map(\.id) == [1, 2])
        #expect(hmac.keys[0].secret == Array(Self.text.utf8))
        #expect(hmac.activeKey == 2 && hmac.timeWindowSeconds == 9 && hmac.mode == .permissive)
        #expect(read.texts.contains { $0.contains("stands there twice") })
        #expect(read.grade == .repaired)
    }

    @Test(arguments: [("1.9", 5), ("2.5", 6), ("20", 60), ("40", 120)])
    func `the window follows the whole seconds of the interval`(
        _ interval: String, _ window: Int
    ) {
        let read = hmac(
            "key 1 \(Self.text)\nactive_key 1", before: "version 3\nadvert_int \(interval)")
        #expect(read.hmac?.timeWindowSeconds == window, "\(read.texts)")
    }

    @Test func `strict mode takes signed adverts only`() {
        let read = hmac(
            "key 1 \(Self.text)\nactive_key 1\nmode permissive", before: "strict_mode on")
        #expect(read.hmac?.mode == .enforce)
        #expect(read.texts.contains { $0.contains("strict mode") })
    }

    @Test func `a key that others can read is remarked`() {
        var open = world(["/k": Self.text])
        open.isPrivate = { _ in false }
        let read = hmac("key 1 file:/k\nactive_key 1", open)
        #expect(read.hmac != nil)
        #expect(read.texts.contains { $0.contains("others than its owner") })
    }

    @Test func `a file that is too long for a key is refused`() {
        let long = world(["/k": String(repeating: "x", count: 140)])
        #expect(hmac("key 1 file:/k\nactive_key 1", long).grade == .unusable)
    }
}
