// What a generation's `log` lines come to for one worker: flat tables with indices, so that sending
// a line looks nothing up by name and touches no reference count.

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

/// Where the lines of one frontend go.
struct FrontendPlan: BitwiseCopyable, Sendable {
    var isLogged = false
    var targets = Stretch()
    var tag = TextPiece()
}

/// The header formats.
enum HeaderFormat: UInt8, BitwiseCopyable, Sendable {
    case local, rfc3164, rfc5424, priority, short, timed, iso, raw
}

/// One place that lines go to.
struct TargetPlan: BitwiseCopyable, Sendable {
    var format = HeaderFormat.local
    /// Whether the program is named in the header, as it is in all but lines for event sinks.
    var namesProgram = true
    /// Whether a host name stands in the header (rfc3164, and rfc5424 with `log-send-hostname`).
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
    let blob: FixedArray<UInt8>
    /// By proxy index.
    let frontends: FixedArray<FrontendPlan>
    var targets: FixedArray<TargetPlan>
    let sampleRanges: FixedArray<SampleRange>
    let addresses: [RawSocketAddress]
    /// Descriptor numbers to write to, as configured.
    let outputs: [Int32]
    /// Names of rings.
    let rings: [String]
    let host: TextPiece
    /// The targets and the tag of lines that belong to no proxy.
    let global: FrontendPlan
    /// The targets of lines for event sinks, one for each sink.
    let sinks: Stretch
    /// The longest line of a stream that any target takes.
    let longestLine: Int
    /// The longest line of any kind.
    let longestText: Int

    init(_ configuration: Configuration, programName: String) {
        var building = LogPlanBuilder(configuration, programName: programName)
        building.run()
        blob = FixedArray(building.blob)
        frontends = FixedArray(building.frontends)
        targets = FixedArray(building.targets)
        sampleRanges = FixedArray(building.sampleRanges)
        addresses = building.addresses
        outputs = building.outputs
        rings = building.rings
        host = building.host
        global = building.global
        sinks = building.sinks
        longestLine = building.longestLine
        longestText = building.longestText
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
    var frontends: [FrontendPlan] = []
    var targets: [TargetPlan] = []
    var sampleRanges: [SampleRange] = []
    var addresses: [RawSocketAddress] = []
    var outputs: [Int32] = []
    var rings: [String] = []
    var host = TextPiece()
    var global = FrontendPlan()
    var sinks = Stretch()
    var longestLine = 1024
    var longestText = 1024

    init(_ configuration: Configuration, programName: String) {
        self.configuration = configuration
        self.programName = programName
    }

    mutating func run() {
        let settings = configuration.global
        host =
            switch settings.logSendHostname {
            case nil: add("localhost")
            case "": add(Host.name)
            case let name?: add(name)
            }
        global.targets = add(settings.logs)
        global.tag = add(settings.logTag ?? programName)
        for proxy in configuration.proxies { frontends.append(plan(of: proxy)) }
        longestText = longestLine
        let first = UInt32(targets.count)
        for sink in configuration.sinks { add(sink: sink) }
        sinks = Stretch(first: first, count: UInt32(targets.count) - first)
    }

    /// Event sinks take lines as long as values can be. Only rings that a section describes are
    /// shorter and say how lines begin.
    private mutating func add(sink: LogConfiguration.Target) {
        var log = LogConfiguration(target: sink, targetText: "")
        log.format = "raw"
        log.maxBytes = configuration.global.tuning.bufferBytes + Self.reportRoom
        add(log)
        let index = targets.count - 1
        targets[index].namesProgram = false
        targets[index].showsHost = targets[index].format == .rfc3164
        if case .ring(RingConfiguration.buf0.name) = sink {
            targets[index].maxBytes = Int32(clamping: log.maxBytes)
        }
        longestText = max(longestText, Int(targets[index].maxBytes))
    }

    /// What a report has beside a value, bytes: its header and the prefix, which is one word.
    private static let reportRoom = 2048

    private mutating func plan(of proxy: ProxyConfiguration) -> FrontendPlan {
        var plan = FrontendPlan()
        plan.targets = add(proxy.logs)
        plan.tag = proxy.logTag.map { add($0) } ?? global.tag
        plan.isLogged = plan.targets.count > 0 && proxy.capability.contains(.frontend)
        return plan
    }

    private mutating func add(_ text: String) -> TextPiece {
        let bytes = Array(text.anyBytes.prefix(255))
        let piece = TextPiece(offset: UInt32(blob.count), length: UInt32(bytes.count))
        blob += bytes
        return piece
    }

    private mutating func add(_ logs: [LogConfiguration]) -> Stretch {
        let first = UInt32(targets.count)
        for log in logs {
            if log.isGlobal {
                for log in configuration.global.logs { add(log) }
            } else {
                add(log)
            }
        }
        for target in targets[Int(first)...] {
            longestLine = max(longestLine, Int(target.maxBytes))
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
        let format = if let ring { ring.format } else { log.format }
        // A name of the host makes rfc3164 the default; local has none, even when it is asked for.
        let sendsHost = configuration.global.logSendHostname != nil
        target.format = header(named: format ?? (sendsHost ? "rfc3164" : "local"))
        target.showsHost =
            target.format == .rfc3164 || target.format == .rfc5424 && sendsHost
        target.maxBytes = Int32(clamping: ring?.maxBytes ?? log.maxBytes)
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

    private func header(named name: String) -> HeaderFormat {
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
