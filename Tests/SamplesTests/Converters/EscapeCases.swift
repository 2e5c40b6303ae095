// Cases of escaping.

private let everyByte = (1...255).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()

let escapeCases: [Case] = [
    .same("str(abc),json"), .same("bin(22c3a92f5c08090a0c0d1f7f),json"),
    .same("bin(22c3a92f5c08090a0c0d1f7f),json(utf8s)"), .same("bin(41c341),json(utf8)"),
    .same("bin(41c341),json(utf8s)"), .same("bin(41c341),json(ascii)"),
    .same("bin(41c1814241),json(utf8)"), .same("bin(41c1814241),json(utf8p)"),
    .same("bin(41c1814241),json(utf8ps)"), .same("bin(41f09f988041),json(utf8)"),
    .same("bin(41f09f988041),json(utf8s)"), .same("bin(41eda08041),json(utf8s)"),
    .same("bin(41eda08041),json(utf8p)"), .same("bin(41efbfbf41),json(utf8s)"),
    .same("bin(418041),json(utf8s)"), .same("bin(41fe41),json(utf8s)"),
    .same("bin(41e282ac41),json(utf8)"), .same("bin(41e282),json(utf8s)"),
    .same("bin(f8888080804142),json(utf8ps)"), .same("bin(\(everyByte)),json"),
    .same("bin(\(everyByte)),json(utf8ps)"),
    .same("str(abc),url_dec"), .same("str(a%20b%2F%2f),url_dec"), .same("str(a+b?c+d),url_dec(0)"),
    .same("str(a+b?c+d%20%2F),url_dec(1)"), .same("str(%4),url_dec"), .same("str(a%2gb),url_dec"),
    .same("str(%),url_dec"), .same("str(),url_dec"),
    .ours("str(a+b?c+d),url_dec", "a+b?c d", "3.2 reads an argument that is not there"),
    .new("str(a%00b),url_dec", nil),
    .same("bin(\(everyByte)),url_enc"), .same("str(a b),url_enc(query)"), .same("str(),url_enc"),
]
