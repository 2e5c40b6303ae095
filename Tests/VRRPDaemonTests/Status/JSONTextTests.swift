// JSON of ours is read by the toolchain's reader, whatever a name holds.

import Foundation
import Testing
import VRRPProtocol

@testable import VRRPDaemon

func parsed(_ bytes: [UInt8]) throws -> Any {
    try JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed])
}

@Suite struct JSONTextTests {
    @Test(arguments: [JSONText.Solidus.plain, .escaped])
    func `any text comes back as it was`(solidus: JSONText.Solidus) throws {
        var json = JSONText(solidus: solidus)
        json.array { json in
            for name in hostileNames { json.string(name) }
            for scalar in (0..<0x250).compactMap(Unicode.Scalar.init) {
                json.string(String(scalar))
            }
        }
        let texts = try #require(try parsed(json.bytes) as? [String])
        #expect(Array(texts.prefix(hostileNames.count)) == hostileNames)
        #expect(
            texts.dropFirst(hostileNames.count).map { $0.unicodeScalars.first?.value ?? 9999 }
                == Array(0..<0x250))
        #expect(!json.bytes.contains { $0 < 0x20 || $0 == 0x7F }, "control characters are escaped")
    }

    @Test func `bytes that are not UTF-8 still give a text`() throws {
        var json = JSONText()
        json.string([0x61, 0xFF, 0xC3, 0x28, 0xED, 0xA0, 0x80])
        #expect(try parsed(json.bytes) is String)
    }

    @Test func `nesting puts commas and colons where they belong`() {
        var json = JSONText()
        json.object { json in
            json.member("a") { json in
                json.array { json in
                    json.array { _ in }
                    json.object { _ in }
                    json.number(1)
                    json.null()
                }
            }
            json.member("b", ifPresent: nil as String?)
            json.member("c", true)
            json.member("d", ["x", "y"])
            json.member("e", UInt64.max)
        }
        #expect(
            json.text
                == #"{"a":[[],{},1,null],"c":true,"d":["x","y"],"e":18446744073709551615}"#)
    }

    @Test func `fractions are exact`() {
        #expect(JSONText.decimal(1_795_782_498_250_014, digits: 6) == "1795782498.250014")
        #expect(JSONText.decimal(5, digits: 6) == "0.000005")
        #expect(JSONText.decimal(-1_500_000, digits: 6) == "-1.500000")
        #expect(JSONText.decimal(Int64.min, digits: 6) == "-9223372036854.775808")
        #expect(JSONText.shortDecimal(500_000_000, digits: 9) == "0.5")
        #expect(JSONText.shortDecimal(3_000_000_000, digits: 9) == "3")
        #expect(JSONText.shortDecimal(0, digits: 9) == "0")
    }

    @Test func `the status is JSON with every instance and tracker in it`() throws {
        let status = sampleStatus()
        let object = try #require(try parsed(Report.json(of: status)) as? [String: Any])
        let instances = try #require(object["instances"] as? [[String: Any]])
        #expect(instances.map { $0["name"] as? String } == hostileNames)
        #expect(instances[0]["state"] as? String == "master")
        #expect(instances[0]["split"] as? Bool == true)
        let rejections = try #require(instances[0]["rejections"] as? [String: Int])
        #expect(rejections == ["ttl": 1, "auth_data": 2])
        let trackers = try #require(object["trackers"] as? [[String: Any]])
        #expect(trackers.map { $0["name"] as? String } == hostileNames)
        #expect(trackers.last?["good"] is NSNull)
    }

    @Test func `the table can do a terminal no harm`() {
        let text = Report.text(of: sampleStatus())
        #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || $0.value == 0x7F })
        #expect(text.contains("TWO MASTERS NOW"))
        #expect(text.contains("interface eth0 is down?"))
        #expect(text.contains("plain: rejected: ttl 1, auth_data 2"))
        #expect(text.contains("plain: master without 10.0.1.4"))
        #expect(!text.contains { $0 == "\u{2028}" })
    }

    @Test func `spans are shown in the unit that fits`() {
        let second: UInt64 = 1_000_000_000
        #expect(Report.span(nanoseconds: 12_345) == "12 us")
        #expect(Report.span(nanoseconds: 350_000_000) == "350 ms")
        #expect(Report.span(nanoseconds: 99 * second) == "99 s")
        #expect(Report.span(nanoseconds: 605 * second) == "10 min 05 s")
        #expect(Report.span(nanoseconds: 11_100 * second) == "3 h 05 min")
        #expect(Report.span(nanoseconds: 187_200 * second) == "2 d 04 h")
    }
}
