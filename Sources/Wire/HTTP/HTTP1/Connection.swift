// `Connection` (RFC 9110 §7.6.1): options for this hop, and names of fields that end here.

import Bytes

extension HTTP1 {
    /// Notes the options of one `Connection` line.
    @inline(__always)
    static func noticeConnection(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ head: inout MessageHead
    ) -> HTTPFault? {
        if noticeOption(bytes, range, &head) { return nil }
        return noticeOptions(bytes, range, &head)
    }

    private static func noticeOptions(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ head: inout MessageHead
    ) -> HTTPFault? {
        var options = TokenList(bytes, range)
        while let option = options.next() {
            if noticeOption(bytes, option, &head) { continue }
            head.facts.insert(.nominates)
        }
        return options.isMalformed ? .badConnection : nil
    }

    /// Notes `close`, `keep-alive` or `upgrade`; false for anything else.
    @inline(__always)
    private static func noticeOption(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ head: inout MessageHead
    ) -> Bool {
        let start = range.lowerBound
        switch range.count {
        case 5:
            guard Scanning.smallWord(bytes, at: start, length: 5) == word("close") else {
                return false
            }
            head.facts.insert(.saidClose)
        case 10:
            guard Scanning.smallWord(bytes, at: start, length: 8) == word("keep-ali"),
                Scanning.smallWord(bytes, at: start &+ 8, length: 2) == word("ve")
            else { return false }
            head.facts.insert(.saidKeepAlive)
        case 7:
            guard Scanning.smallWord(bytes, at: start, length: 7) == word("upgrade") else {
                return false
            }
            head.facts.insert(.saidUpgrade)
        default: return false
        }
        return true
    }

    /// Marks the fields that `Connection` nominates as ending here.
    ///
    /// A field this proxy knows to be end-to-end stays: nominating Host, Content-Length or
    /// Cookie has no proper use, and would let a client strip what others rely on.
    @inline(never)
    static func removeNominated(_ bytes: Span<UInt8>, _ table: inout FieldTable) -> HTTPFault? {
        var nominations = 0
        var index = 0
        while index < table.count {
            let line = table[index]
            index &+= 1
            if line.known != .connection { continue }
            var options = TokenList(bytes, line.value)
            while let option = options.next() {
                let known = KnownField.identify(
                    bytes, at: option.lowerBound, length: option.count)
                if known != .unlisted { continue }
                nominations &+= 1
                if nominations > nominationLimit { return .badConnection }
                remove(option, bytes, &table)
            }
        }
        return nil
    }

    private static func remove(
        _ name: Range<Int>, _ bytes: Span<UInt8>, _ table: inout FieldTable
    ) {
        var index = 0
        while index < table.count {
            let line = table[index]
            if line.known == .unlisted, Scanning.equalIgnoringCase(bytes, line.name, name) {
                table.mark(index, [.removed, .hopByHop])
            }
            index &+= 1
        }
    }
}
