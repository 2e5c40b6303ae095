// Sends lines for one thread. Sending never waits: a line that cannot go at once is
// dropped and counted.

import Glibc
import Kernel
import Proxy
import Structures

/// The plan of a generation with everything needed to carry it out.
struct LogWriter: ~Copyable {
    private var plan: LogPlan
    private var body: LineBuffer
    private var header: LineBuffer
    private var zone = LocalZone()
    private let processID = ProcessID.own.number
    private let inet: Descriptor
    private let inet6: Descriptor
    private let unix: Descriptor
    /// Keeps the outputs open.
    private let outputs: [OutputBox]
    private let outputNumbers: FixedArray<Int32>
    /// The plan's rings; nil where the process has none of that name.
    private let rings: [LogRing?]
    /// Lines that could not be delivered.
    private(set) var dropped: UInt64 = 0
    private let drops: LogDrops

    /// Longer than any header without structured data: 255 bytes each for host and tag, and what is
    /// fixed.
    private static var headerBytes: Int { 640 }

    private final class OutputBox {
        let descriptor: Descriptor
        init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
    }

    init(
        _ configuration: Configuration, programName: String, drops: LogDrops, rings: LogRings?
    ) {
        self.drops = drops
        plan = LogPlan(configuration, programName: programName)
        let hasData = configuration.proxies.contains { $0.structuredDataFormat != nil }
        let headerBytes = Self.headerBytes + (hasData ? plan.longestLine : 0)
        header = LineBuffer(headRoom: 0, capacity: headerBytes)
        body = LineBuffer(headRoom: headerBytes, capacity: plan.longestText + 1)
        var families = (false, false, false)
        for address in plan.addresses {
            switch address.family {
            case AF_INET: families.0 = true
            case AF_INET6: families.1 = true
            default: families.2 = true
            }
        }
        inet = Self.socket(AF_INET, wanted: families.0)
        inet6 = Self.socket(AF_INET6, wanted: families.1)
        unix = Self.socket(AF_UNIX, wanted: families.2)
        let outputs = plan.outputs.map { number in
            do throws(Errno) {
                return OutputBox(try Descriptor.output(sharing: number))
            } catch {
                return OutputBox(Descriptor())
            }
        }
        self.outputs = outputs
        self.rings = plan.rings.map { rings?.ring($0) }
        outputNumbers = FixedArray(outputs.map { $0.descriptor.number })
    }

    /// Whether anything is logged for a frontend.
    func logs(frontend: Int) -> Bool {
        frontend < plan.frontends.count && plan.frontends[frontend].isLogged
    }

    /// The most bytes that any target takes.
    var longestLine: Int { plan.longestLine }

    /// Sends the line of a stream to the targets of its frontend.
    mutating func log(_ line: borrowing LoggedLine) {
        let frontend = plan.frontends[line.frontend]
        body.clear()
        body.append(line.text)
        send(
            level: line.level, tag: frontend.tag, to: frontend.targets,
            structuredData: line.structuredData)
    }

    /// Writes a notice to the targets of its proxy, or to the global ones.
    mutating func log(_ notice: Notice) {
        let proxy = notice.proxy.map { plan.frontends[$0] } ?? plan.global
        if proxy.targets.count == 0 { return }
        body.clear()
        let text = Array(notice.text.utf8)
        body.append(text.span)
        send(
            level: notice.level.rawValue, tag: proxy.tag, to: proxy.targets,
            structuredData: Span())
    }

    /// Sends a line to an event sink. Nothing has levels there, nor facilities.
    mutating func report(_ text: Span<UInt8>, to sink: Int) {
        precondition(sink < plan.sinks.count, "the generation's own sinks are numbered")
        body.clear()
        body.append(text)
        let first = plan.sinks.first + UInt32(sink)
        send(
            level: 0, tag: TextPiece(), to: Stretch(first: first, count: 1),
            structuredData: Span())
    }

    // MARK: Sending

    private mutating func send(
        level: Int, tag: TextPiece, to targets: Stretch, structuredData: Span<UInt8>
    ) {
        let now = Clock.calendarMicroseconds()
        for index in targets.range {
            let target = plan.targets[index]
            if level > Int(target.maxLevel) { continue }
            if !plan.takesPart(index) { continue }
            header.clear()
            header.append(
                MessageHeader(
                    level: max(level, Int(target.minLevel)), now: now, tag: tag,
                    processID: processID), target, of: plan, zone: &zone)
            if target.format == .rfc5424 { header.append(structuredData: structuredData) }
            deliver(to: target)
        }
    }

    /// Joins header and text, cuts them to the target's length and sends them with a line feed.
    private mutating func deliver(to target: TargetPlan) {
        let first = body.place(header: header)
        // As HAProxy counts: the line feed belongs to the length only where there is no header.
        let isBare = header.count == 0 && target.ring < 0
        let last = min(body.end, first + Int(target.maxBytes) - (isBare ? 1 : 0))
        if target.ring >= 0 {
            let isKept = rings[Int(target.ring)]?.append(body.bytes(first..<last)) ?? false
            if !isKept { noteDrop() }
            return
        }
        let result: WriteResult
        if target.address >= 0 {
            result = sendDatagram(first..<last, to: Int(target.address))
        } else {
            let number = outputNumbers[Int(target.output)]
            result = body.withLine(from: first, to: last) { line in
                let borrowed = Descriptor(owning: number)
                let result = borrowed.write(line)
                _ = borrowed.surrender()
                return result
            }
        }
        guard case .bytes(let count) = result, count == last - first + 1 else {
            noteDrop()
            return
        }
    }

    private mutating func noteDrop() {
        dropped &+= 1
        drops.count.add(1, ordering: .relaxed)
    }

    private mutating func sendDatagram(_ range: Range<Int>, to address: Int) -> WriteResult {
        let family = plan.addresses[address].family
        let first = range.lowerBound
        let last = range.upperBound
        // A closure may not capture parts of a noncopyable value, so each family has its branch.
        switch family {
        case AF_INET:
            return Self.send(&body, first, last, inet, plan.addresses[address])
        case AF_INET6:
            return Self.send(&body, first, last, inet6, plan.addresses[address])
        default:
            return Self.send(&body, first, last, unix, plan.addresses[address])
        }
    }

    private static func send(
        _ body: inout LineBuffer, _ first: Int, _ last: Int, _ socket: borrowing Descriptor,
        _ address: RawSocketAddress
    ) -> WriteResult {
        let number = socket.number
        return body.withLine(from: first, to: last) { line in
            let borrowed = Descriptor(owning: number)
            let result = borrowed.sendDatagram(line, to: address)
            _ = borrowed.surrender()
            return result
        }
    }

    private static func socket(_ family: Int32, wanted: Bool) -> Descriptor {
        if !wanted { return Descriptor() }
        do throws(Errno) {
            return try Descriptor.socket(family: family, type: Int32(SOCK_DGRAM.rawValue))
        } catch {
            // Without a socket each line counts as dropped, which `show info` tells.
            return Descriptor()
        }
    }
}
