// Expressions whose values no two runs share: what holds of all of them.

import Foundation
import Testing

@Suite(.serialized)
struct VolatileTests {
    /// An expression and what its value looks like.
    struct Property: Sendable, CustomTestStringConvertible {
        let expression: String
        /// A regular expression over the whole value.
        let shape: String
        /// Bounds, where the value is a number.
        var range: ClosedRange<Int>?
        /// Whether two values in a row are different.
        var isNew = false

        var testDescription: String { expression }
    }

    /// Seconds since the epoch: between the writing of these tests and far away.
    private static let seconds = 1_700_000_000...4_000_000_000

    private static let properties: [Property] = [
        Property(expression: "date", shape: "[0-9]{10}", range: seconds),
        Property(expression: "date(0)", shape: "[0-9]{10}", range: seconds),
        Property(expression: "date(3600)", shape: "[0-9]{10}", range: seconds),
        Property(expression: "date(-3600)", shape: "[0-9]{10}", range: seconds),
        Property(expression: "date(0,s)", shape: "[0-9]{10}", range: seconds),
        Property(expression: "date(0,ms)", shape: "[0-9]{13}"),
        Property(expression: "date(0,us)", shape: "[0-9]{16}"),
        Property(
            expression: "date,http_date",
            shape: "[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} 20[0-9]{2} [0-9:]{8} GMT"),
        Property(expression: "date,utime(%Y-%m-%d)", shape: "20[0-9]{2}-[01][0-9]-[0-3][0-9]"),
        Property(expression: "date_us", shape: "[0-9]{1,6}", range: 0...999_999),
        Property(expression: "date_us,add(0)", shape: "[0-9]{1,6}", range: 0...999_999),
        Property(expression: "date_us,div(1000)", shape: "[0-9]{1,3}", range: 0...999),
        Property(expression: "rand", shape: "[0-9]{1,10}", range: 0...4_294_967_295, isNew: true),
        Property(expression: "rand(10)", shape: "[0-9]", range: 0...9),
        Property(expression: "rand(1)", shape: "0"),
        Property(
            expression: "rand(1000000000)", shape: "[0-9]{1,9}", range: 0...999_999_999,
            isNew: true),
        Property(
            expression: "uuid",
            shape: "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
            isNew: true),
        Property(
            expression: "uuid(4)",
            shape: "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
            isNew: true),
        Property(expression: "uuid,length", shape: "36"),
        Property(expression: "hostname", shape: hostname),
        Property(expression: "hostname,lower", shape: hostname.lowercased()),
        Property(expression: "hostname,length", shape: "\(hostname.utf8.count)"),
        Property(expression: "thread", shape: "0"),
        Property(expression: "thread,add(1)", shape: "1"),
        Property(expression: "thread,bool", shape: "0"),
        Property(expression: "fe_req_rate", shape: "[0-9]+", range: 1...100_000),
        Property(expression: "fe_req_rate(volatile)", shape: "[0-9]+", range: 1...100_000),
        Property(expression: "fe_req_rate,bool", shape: "1"),
        Property(expression: "fe_sess_rate", shape: "[0-9]+", range: 0...100_000),
        Property(expression: "fe_sess_rate(volatile)", shape: "[0-9]+", range: 0...100_000),
        Property(expression: "fe_conn", shape: "[12]"),
        Property(expression: "cpu_calls", shape: "[0-9]+"),
        Property(expression: "cpu_calls,bool", shape: "1"),
        Property(expression: "cpu_calls,add(0)", shape: "[0-9]+"),
        Property(expression: "cpu_ns_avg", shape: "[0-9]+"),
        Property(expression: "cpu_ns_avg,add(0)", shape: "[0-9]+"),
        Property(expression: "cpu_ns_avg,div(1000)", shape: "[0-9]+"),
        Property(expression: "cpu_ns_tot", shape: "[0-9]+"),
        Property(expression: "cpu_ns_tot,add(0)", shape: "[0-9]+"),
        Property(expression: "cpu_ns_tot,div(1000)", shape: "[0-9]+"),
        Property(expression: "lat_ns_avg", shape: "[0-9]+"),
        Property(expression: "lat_ns_avg,add(0)", shape: "[0-9]+"),
        Property(expression: "lat_ns_avg,div(1000)", shape: "[0-9]+"),
        Property(expression: "lat_ns_tot", shape: "[0-9]+"),
        Property(expression: "lat_ns_tot,add(0)", shape: "[0-9]+"),
        Property(expression: "lat_ns_tot,div(1000)", shape: "[0-9]+"),
        Property(expression: "fe_id", shape: "[0-9]+"),
        Property(expression: "so_id", shape: "[0-9]+"),
        Property(expression: "fe_id,bool", shape: "1"),
        Property(expression: "so_id,bool", shape: "1"),
        Property(expression: "fe_id,add(0)", shape: "[0-9]+"),
        Property(expression: "so_id,add(0)", shape: "[0-9]+"),
    ]

    /// The fetches that are asked here.
    static let names = properties.map { String($0.expression.prefix { !"(,".contains($0) }) }

    private static let hostname = ProcessInfo.processInfo.hostName.split(separator: ".")[0]
        .description

    @Test(arguments: Program.allCases)
    func `volatile values look as they should`(_ program: Program) throws {
        guard program.path != nil else { try Test.cancel("\(program) is not installed") }
        let table = ExpressionTable(
            name: "volatile", expressions: Self.properties.map(\.expression),
            inputs: [.request("once"), .request("twice"), .request("a third time")])
        let proxy = try AskedProxy(program, [table], port: 0)
        let answers = proxy.answers(table)
        for (index, property) in Self.properties.enumerated() {
            let values = answers.map { $0[index] }
            for value in values {
                #expect(value.status == 200, "\(property.expression): \(value)")
                let isWhole = value.text.wholeMatch(of: try Regex(property.shape)) != nil
                #expect(isWhole, "\(property.expression) is \(value.text)")
                if let range = property.range {
                    #expect(
                        range.contains(Int(value.text) ?? -1), "\(property.expression): \(value)")
                }
            }
            if property.isNew { #expect(Set(values.map(\.text)).count == values.count) }
        }
        #expect(proxy.isRunning)
    }

    @Test(arguments: Program.allCases)
    func `dates are now`(_ program: Program) throws {
        guard program.path != nil else { try Test.cancel("\(program) is not installed") }
        let table = ExpressionTable(
            name: "dates", expressions: ["date", "date(100)", "date(0,ms)", "date(-7000000,us)"],
            inputs: [.request("now")])
        let answers = try AskedProxy(program, [table], port: 0).answers(table)[0]
            .map { Double($0.text) ?? 0 }
        let now = Date().timeIntervalSince1970
        #expect(abs(answers[0] - now) < 5 && abs(answers[1] - now - 100) < 5)
        #expect(abs(answers[2] / 1000 - now) < 5 && abs(answers[3] / 1_000_000 - now + 7) < 5)
    }

    @Test(arguments: Program.allCases)
    func `random numbers are spread`(_ program: Program) throws {
        guard program.path != nil else { try Test.cancel("\(program) is not installed") }
        let table = ExpressionTable(
            name: "dice", expressions: Array(repeating: "rand(6)", count: 60),
            inputs: (0..<10).map { .request("throw \($0)") })
        let values = try AskedProxy(program, [table], port: 0).answers(table).flatMap { $0 }
        // 100 of each are to be expected; 50 are five and a half deviations away.
        for face in 0..<6 {
            let count = values.count { $0.text == "\(face)" }
            #expect((50...150).contains(count), "\(face) came \(count) times")
        }
    }
}
