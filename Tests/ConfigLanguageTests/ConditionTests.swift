// Conditions of `.if` and `-cc`.

import ConfigLanguage
import Testing

@Suite struct ConditionTests {
    static let facts = ConfigurationFacts(
        version: ProgramVersion("2.6.12-1+deb12u4"), features: ["THREAD"],
        enabledOptions: ["EPOLL"],
        opensslVersion: ProgramVersion("3.0.11"), tlsLibraryName: "OpenSSL 3.0.11 19 Sep 2023")
    static let environment = Environment(["PATH": "/bin", "HOME": "/root", "EMPTY": ""])

    private func evaluate(_ text: String) -> ConditionOutcome {
        Condition.evaluate(argument: text, environment: Self.environment, facts: Self.facts)
    }

    /// Conditions with the exit status `haproxy -cc` gives each.
    static let verdicts: [(String, Int)] = [
        ("1", 0), ("0", 1), ("", 1), (" ", 1), ("!1", 1), ("!0", 0), ("!!1", 0), ("! 1", 1),
        ("a", 2),
        ("-1", 0), ("+1", 0), ("01", 0), ("0x10", 0), ("0x0", 1), ("0x", 2),
        ("99999999999999999999", 0),
        ("1a", 2), ("1 0", 2), ("1 & 1", 2), ("(1)", 0), ("((1) && (0))", 1), ("(1 )", 0),
        ("( 1)", 0),
        ("!(0)", 0), ("!( 1 )", 1), ("((((1))))", 0), ("(1", 2), ("()", 2), ("&&", 2), ("!", 2),
        ("-", 2),
        ("1 && 0 || 1", 0), ("0 || 1 && 0", 1), ("1&&1", 0), ("1||0", 0), ("1  ||  0", 0),
        ("1||x", 2),
        ("0&&x", 2), ("0&&(", 2), ("1 ||", 2), ("1 || || 1", 2), ("1 &&0", 1),
        ("defined(PATH)", 0), ("defined(NOPE)", 1), ("defined()", 1), ("defined", 1),
        ("defined(PATH", 2),
        ("defined( PATH)", 1), ("defined(PATH )", 1), ("defined (PATH)", 2),
        ("defined(PATH)||0", 0),
        ("defined(PATH)x", 2), ("feature(THREAD)", 0), ("feature(FOO)", 1), ("feature(A,B)", 2),
        ("streq(a,a)", 0), ("streq(a,a) && !streq(a,b)", 0), ("streq(a, a)", 1), ("streq(a)", 2),
        ("streq()", 2), ("streq(,)", 0), ("streq(a", 2), ("streq(a,a))", 2), ("streq(a,a)x", 2),
        ("strneq(a,b,c)", 2), ("streq($HOME,/root)", 1), (#"streq("$HOME",/root)"#, 0),
        ("streq('$HOME',/root)", 1), (#"streq(\"a,b\",\"a,b\")"#, 0),
        (#"streq('"a,b"',\"a,b\")"#, 0),
        ("streq(a b,a  b)", 0), (#"streq(a\x62,ab)"#, 0), (#"streq("a,b",a\,b)"#, 2), ("foo(1)", 2),
        ("version_atleast(2.6)", 0), ("version_before(2.6)", 1), ("version_atleast(2.6.12)", 0),
        ("version_atleast(2.6.99)", 1), ("version_before(2.6.13)", 0),
        ("version_atleast(2.6-dev3)", 0),
        ("version_atleast(2.7-dev1)", 1), ("version_atleast(2.6.12-1+deb12u4)", 0),
        ("version_atleast(2.6.12-2)", 1), ("version_atleast()", 0), ("version_atleast(v2.6)", 0),
        ("openssl_version_atleast(1.1.1)", 0), ("openssl_version_before(3.5.0)", 0),
        ("ssllib_name_startswith(OpenSSL)", 0), ("#", 2), (#""1"#, 2), ("$", 2), (#""${"#, 2),
        ("streq(a,a) # x", 2),
    ]

    @Test(arguments: verdicts)
    func `conditions come out as HAProxy's -cc`(text: String, status: Int) {
        #expect(evaluate(text).status == status)
    }

    @Test(arguments: [
        ("enabled(EPOLL)", 0), ("enabled(FOO)", 1), ("strstr(abc,b)", 0), ("strstr(abc,x)", 1),
        ("strstr(a,)", 0), ("fips_mode()", 1), ("fips_mode", 1), ("awslc_api_atleast(1)", 1),
        ("ssllib_name_startswith(wolfSSL)", 1), ("version_atleast(3.5-dev3)", 1),
        ("version_atleast(v9)", 1),
    ])
    func `predicates of later versions are known`(text: String, status: Int) {
        #expect(evaluate(text).status == status)
    }

    @Test func `parentheses nest to a bound`() {
        let deep = String(repeating: "(", count: 64) + "1" + String(repeating: ")", count: 64)
        #expect(evaluate(deep) == .holds)
        guard case .notUnderstood = evaluate("(\(deep))") else {
            Issue.record("65 levels accepted")
            return
        }
    }

    @Test func `versions have an order`() {
        let ordered = [
            "", "1.1.1", "1.1.1w", "2.4-dev1", "2.4-dev19", "2.4-rc1", "2.4", "2.4.1", "2.6.12-1",
            "3.5-dev0", "v3.5-dev3", "3.5",
        ].map { ProgramVersion($0) }
        for (left, right) in zip(ordered, ordered.dropFirst()) { #expect(left < right) }
        #expect(ProgramVersion("3.5") == ProgramVersion("v3.5.0"))
    }
}

extension ConditionOutcome {
    /// The exit status of `-cc`.
    var status: Int {
        switch self {
        case .holds: 0
        case .fails: 1
        case .notUnderstood: 2
        }
    }
}
