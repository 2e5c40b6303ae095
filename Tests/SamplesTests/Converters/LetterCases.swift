// Cases of converters that change or measure letters.

let letterCases: [Case] = [
    .same("str(abc),length"), .same("str(),length"), .same("bin(410042),length"),
    .same("ipv4(1.2.3.4),length"),
    .same("str(aBcXyZ@[`{09),lower"), .same("str(),lower"), .same("bin(41c3895a),lower"),
    .same("method,lower"), .same("int(5),lower"),
    .same("str(aBcXyZ@[`{09),upper"), .same("ipv6(::ffff:1.2.3.4),upper"),
    .same("ipv6(::1.2.3.4),upper"), .same("ipv6(1:0:0:2::3),upper"), .same("bool(true),upper"),
    .same("str(abc),ltrim(ab)"), .same("str(abc),ltrim(abc)"), .same("str(abc),ltrim()"),
    .same("str(\"  x \"),ltrim(\" \")"),
    .same("str(abc),rtrim(cb)"), .same("str(abc),rtrim()"), .same("str(aaa),rtrim(a)"),
    .same("str(abc),cut_crlf"), .same("bin(41420d430a),cut_crlf"), .same("bin(0a41),cut_crlf"),
    .same("str(abc),strcmp(txn.v)"), .same("str(variable),strcmp(txn.v)"),
    .same("str(variables),strcmp(txn.v)"), .same("str(var),strcmp(txn.v)"),
    .same("str(abc),strcmp(txn.none)"), .same("str(3),strcmp(txn.n)"),
    .same("str(zz),strcmp(txn.v)"),
    .same("str(abc),secure_memcmp(txn.v)"), .same("str(variable),secure_memcmp(txn.v)"),
    .same("str(variablf),secure_memcmp(txn.v)"), .same("str(a),secure_memcmp(txn.none)"),
    .new("str(abc),has_ctl", "0"), .new("bin(0941),has_ctl", "0"),
    .new("bin(417f),has_ctl", "1"), .new("bin(0941),has_ctl(any)", "1"),
    .new("bin(0d),has_ctl(http)", "1"), .new("bin(02),has_ctl(0x4)", "1"),
    .new("bin(02),has_ctl(4)", "1"), .new("bin(02),has_ctl(8)", "0"),
]
