// The one way into the recognisers for fuzzers and for the test that replays their corpus. Beyond
// not trapping, each run checks what must hold for any input.

import HTTP

/// Looks at an input in every way, whole and as it grows. Traps when a final answer changes with
/// what comes behind, or when a range is outside of the bytes it was found in.
public func exerciseInspection(_ input: Span<UInt8>) {
    let name: InlineArray<4, UInt8> = [0x6D, 0x73, 0x74, 0x73]
    settles(input) { TLSHello.kind(of: $0) }
    settles(input) { TLSHello.version(of: $0) }
    settles(input) { bytes in
        let hello = ClientHello.find(in: bytes)
        if case .value(let hello) = hello { check(hello, bytes) }
        return hello
    }
    settles(input) { inside($0, RemoteDesktop.cookie(named: Span(), in: $0)) }
    settles(input) { inside($0, RemoteDesktop.cookie(named: name.span, in: $0)) }
    for token: UInt32 in [0x4152_4756, 0x444F_5449, 0x4152_4743] {
        for occurrence in [1, 2] {
            settles(input) { Distcc.parameter(token, occurrence: occurrence, in: $0) }
            settles(input) { inside($0, Distcc.body(token, occurrence: occurrence, in: $0)) }
        }
    }
    settles(input) { bytes in
        var table = FieldTable(capacity: 32)
        var head = MessageHead()
        return HTTPRequestStart.isThere(bytes, into: &table, head: &head)
    }
}

/// Gives `look` longer and longer beginnings of the input.
private func settles<Value: Equatable>(
    _ input: Span<UInt8>, _ look: (Span<UInt8>) -> Inspected<Value>
) {
    let whole = look(input)
    var count = 0
    // Every length at first, then ever larger steps: inputs may be long.
    while count < input.count {
        let part = look(input.extracting(0..<count))
        precondition(part == whole || part == .needsMore)
        count += 1 + count / 64
    }
}

private func inside(
    _ bytes: Span<UInt8>, _ answer: Inspected<Range<Int>>
) -> Inspected<Range<Int>> {
    if case .value(let range) = answer { precondition(range.upperBound <= bytes.count) }
    return answer
}

/// Asks a hello for everything it may hold.
private func check(_ hello: ClientHello, _ bytes: Span<UInt8>) {
    precondition(hello.session.count <= 32 && hello.ciphers.count >= 2)
    let end = hello.extensions?.upperBound ?? hello.ciphers.upperBound
    precondition(end <= bytes.count)
    let ranges = [
        hello.serverName(in: bytes), hello.protocolNames(in: bytes),
        hello.supportedGroups(in: bytes), hello.signatureAlgorithms(in: bytes),
        hello.keyShares(in: bytes),
    ]
    for case let range? in ranges {
        precondition(range.lowerBound >= hello.extensions!.lowerBound && range.upperBound <= end)
    }
    precondition(hello.supportedGroups(in: bytes) == nil || hello.hasSupportedGroups(in: bytes))
    precondition(0...2 ~= hello.sessionTicket(in: bytes) ?? 0)
    if var names = hello.protocolNames(in: bytes) {
        var count = 0
        let total = names.count
        while ClientHello.nextProtocol(in: bytes, &names) != nil { count += 1 }
        precondition(count > 0 && count <= total)
    }
    if var shares = hello.keyShares(in: bytes) {
        let total = shares.count
        var count = 0
        while let group = ClientHello.nextKeyShareGroup(in: bytes, &shares) {
            precondition(group.count == 2)
            count += 1
        }
        precondition(count * 4 <= total)
    }
}
