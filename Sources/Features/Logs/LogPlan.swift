// What a generation's `log` lines and formats come to for one worker: flat tables with indices, so
// that writing a line looks nothing up by name and touches no reference count.

import Kernel
import Proxy
import Structures

/// A piece of the plan's blob of text.
struct TextPiece: BitwiseCopyable, Sendable {
    var offset: UInt32 = 0
    var length: UInt32 = 0
}

/// A stretch of a table.
struct Stretch: BitwiseCopyable, Sendable {
    var first: UInt32 = 0
    var count: UInt32 = 0

    var range: Range<Int> { Int(first)..<Int(first + count) }
}

/// How the lines of one frontend are made and where they go.
struct FrontendPlan: BitwiseCopyable, Sendable {
    var isLogged = false
    /// The line belongs to the accept, not to the end.
    var isLoggedAtAccept = false
    var skipsNull = false
    var skipsNormal = false
    var separatesErrors = false
    var isHTTP = false
    var format = Stretch()
    var errorFormat = Stretch()
    var targets = Stretch()
    var tag = TextPiece()
    /// Lines so far, for `%lc`.
    var lines: UInt64 = 0
}

/// The header formats.
enum HeaderFormat: UInt8, BitwiseCopyable, Sendable {
    case local, rfc3164, rfc5424, priority, short, timed, iso, raw
}

/// One place that lines go to.
struct TargetPlan: BitwiseCopyable, Sendable {
    var format = HeaderFormat.local
    /// Whether a host name stands in the header (`log-send-hostname`, rfc3164).
    var showsHost = false
    var maxBytes: Int32 = 1024
    var facility: UInt8 = 0
    var maxLevel: UInt8 = 7
    var minLevel: UInt8 = 0
    /// Index among the plan's addresses, or -1 when a descriptor is written.
    var address: Int32 = -1
    /// Index among the plan's outputs, or -1.
    var output: Int32 = -1
    /// Index among the plan's rings, or -1.
    var ring: Int32 = -1
    var sample = Stretch()
    var sampleSize: UInt32 = 0
    /// The position of the next line in its sample, from 0.
    var samplePosition: UInt32 = 0
}

/// A range of positions in a sample, from 0, both ends included.
struct SampleRange: BitwiseCopyable, Sendable {
    var first: UInt32
    var last: UInt32
}

/// The tables.
struct LogPlan: ~Copyable {
    var blob: FixedArray<UInt8>
    let instructions: FixedArray<LogInstruction>
    var frontends: FixedArray<FrontendPlan>
    /// By proxy index.
    let proxyNames: FixedArray<TextPiece>
    let serverNames: FixedArray<TextPiece>
    /// By proxy index: where the proxy's servers begin in `serverNames`.
    let firstServer: FixedArray<UInt32>
    var targets: FixedArray<TargetPlan>
    let sampleRanges: FixedArray<SampleRange>
    let addresses: [RawSocketAddress]
    /// Descriptor numbers to write to, as configured.
    let outputs: [Int32]
    /// Names of rings.
    let rings: [String]
    let hostName: TextPiece
    let host: TextPiece
    /// The targets and the tag of lines that belong to no proxy.
    let global: FrontendPlan
    /// The longest line any target takes.
    let longestLine: Int

    init(_ configuration: Configuration, programName: String) {
        var building = LogPlanBuilder(configuration, programName: programName)
        building.run()
        blob = FixedArray(building.blob)
        instructions = FixedArray(building.instructions)
        frontends = FixedArray(building.frontends)
        proxyNames = FixedArray(building.proxyNames)
        serverNames = FixedArray(building.serverNames)
        firstServer = FixedArray(building.firstServer)
        targets = FixedArray(building.targets)
        sampleRanges = FixedArray(building.sampleRanges)
        addresses = building.addresses
        outputs = building.outputs
        rings = building.rings
        hostName = building.hostName
        host = building.host
        global = building.global
        longestLine = building.longestLine
    }

    /// Whether the next line of a target is in its sample; counts it.
    mutating func takesPart(_ target: Int) -> Bool {
        let size = targets[target].sampleSize
        if size == 0 { return true }
        let position = targets[target].samplePosition
        targets[target].samplePosition = position + 1 == size ? 0 : position + 1
        for index in targets[target].sample.range {
            let range = sampleRanges[index]
            if position >= range.first && position <= range.last { return true }
        }
        return false
    }
}

/// Lays the tables out. Control path.
private struct LogPlanBuilder {
    let configuration: Configuration
    let programName: String
    var blob: [UInt8] = []
    var instructions: [LogInstruction] = []
    var frontends: [FrontendPlan] = []
    var proxyNames: [TextPiece] = []
    var serverNames: [TextPiece] = []
    var firstServer: [UInt32] = []
    var targets: [TargetPlan] = []
    var sampleRanges: [SampleRange] = []
    var addresses: [RawSocketAddress] = []
    var outputs: [Int32] = []
    var rings: [String] = []
    var hostName = TextPiece()
    var host = TextPiece()
    var global = FrontendPlan()
    var longestLine = 1024

    init(_ configuration: Configuration, programName: String) {
        self.configuration = configuration
        self.programName = programName
    }

    mutating func run() {
        let settings = configuration.global
        hostName = add(Host.name)
        host =
            switch settings.logSendHostname {
            case nil: add("localhost")
            case "": hostName
            case let name?: add(name)
            }
        global.targets = add(settings.logs)
        global.tag = add(settings.logTag ?? programName)
        for proxy in configuration.proxies {
            proxyNames.append(add(proxy.name))
            firstServer.append(UInt32(serverNames.count))
            for server in proxy.servers { serverNames.append(add(server.name)) }
            frontends.append(plan(of: proxy))
        }
    }

    private mutating func plan(of proxy: ProxyConfiguration) -> FrontendPlan {
        var plan = FrontendPlan()
        plan.isHTTP = proxy.mode == .http
        plan.skipsNull = proxy.options.contains(.dontLogNull)
        plan.skipsNormal = proxy.options.contains(.dontLogNormal)
        plan.separatesErrors = proxy.options.contains(.logSeparateErrors)
        plan.targets = add(proxy.logs)
        plan.tag = proxy.logTag.map { add($0) } ?? global.tag
        plan.isLogged = plan.targets.count > 0 && proxy.capability.contains(.frontend)
        guard plan.isLogged else { return plan }
        let chosen = format(of: proxy)
        plan.isLoggedAtAccept = chosen == nil
        let connect = plan.isHTTP ? StandardFormat.connectHTTP : StandardFormat.connectTCP
        plan.format = compile(chosen ?? connect, isHTTP: plan.isHTTP)
        plan.errorFormat = compile(
            proxy.errorLogFormat ?? StandardFormat.error, isHTTP: plan.isHTTP)
        return plan
    }

    private func format(of proxy: ProxyConfiguration) -> String? {
        if let own = proxy.logFormat { return own }
        let isCLF = proxy.options.contains(.clfLog)
        if proxy.options.contains(.httpsLog) && proxy.mode == .http { return StandardFormat.https }
        if proxy.options.contains(.httpLog) && proxy.mode == .http {
            return isCLF ? StandardFormat.httpCLF : StandardFormat.http
        }
        if !proxy.options.isDisjoint(with: [.httpLog, .httpsLog, .tcpLog]) {
            return isCLF ? StandardFormat.tcpCLF : StandardFormat.tcp
        }
        return nil
    }

    private mutating func compile(_ format: String, isHTTP: Bool) -> Stretch {
        let first = UInt32(instructions.count)
        do throws(LogFormatMistake) {
            instructions += try LogFormat.compile(format, isHTTP: isHTTP, into: &blob)
        } catch {
            // The configuration was checked with the same compiler before it was published.
            preconditionFailure("log format '\(format)': \(error.text)")
        }
        return Stretch(first: first, count: UInt32(instructions.count) - first)
    }

    private mutating func add(_ text: String) -> TextPiece {
        let bytes = Array(text.utf8.prefix(255))
        let piece = TextPiece(offset: UInt32(blob.count), length: UInt32(bytes.count))
        blob += bytes
        return piece
    }

    private mutating func add(_ logs: [LogConfiguration]) -> Stretch {
        let first = UInt32(targets.count)
        for log in logs {
            if case .global = log.target {
                for log in configuration.global.logs { add(log) }
            } else {
                add(log)
            }
        }
        return Stretch(first: first, count: UInt32(targets.count) - first)
    }

    private mutating func add(_ log: LogConfiguration) {
        var target = TargetPlan()
        switch log.target {
        case .datagram(let address):
            target.address = Int32(addresses.count)
            addresses.append(address)
        case .descriptor(let number): target.output = output(number)
        case .stdout: target.output = output(1)
        case .stderr: target.output = output(2)
        case .ring(let name): target.ring = ring(name)
        case .global: return
        }
        // A ring says itself how its lines begin and how long they may be.
        let ring = target.ring < 0 ? nil : ring(ofTarget: log)
        target.format = header(named: ring?.format ?? log.format)
        let sendsHost = configuration.global.logSendHostname != nil
        target.showsHost = target.format == .rfc3164 || sendsHost
        target.maxBytes = Int32(ring?.maxBytes ?? log.maxBytes)
        longestLine = max(longestLine, Int(target.maxBytes))
        target.facility = UInt8(log.facility)
        target.maxLevel = UInt8(log.maxLevel)
        target.minLevel = UInt8(log.minLevel)
        target.sampleSize = UInt32(log.sampleSize)
        target.sample = Stretch(
            first: UInt32(sampleRanges.count), count: UInt32(log.sampleRanges.count))
        for range in log.sampleRanges {
            sampleRanges.append(
                SampleRange(first: UInt32(range.lowerBound - 1), last: UInt32(range.upperBound - 1))
            )
        }
        targets.append(target)
    }

    private func ring(ofTarget log: LogConfiguration) -> RingConfiguration? {
        guard case .ring(let name) = log.target else { return nil }
        return configuration.rings.first { $0.name == name }
    }

    private mutating func ring(_ name: String) -> Int32 {
        if let known = rings.firstIndex(of: name) { return Int32(known) }
        rings.append(name)
        return Int32(rings.count - 1)
    }

    private func header(named name: String?) -> HeaderFormat {
        switch name {
        case "rfc3164": .rfc3164
        case "rfc5424": .rfc5424
        case "priority": .priority
        case "short": .short
        case "timed": .timed
        case "iso": .iso
        case "raw": .raw
        default: .local
        }
    }

    private mutating func output(_ number: Int32) -> Int32 {
        if let known = outputs.firstIndex(of: number) { return Int32(known) }
        outputs.append(number)
        return Int32(outputs.count - 1)
    }
}
