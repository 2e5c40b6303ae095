// Cases of arithmetic, with the ends of the range.

private let least = "-9223372036854775808"
private let most = "9223372036854775807"

private func ends(_ name: String) -> [Case] {
    var cases: [Case] = []
    for left in ["0", "1", "-7", "9", least, most] {
        for right in ["0", "-1", "2", least, most] {
            // 2.6 wraps sums of two negative numbers.
            let isSum = name == "add" && left.hasPrefix("-") && right.hasPrefix("-")
            let isDifference = name == "sub" && left.hasPrefix("-") && !right.hasPrefix("-")
            cases.append(
                Case(
                    expression: "int(\(left)),\(name)(\(right))",
                    since: isSum || isDifference ? 302 : 206, expected: nil, reason: nil))
        }
    }
    cases.append(.same("int(6),\(name)(txn.n)"))
    cases.append(.same("int(6),\(name)(txn.v)"))
    cases.append(.same("int(6),\(name)(txn.none)"))
    return cases
}

let numberCases: [Case] =
    ["add", "sub", "mul", "div", "mod", "and", "or", "xor"].flatMap(ends)
    + ["neg", "cpl", "bool", "not", "odd", "even"].flatMap { name in
        ["0", "1", "-1", "-2", "6", least, most].map { Case.same("int(\($0)),\(name)") }
    } + [
        .same("str(12abc),add(1)"),
        .same("bool(true),add(1)"), .same("bool(true),sub(1)"), .same("bool(true),neg"),
        .same("bool(true),cpl"), .same("bool(true),mul(5),concat(x)"), .same("bool(true),and(2)"),
        .same("bool(true),add(1),crc32"), .same("bool(true),add(1),bool"),
        .same("bool(true),sub(1),iif(a,b)"), .same("bool(false),add(txn.n),concat(x)"),
        .same("ipv4(0.0.1.0),add(1)"),
        .same("int(1),add"), .same("int(1),add()"), .same("int(1),add(+5)"),
        .new("int(1),htonl", "00000001"), .new("int(16909060),htonl", "01020304"),
        .new("int(-2),htonl", "FFFFFFFE"), .new("int(4294967297),htonl", "00000001"),
    ]
