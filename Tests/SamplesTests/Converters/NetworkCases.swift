// Cases of addresses, of Host headers, and of casts.

let networkCases: [Case] = [
    .same("ipv4(1.2.3.4),ipmask(24)"), .same("ipv4(1.2.3.4),ipmask(0)"),
    .same("ipv4(1.2.3.4),ipmask(32)"), .same("ipv4(1.2.3.4),ipmask(255.255.0.0)"),
    .same("ipv4(1.2.3.4),ipmask(24),ipmask(16)"), .same("ipv6(1:2:3:4:5:6:7:8),ipmask(24)"),
    .same("ipv6(1:2:3:4:5:6:7:8),ipmask(24,64)"), .same("ipv6(1:2:3:4:5:6:7:8),ipmask(24,ffff::)"),
    .same("ipv6(1:2:3:4:5:6:7:8),ipmask(24,64),ipmask(16,32)"),
    .same("ipv6(::ffff:1.2.3.4),ipmask(24)"), .new("str(::1),ipmask(32,64)", "0.0.0.1"),
    .same("str(1.2.3.4),ipmask(24)"), .same("int(16909060),ipmask(32)"),
    .new("ipv6(::1.2.3.4),ipmask(24)", "1.2.3.0"),
    .new("ipv6(2002:0102:0304::5),ipmask(24,64)", "1.2.3.0"),
    .new("ipv6(64:ff9b::1.2.3.4),ipmask(24)", nil),
    .same("str(EX.com:80),host_only"), .same("str(EX.com),host_only"),
    .same("str([::1]:80),host_only"), .same("str([::1]),host_only"), .same("str(),host_only"),
    .same("str([::1),host_only"), .same("str(a:b:c),host_only"),
    .same("str(h:80),port_only"), .same("str(h:),port_only"), .same("str(h),port_only"),
    .same("str([::1]:99999),port_only"), .same("str([::1]),port_only"),
    .ours("str(h:ab),port_only", "0", "letters are not digits"),
]

let castCases: [Case] = [
    .same("str(-12),add(0)"), .same("str(+12),add(0)"), .same("str(),add(0)"),
    .same("str(abc),add(0)"), .same("str(99999999999999999999),add(0)"),
    .same("str(-99999999999999999999),add(0)"), .same("str(\" 5\"),add(0)"),
    .same("str(01.2.3.4),ipmask(32)"), .same("str(1.2.3.4x),ipmask(32)"),
    .same("str(1.2.3.4:80),ipmask(32)"), .same("str(1.2.3),ipmask(32)"),
    .same("str(1.2.3.256),ipmask(32)"), .same("str(1.2.3.4.),ipmask(32)"),
    .same("str(1..2.3.4),ipmask(32)"), .same("str(1.2.3.4.5),ipmask(32)"),
    .same("ipv4(1.2.3.4),add(0)"), .same("bin(410042),upper"), .same("method,hex"),
    .same("str(abc),concat(\"a,b\")"), .same("str(abc),concat('a,b)')"),
    .same("str(abc),concat(\"a\\,b\")"), .same("str(abc),concat(\"a\\nb\\tc\\\\d\\\"e\")"),
    .same("str(abc),concat('a\\nb\\\\')"), .same("str(abc),concat(a\\nb)"),
    .same("str(abc),concat(a b)"), .same("str(abc),concat(\"a\"b'c')"),
    .same("str(abc),concat( a )"), .same("str(abc),concat(\"\")"), .same("str(abc),concat(a(b)"),
    .same("str(abc),,upper"), .same("str(abc),upper,"), .same("str(abc),upper()"),
    .same("str(a\\x41b)"), .same("str(\"a\\sb\")"), .same("str(a\\ b)"), .same("str(a\\\"b\\'c)"),
    .same("str(\"a\\'b\")"), .same("str('a\"b')"), .same("str(a\\rb)"),
]
