// The tables against running programs: martlet does what each row says; haproxy does the same
// unless the row gives the reason why not.

import HTTP
import HTTPCases
import Testing

@Suite struct TableTests {
    @Test(.enabled(if: Program.haproxyIsThere, "haproxy is not installed"))
    func `haproxy treats requests as the table says or the row says why not`() throws {
        try check(requestsOn: .haproxy)
    }

    @Test(.enabled(if: Program.haproxyIsThere, "haproxy is not installed"))
    func `haproxy treats responses as the table says or the row says why not`() throws {
        try check(responsesOn: .haproxy)
    }

    @Test(.enabled(if: Program.haproxyIsThere, "haproxy is not installed"))
    func `haproxy treats chunked bodies as the table says or the row says why not`() throws {
        try check(chunkedOn: .haproxy)
    }

    @Test(.enabled(if: Program.martletServes, "martlet does not serve yet"))
    func `martlet treats requests as the table says`() throws {
        try check(requestsOn: .martlet)
    }

    @Test(.enabled(if: Program.martletServes, "martlet does not serve yet"))
    func `martlet treats responses as the table says`() throws {
        try check(responsesOn: .martlet)
    }

    @Test(.enabled(if: Program.martletServes, "martlet does not serve yet"))
    func `martlet treats chunked bodies as the table says`() throws {
        try check(chunkedOn: .martlet)
    }

    private func check(requestsOn program: Program) throws {
        let proxy = try ComparedProxy(program)
        let lenient = try ComparedProxy(program, global: "h1-accept-payload-with-any-method")
        for row in requestCases {
            let chosen = row.policy.contains(.payloadWithAnyMethod) ? lenient : proxy
            let result = chosen.run(request: row)
            let agrees = row.outcome.describes(request: result)
            #expect(
                agrees == (program == .martlet || row.differs == nil),
                "\(program): \(row.name): \(text(row.bytes).debugDescription) saw \(result)")
        }
        #expect(proxy.proxy.isRunning)
    }

    private func check(responsesOn program: Program) throws {
        let proxy = try ComparedProxy(program)
        for row in responseCases {
            let result = proxy.run(response: row)
            let agrees = row.outcome.describes(response: result, status: row.status)
            #expect(
                agrees == (program == .martlet || row.differs == nil),
                "\(program): \(row.name): \(text(row.bytes).debugDescription) saw \(result)")
        }
        #expect(proxy.proxy.isRunning)
    }

    private func check(chunkedOn program: Program) throws {
        let proxy = try ComparedProxy(program)
        for row in chunkedCases where program == .martlet || !row.isUnsteady {
            let result = proxy.run(chunked: row)
            let agrees = row.outcome.describes(result)
            #expect(
                agrees == (program == .martlet || row.differs == nil),
                "\(program): \(row.name): \(text(row.bytes).debugDescription) saw \(result)")
        }
        #expect(proxy.proxy.isRunning)
    }
}
