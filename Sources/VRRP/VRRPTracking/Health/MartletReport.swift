// What the proxy says of itself over its admin socket, read line by line so that a large answer
// takes no memory. Management manual: show info, show stat.

import Bytes

/// Reads the answers of `show info` and `show stat`.
public struct MartletReport: Equatable, Sendable {
    /// Bytes of one line that are looked at; what a line has beyond is not.
    static let longestLine = 8192
    /// Proxies that are remembered, at most.
    static let mostProxies = 65536

    /// The servers of a backend, as far as they matter.
    public struct Servers: Equatable, Sendable {
        /// Servers, or the backup ones where there are no others.
        public var count = 0
        /// How many of them take connections.
        public var usable = 0
        /// The weight of all.
        public var weight = 0
        /// The weight of those that take connections.
        public var usableWeight = 0
        /// The same of backup servers.
        var backups = 0
        var usableBackups = 0
        var backupWeight = 0
        var usableBackupWeight = 0

        /// The part that is usable, 0 to 100; 100 where there are no servers at all.
        public func percent(byWeight: Bool) -> Int {
            if count == 0 && backups == 0 { return 100 }
            let (part, whole) =
                switch (count == 0, byWeight) {
                case (false, false): (usable, count)
                case (false, true): (usableWeight, weight)
                case (true, false): (usableBackups, backups)
                case (true, true): (usableBackupWeight, backupWeight)
                }
            return whole == 0 ? 0 : part * 100 / whole
        }
    }

    /// The process of the proxy; nil when it was not told.
    public private(set) var processID: Int32?
    /// Whether it is ending softly.
    public private(set) var isStopping = false
    /// Nanoseconds the longest turn of a worker's loop took lately; 0 when it was not told.
    public private(set) var loopDelay: UInt64 = 0
    /// Whether any line of `show info` was understood.
    public private(set) var hasFacts = false
    /// The states of frontends by name.
    public private(set) var frontends: [String: String] = [:]
    /// The servers of backends by name.
    public private(set) var backends: [String: Servers] = [:]
    /// Whether there was a table of `show stat`.
    public private(set) var hasTable = false
    /// The first line that says the command is not available; empty for none.
    public private(set) var complaint = ""

    private var line: [UInt8] = []
    private var columns: [Column: Int] = [:]
    private var lastColumn = 0

    private enum Column: String, CaseIterable {
        case proxy = "pxname"
        case service = "svname"
        case status, weight, type
        case backup = "bck"
    }

    /// Nothing has come yet.
    public init() {}

    /// Takes more of the answer, in any split.
    public mutating func take(_ bytes: Span<UInt8>) {
        for index in 0..<bytes.count {
            let byte = bytes[index]
            if byte == 0x0A {
                takeLine()
                line.removeAll(keepingCapacity: true)
            } else if line.count < MartletReport.longestLine {
                line.append(byte)
            }
        }
    }

    private mutating func takeLine() {
        if line.isEmpty { return }
        if line.starts(with: "# pxname,".utf8) {
            takeHeader()
        } else if columns.isEmpty {
            takeFact()
        } else {
            takeRow()
        }
    }

    private mutating func takeFact() {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
            if complaint.isEmpty {
                complaint = String(
                    decoding: line.prefix(120).map { $0 < 32 ? 63 : $0 }, as: UTF8.self)
            }
            return
        }
        let value = String(decoding: line[(colon + 1)...].drop { $0 == 32 }, as: UTF8.self)
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "Pid":
            if let number = Int32(value), number > 0 { processID = number }
            hasFacts = true
        case "Stopping":
            isStopping = value != "0"
            hasFacts = true
        case "LoopDelay_us":
            loopDelay = min(UInt64(value) ?? 0, UInt64.max / 1000) * 1000
            hasFacts = true
        case "Name", "Version", "Uptime_sec": hasFacts = true
        default: break
        }
    }

    private mutating func takeHeader() {
        hasTable = true
        columns = [:]
        let names = line.dropFirst(2).split(separator: UInt8(ascii: ","))
        for (index, name) in names.enumerated() {
            guard let column = Column(rawValue: String(decoding: name, as: UTF8.self)) else {
                continue
            }
            columns[column] = index
            lastColumn = max(lastColumn, index)
        }
    }

    private mutating func takeRow() {
        let fields = MartletReport.fields(of: line, upTo: lastColumn)
        func text(_ column: Column) -> String? {
            guard let index = columns[column], index < fields.count else { return nil }
            return String(decoding: fields[index], as: UTF8.self)
        }
        guard let proxy = text(.proxy), let status = text(.status), !proxy.isEmpty else { return }
        switch text(.type) {
        case "0":
            if frontends.count < MartletReport.mostProxies { frontends[proxy] = status }
        case "1":
            if backends.count < MartletReport.mostProxies {
                backends[proxy, default: .init()].count += 0
            }
        case "2":
            guard backends[proxy] != nil || backends.count < MartletReport.mostProxies else {
                return
            }
            let weight = text(.weight).flatMap { Int($0) } ?? 1
            take(
                weight: min(max(0, weight), 256 * 256), isBackup: text(.backup) == "1",
                isUsable: weight > 0 && MartletReport.isUsable(status), into: proxy)
        default: break
        }
    }

    private mutating func take(weight: Int, isBackup: Bool, isUsable: Bool, into proxy: String) {
        var servers = backends[proxy, default: .init()]
        if isBackup {
            servers.backups += 1
            servers.backupWeight += weight
            if isUsable {
                servers.usableBackups += 1
                servers.usableBackupWeight += weight
            }
        } else {
            servers.count += 1
            servers.weight += weight
            if isUsable {
                servers.usable += 1
                servers.usableWeight += weight
            }
        }
        backends[proxy] = servers
    }

    /// Whether a server of that status takes new connections: `UP`, `UP 1/3`, `no check`.
    private static func isUsable(_ status: String) -> Bool {
        status.hasPrefix("UP") || status == "no check"
    }

    /// The first fields of a line of comma-separated values; a field may be quoted.
    static func fields(of line: [UInt8], upTo last: Int) -> [[UInt8]] {
        var fields: [[UInt8]] = []
        var field: [UInt8] = []
        var isQuoted = false
        for byte in line {
            if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if byte == UInt8(ascii: ",") && !isQuoted {
                fields.append(field)
                if fields.count > last { return fields }
                field = []
            } else {
                field.append(byte)
            }
        }
        fields.append(field)
        return fields
    }

    /// What a fuzzer calls: whole and split input give the same, and shares stay shares.
    public static func exercise(_ input: Span<UInt8>) {
        var whole = MartletReport()
        whole.take(input)
        var split = MartletReport()
        for index in 0..<input.count { split.take(input.extracting(index..<index + 1)) }
        precondition(whole == split, "a split changes nothing")
        for servers in whole.backends.values {
            precondition((0...100).contains(servers.percent(byWeight: true)))
            precondition((0...100).contains(servers.percent(byWeight: false)))
        }
    }
}
