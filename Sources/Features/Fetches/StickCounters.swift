// Samples of stick tables: of the entries that a stream tracks (`sc_*`), of the entry with the
// client's address (`src_*`), and of whole tables (configuration manual: fetching samples at layer
// 5, stick counters).
//
// Rows are made from one list of what an entry can hold. Whatever the name, the arguments are laid
// out alike once they are read:
//
//     0  the counter, or -1 for the client's address     2  number of the data type
//     1  the index in an array                           3  the table; absent for the tracked one

import Proxy
import Samples
import StickTables

extension FetchFamily {
    /// Tracked entries, entries of clients, and tables.
    static let stickCounters = FetchFamily(
        "stick counters",
        StickCounters.values.flatMap(StickCounters.rows)
            + StickCounters.counters.flatMap(StickCounters.changes) + StickCounters.others
            + [
                Fetch(
                    "table_avl", .integer, takes: [.text("table").optional], needs: .running,
                    "Counts the entries that a table has still room for.",
                    prepare: StickCounters.prepareTable
                ) { subject, arguments, _, _ in
                    StickCounters.withTable(subject, arguments) {
                        .integer(Int64($0.configuration.size - $0.count))
                    }
                },
                Fetch(
                    "table_cnt", .integer, takes: [.text("table").optional], needs: .running,
                    "Counts the entries of a table.", prepare: StickCounters.prepareTable
                ) { subject, arguments, _, _ in
                    StickCounters.withTable(subject, arguments) { .integer(Int64($0.count)) }
                },
            ])
}

/// Functions and lists of the rows above.
enum StickCounters {
    /// Something that an entry holds and fetches and converters give.
    struct Value {
        /// The name behind `sc_`, `src_` and, without `get_`, `table_`.
        let name: String
        /// Where it is.
        let type: StickDataType
        /// Whether the first argument is an index.
        var hasIndex = false
        /// What messages and the manual call it.
        let title: String
    }

    /// What an entry holds.
    static let values = [
        Value(name: "bytes_in_rate", type: .bytesInRate, title: "the rate of bytes from clients"),
        Value(name: "bytes_out_rate", type: .bytesOutRate, title: "the rate of bytes to clients"),
        Value(name: "conn_cnt", type: .connectionCount, title: "the connections so far"),
        Value(name: "conn_cur", type: .currentConnections, title: "the connections now"),
        Value(name: "conn_rate", type: .connectionRate, title: "the rate of connections"),
        Value(name: "get_gpc", type: .gpc, hasIndex: true, title: "a general purpose counter"),
        Value(name: "get_gpc0", type: .gpc0, title: "the first general purpose counter"),
        Value(name: "get_gpc1", type: .gpc1, title: "the second general purpose counter"),
        Value(name: "get_gpt", type: .gpt, hasIndex: true, title: "a general purpose tag"),
        Value(name: "get_gpt0", type: .gpt0, title: "the first general purpose tag"),
        Value(name: "glitch_cnt", type: .glitchCount, title: "the glitches so far"),
        Value(name: "glitch_rate", type: .glitchRate, title: "the rate of glitches"),
        Value(
            name: "gpc_rate", type: .gpcRate, hasIndex: true,
            title: "the rate of a general purpose counter"),
        Value(name: "gpc0_rate", type: .gpc0Rate, title: "the rate of the first counter"),
        Value(name: "gpc1_rate", type: .gpc1Rate, title: "the rate of the second counter"),
        Value(name: "http_err_cnt", type: .requestErrorCount, title: "the clients' mistakes"),
        Value(
            name: "http_err_rate", type: .requestErrorRate, title: "the rate of clients' mistakes"),
        Value(name: "http_fail_cnt", type: .responseFailureCount, title: "the servers' failures"),
        Value(
            name: "http_fail_rate", type: .responseFailureRate,
            title: "the rate of servers' failures"),
        Value(name: "http_req_cnt", type: .requestCount, title: "the HTTP requests so far"),
        Value(name: "http_req_rate", type: .requestRate, title: "the rate of HTTP requests"),
        Value(name: "kbytes_in", type: .bytesInCount, title: "the kilobytes from clients"),
        Value(name: "kbytes_out", type: .bytesOutCount, title: "the kilobytes to clients"),
        Value(name: "sess_cnt", type: .sessionCount, title: "the sessions so far"),
        Value(name: "sess_rate", type: .sessionRate, title: "the rate of sessions"),
    ]

    /// The counters that fetches and converters change.
    static let counters = [
        Value(name: "gpc", type: .gpc, hasIndex: true, title: "a general purpose counter"),
        Value(name: "gpc0", type: .gpc0, title: "the first general purpose counter"),
        Value(name: "gpc1", type: .gpc1, title: "the second general purpose counter"),
    ]

    // MARK: Rows

    /// The rows that read a value.
    static func rows(_ value: Value) -> [Fetch] {
        rows(value, "", "Is \(value.title)", read)
    }

    /// The rows that change a counter.
    static func changes(_ value: Value) -> [Fetch] {
        rows(value, "clr_", "Clears, and gives as it was, \(value.title)", clear)
            + rows(value, "inc_", "Adds one to, and gives, \(value.title)", increase)
    }

    private static func rows(
        _ value: Value, _ verb: String, _ sentence: String, _ function: @escaping Fetch.Function
    ) -> [Fetch] {
        let index: [ConverterArgumentShape] = value.hasIndex ? [.integer("idx")] : []
        let table: [ConverterArgumentShape] = [.text("table").optional]
        let name = verb + value.name
        var rows = [
            Fetch(
                "sc_\(name)", .integer, takes: index + [.integer("ctr")] + table, needs: .client,
                "\(sentence) of a tracked entry.", prepare: prepare(value, .named), function)
        ]
        if !value.hasIndex {
            for counter in 0..<3 {
                rows.append(
                    Fetch(
                        "sc\(counter)_\(name)", .integer, takes: table, needs: .client,
                        "\(sentence) of the entry tracked as number \(counter).",
                        prepare: prepare(value, .fixed(counter)), function))
            }
        }
        rows.append(
            Fetch(
                "src_\(name)", .integer, takes: index + table, needs: .client,
                "\(sentence) of the entry with the client's address.",
                prepare: prepare(value, .source), function))
        return rows
    }

    /// Rows that say something of the entry itself.
    static let others: [Fetch] =
        special(
            "tracked", .boolean, "Says whether there is a tracked entry", tracked)
        + special("trackers", .integer, "Counts those who track an entry", trackers)
        + special("key", .any, "Is the key of a tracked entry", key)
        + [
            Fetch(
                "src_updt_conn_cnt", .integer, takes: [.text("table").optional], needs: .client,
                "Adds one to, and gives, the connections so far of the client's address.",
                prepare: prepare(
                    Value(name: "", type: .connectionCount, title: ""), .source), countConnection)
        ]

    private static func special(
        _ name: String, _ type: SampleType, _ sentence: String, _ function: @escaping Fetch.Function
    ) -> [Fetch] {
        let value = Value(name: name, type: .connectionCount, title: "")
        let table: [ConverterArgumentShape] = name == "key" ? [] : [.text("table").optional]
        return [
            Fetch(
                "sc_\(name)", type, takes: [.integer("ctr")] + table, needs: .client,
                "\(sentence).", prepare: prepare(value, .named), function)
        ]
            + (0..<3).map { counter in
                Fetch(
                    "sc\(counter)_\(name)", type, takes: table, needs: .client,
                    "\(sentence), number \(counter).", prepare: prepare(value, .fixed(counter)),
                    function)
            }
    }

    // MARK: Arguments

    /// How a row says which entry it means.
    private enum Choice {
        /// The number is an argument.
        case named
        /// The number is in the name.
        case fixed(Int)
        /// By the client's address.
        case source
    }

    /// Lays arguments out as the header says.
    private static func prepare(_ value: Value, _ choice: Choice) -> Converter.Preparation {
        let hasIndex = value.hasIndex
        let type = Int64(value.type.rawValue)
        return {
            (arguments, loading) throws(ArgumentMistake) -> SampleType? in
            let references = loading.references as? References
            var next = 0
            func number(_ limit: Int, _ what: String) throws(ArgumentMistake) -> Int64 {
                guard next < arguments.count, case .integer(let number)? = arguments[next],
                    number >= 0, number < limit
                else { throw ArgumentMistake(expected: "\(what) from 0 to \(limit - 1)", at: next) }
                next += 1
                return number
            }
            let index = hasIndex ? try number(StickStoredData.largestArray, "an index") : 0
            let most = references?.stickCounters ?? 3
            let counter: Int64
            switch choice {
            case .named: counter = try number(most, "a counter")
            case .fixed(let number):
                guard number < most else {
                    throw ArgumentMistake("is beyond 'tune.stick-counters', which is \(most)")
                }
                counter = Int64(number)
            case .source: counter = -1
            }
            let table = try readTable(
                next < arguments.count ? arguments[next] : nil, isOwn: counter < 0, loading, next)
            table?.keySource = counter < 0 ? .address : .any
            arguments = [.integer(counter), .integer(index), .integer(type), nil]
            if let table { arguments[3] = .object(table) }
            return nil
        }
    }

    /// The table that an argument names; where there is none, the proxy's own, or nil.
    static func readTable(
        _ argument: ConverterConstant?, isOwn: Bool, _ loading: ExpressionLoading, _ place: Int
    ) throws(ArgumentMistake) -> ProxyReference? {
        guard let references = loading.references as? References else {
            throw ArgumentMistake("tables cannot be used here")
        }
        guard case .bytes(let name)? = argument, !name.isEmpty else {
            return isOwn ? references.make(.table, "", for: loading.user) : nil
        }
        return references.make(.table, String(decoding: name, as: UTF8.self), for: loading.user)
    }

    /// Finds the table that is the only argument.
    static let prepareTable: Converter.Preparation = {
        (arguments, loading) throws(ArgumentMistake) -> SampleType? in
        let table = try readTable(
            arguments.first ?? nil, isOwn: true, loading, 0)
        arguments = [nil, nil, nil, nil]
        if let table { arguments[3] = .object(table) }
        return nil
    }

    // MARK: Functions

    /// Hands the table among the arguments to `body`.
    static func withTable<R>(
        _ subject: Subject, _ arguments: ConverterArguments, _ body: (StickTable) -> R?
    ) -> R? {
        arguments.withObject(3, as: ProxyReference.self) { subject.withTable($0, body) }
    }

    /// Hands the table and the entry that the arguments mean to `body`: nil for an entry that is
    /// not there. Nil where nothing is tracked, or where there is no address.
    private static func withEntry<R>(
        _ subject: Subject, _ arguments: ConverterArguments, _ scratch: inout SampleScratch,
        _ body: (StickTable, StickReference?) -> R?
    ) -> R? {
        let counter = Int(arguments.integer(0))
        if counter < 0 {
            guard let address = subject.clientAddress?.address else { return nil }
            return withTable(subject, arguments) { table in
                guard let key = StickKey(address, for: table.configuration.keyType) else {
                    return nil
                }
                return body(table, table.find(key.bytes, now: subject.now))
            }
        }
        guard let entry = subject.tracked(counter) else { return nil }
        guard arguments.has(3) else {
            return entry.withTable { body($0, entry.reference) }
        }
        return withTable(subject, arguments) { table in
            body(table, subject.find(entry, in: table, &scratch))
        }
    }

    private static func element(_ arguments: ConverterArguments) -> (StickDataType, Int)? {
        StickDataType(rawValue: UInt8(truncatingIfNeeded: arguments.integer(2))).map {
            ($0, Int(arguments.integer(1)))
        }
    }

    private static let read: Fetch.Function = { subject, arguments, _, scratch in
        guard let (type, index) = element(arguments) else { return nil }
        return withEntry(subject, arguments, &scratch) { table, entry in
            guard let entry else { return .integer(0) }
            guard table.stores(type, index: index) else { return nil }
            let value = table.value(of: type, index: index, at: entry, now: subject.now) ?? 0
            return .integer(shown(value, type))
        }
    }

    /// Bytes are given as kilobytes.
    static func shown(_ value: Int64, _ type: StickDataType) -> Int64 {
        type == .bytesInCount || type == .bytesOutCount
            ? Int64(bitPattern: UInt64(bitPattern: value) >> 10) : value
    }

    private static let clear: Fetch.Function = { subject, arguments, _, scratch in
        guard let (type, index) = element(arguments) else { return nil }
        return withEntry(subject, arguments, &scratch) { table, entry in
            guard let entry else { return .integer(0) }
            guard table.stores(type, index: index) else { return nil }
            let updates: InlineArray<1, StickUpdate> = [.set(type, index: index, to: 0)]
            let change = table.change(at: entry, updates.span, now: subject.now)
            return .integer(change?.before ?? 0)
        }
    }

    private static let increase: Fetch.Function = { subject, arguments, _, scratch in
        guard let (type, index) = element(arguments) else { return nil }
        let now = subject.now
        let updates = increments(type, index)
        let address = arguments.integer(0) < 0 ? subject.clientAddress?.address : nil
        return withEntry(subject, arguments, &scratch) { table, entry in
            var change: StickChange?
            if let entry {
                change = table.change(at: entry, updates.span, now: now)
            } else if let address {
                guard let key = StickKey(address, for: table.configuration.keyType) else {
                    return nil
                }
                change = table.change(key.bytes, updates.span, now: now)
            } else {
                return .integer(0)
            }
            // What the table does not store is zero.
            return change.map { given(by: $0, in: table, type, index, now) ?? .integer(0) }
        }
    }

    /// The rate of connections stays as it is.
    private static let countConnection: Fetch.Function = { subject, arguments, _, _ in
        guard let address = subject.clientAddress?.address else { return nil }
        return withTable(subject, arguments) { table in
            guard table.stores(.connectionCount, index: 0),
                let key = StickKey(address, for: table.configuration.keyType)
            else { return nil }
            let updates: InlineArray<1, StickUpdate> = [.add(to: .connectionCount, index: 0)]
            let change = table.change(key.bytes, updates.span, now: subject.now)
            return change?.after.map { .integer($0) }
        }
    }

    /// What adding one to a counter does: it and its rate.
    static func increments(_ type: StickDataType, _ index: Int) -> InlineArray<2, StickUpdate> {
        [.add(to: type, index: index), .add(to: rate(of: type), index: index)]
    }

    private static func rate(of type: StickDataType) -> StickDataType {
        switch type {
        case .gpc0: .gpc0Rate
        case .gpc1: .gpc1Rate
        default: .gpcRate
        }
    }

    /// The counter behind a change, or its rate where only that is stored.
    static func given(
        by change: StickChange, in table: StickTable, _ type: StickDataType, _ index: Int,
        _ now: UInt64
    ) -> Sample? {
        if let after = change.after { return .integer(after) }
        return table.value(of: rate(of: type), index: index, at: change.reference, now: now)
            .map { .integer($0) }
    }

    private static let tracked: Fetch.Function = { subject, arguments, _, scratch in
        let isThere: Bool? = withEntry(subject, arguments, &scratch) { _, entry in entry != nil }
        return .boolean(isThere ?? false)
    }

    private static let trackers: Fetch.Function = { subject, arguments, _, scratch in
        withEntry(subject, arguments, &scratch) { table, entry in
            guard let entry else { return .integer(0) }
            return .integer(Int64(table.facts(at: entry, now: subject.now)?.useCount ?? 0))
        }
    }

    private static let key: Fetch.Function = { subject, arguments, _, scratch in
        guard let entry = subject.tracked(Int(arguments.integer(0))) else { return nil }
        return entry.withTable { $0.key(at: entry.reference, into: &scratch) }
    }
}
