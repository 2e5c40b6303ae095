// Converters that look a sample up in a stick table (configuration manual: in_table, table_*).
//
// They touch no entry, except those that change a counter. Arguments are laid out as in
// `StickCounters.swift`; where the counter would be is the value for keys that are not there.

import Proxy
import Samples
import StickTables

extension ConverterFamily {
    /// What tables say of a key.
    static let tables = ConverterFamily(
        "stick tables",
        [
            TableConverters.row(
                "in_table", .boolean, .connectionCount, "Says whether a table has a key.",
                TableConverters.contains)
        ]
            + StickCounters.values.map { value in
                TableConverters.row(
                    "table_" + value.name.replacing("get_", with: ""), .integer, value.type,
                    hasIndex: value.hasIndex, "Is \(value.title) of a key in a table.",
                    TableConverters.read)
            }
            + StickCounters.counters.flatMap { value in
                [
                    TableConverters.row(
                        "table_clr_\(value.name)", .integer, value.type,
                        hasIndex: value.hasIndex,
                        "Clears, and gives as it was, \(value.title) of a key in a table.",
                        TableConverters.clear),
                    TableConverters.row(
                        "table_inc_\(value.name)", .integer, value.type,
                        hasIndex: value.hasIndex,
                        "Adds one to, and gives, \(value.title) of a key in a table.",
                        TableConverters.increase),
                ]
            }
            + [
                TableConverters.row(
                    "table_server_id", .integer, .serverID,
                    "Is the number of the server that a table has for a key.",
                    TableConverters.read),
                TableConverters.row(
                    "table_trackers", .integer, .connectionCount,
                    "Counts those who track a key of a table.", TableConverters.trackers),
                TableConverters.row(
                    "table_expire", .integer, .connectionCount, hasDefault: true,
                    "Is the time in milliseconds after which a table forgets a key.",
                    TableConverters.expire),
                TableConverters.row(
                    "table_idle", .integer, .connectionCount, hasDefault: true,
                    "Is the time in milliseconds since a key of a table was touched.",
                    TableConverters.idle),
            ])
}

/// Functions of the rows above.
private enum TableConverters {
    static func row(
        _ name: String, _ output: SampleType, _ type: StickDataType, hasIndex: Bool = false,
        hasDefault: Bool = false, _ sentence: String, _ function: @escaping Converter.Function
    ) -> Converter {
        Converter(
            name, .any, to: output,
            takes: (hasIndex ? [.integer("idx")] : []) + [.text("table").optional]
                + (hasDefault ? [.integer("default").optional] : []),
            sentence,
            prepare: { (arguments, loading) throws(ArgumentMistake) -> SampleType? in
                var index: Int64 = 0
                var next = 0
                if hasIndex {
                    guard case .integer(let number)? = arguments.first ?? nil, number >= 0,
                        number < StickStoredData.largestArray
                    else {
                        throw ArgumentMistake(
                            expected: "an index from 0 to \(StickStoredData.largestArray - 1)",
                            at: 0)
                    }
                    index = number
                    next = 1
                }
                let table = try StickCounters.readTable(
                    next < arguments.count ? arguments[next] : nil, isOwn: true,
                    loading, next)
                let fallback = next + 1 < arguments.count ? arguments[next + 1] : nil
                arguments = [fallback, .integer(index), .integer(Int64(type.rawValue)), nil]
                if let table { arguments[3] = .object(table) }
                return nil
            }, function)
    }

    /// Makes a key of the sample and hands it with the table to `body`, whose answer becomes the
    /// sample.
    private static func look(
        _ sample: inout Sample, _ arguments: ConverterArguments, _ scratch: inout SampleScratch,
        _ environment: ConverterEnvironment,
        _ body: (StickTable, Span<UInt8>, _ now: UInt64) -> Sample?
    ) -> Bool {
        guard let subject = environment.subject else { return false }
        let type = StickCounters.withTable(subject, arguments) { $0.configuration.keyType }
        guard let type, type.convert(&sample, in: &scratch) else { return false }
        let now = subject.now
        let key = sample
        let found = StickCounters.withTable(subject, arguments) { table in
            body(table, scratch.bytes(of: key), now)
        }
        guard let found else { return false }
        sample.become(found)
        return true
    }

    private static func element(_ arguments: ConverterArguments) -> (StickDataType, Int)? {
        StickDataType(rawValue: UInt8(truncatingIfNeeded: arguments.integer(2))).map {
            ($0, Int(arguments.integer(1)))
        }
    }

    static let contains: Converter.Function = { sample, arguments, scratch, environment in
        look(&sample, arguments, &scratch, environment) { table, key, now in
            .boolean(table.find(key, now: now) != nil)
        }
    }

    static let read: Converter.Function = { sample, arguments, scratch, environment in
        guard let (type, index) = element(arguments) else { return false }
        return look(&sample, arguments, &scratch, environment) { table, key, now in
            guard table.find(key, now: now) != nil else { return .integer(0) }
            return table.value(of: type, index: index, key, now: now)
                .map { .integer(StickCounters.shown($0, type)) }
        }
    }

    static let clear: Converter.Function = { sample, arguments, scratch, environment in
        guard let (type, index) = element(arguments) else { return false }
        return look(&sample, arguments, &scratch, environment) { table, key, now in
            let updates: InlineArray<1, StickUpdate> = [.set(type, index: index, to: 0)]
            return table.change(key, updates.span, now: now)?.before.map { .integer($0) }
        }
    }

    static let increase: Converter.Function = { sample, arguments, scratch, environment in
        guard let (type, index) = element(arguments) else { return false }
        return look(&sample, arguments, &scratch, environment) { table, key, now in
            let updates = StickCounters.increments(type, index)
            guard let change = table.change(key, updates.span, now: now) else { return nil }
            return StickCounters.given(by: change, in: table, type, index, now)
        }
    }

    // Differs: HAProxy 2.6 counts its own look-up, too.
    static let trackers: Converter.Function = { sample, arguments, scratch, environment in
        look(&sample, arguments, &scratch, environment) { table, key, now in
            .integer(Int64(table.facts(key, now: now)?.useCount ?? 0))
        }
    }

    static let expire: Converter.Function = { sample, arguments, scratch, environment in
        look(&sample, arguments, &scratch, environment) { table, key, now in
            guard let facts = table.facts(key, now: now) else { return fallback(arguments) }
            return .integer(Int64(facts.expiresInMilliseconds ?? 0))
        }
    }

    static let idle: Converter.Function = { sample, arguments, scratch, environment in
        look(&sample, arguments, &scratch, environment) { table, key, now in
            guard let facts = table.facts(key, now: now) else { return fallback(arguments) }
            return .integer(Int64(facts.idleMilliseconds))
        }
    }

    private static func fallback(_ arguments: ConverterArguments) -> Sample? {
        arguments.has(0) ? .integer(arguments.integer(0)) : nil
    }
}
