// What can be said only once the whole head is read: framing of the body, Host, upgrades
// (RFC 9112 §6.3, §3.2; RFC 9110 §7.8, §9.3.6).

import Bytes

extension HTTP1 {
    /// Decides about a complete request head.
    @inline(__always)
    static func finishRequest(
        _ bytes: Span<UInt8>, _ policy: Policy, _ table: inout FieldTable,
        _ head: inout MessageHead
    ) -> HeadResult {
        if head.hostIndex < 0, head.minorVersion > 0, !policy.contains(.unsafeViolations) {
            return .invalid(.missingHost)
        }
        if head.form == .origin, head.facts.isEmpty { return .complete }
        if let fault = finishUnusualRequest(bytes, policy, &table, &head) {
            return .invalid(fault)
        }
        return .complete
    }

    @inline(never)
    private static func finishUnusualRequest(
        _ bytes: Span<UInt8>, _ policy: Policy, _ table: inout FieldTable,
        _ head: inout MessageHead
    ) -> HTTPFault? {
        if head.form == .absolute || head.form == .authority, head.hostIndex >= 0,
            !policy.contains(.unsafeViolations),
            !Target.hostAgrees(bytes, table[Int(head.hostIndex)].value, head)
        {
            return .conflictingHost
        }
        if head.facts.contains(.nominates), let fault = removeNominated(bytes, &table) {
            return fault
        }
        frame(policy, &table, &head)
        if let fault = contentFault(policy, head) { return fault }
        if head.minorVersion == 0 { head.facts.remove(.expectsContinue) }
        return requestUpgrade(bytes, policy, &table, &head)
    }

    /// Chooses the framing from Content-Length and Transfer-Encoding; where both came, the former
    /// is dropped and the connection closed afterwards (RFC 9112 §6.3).
    private static func frame(
        _ policy: Policy, _ table: inout FieldTable, _ head: inout MessageHead
    ) {
        if head.facts.contains(.isChunked) {
            head.framing = .chunked
            if head.facts.contains(.hasLength) {
                table.mark(Int(head.lengthIndex), .removed)
                if !policy.contains(.keepAfterRepair) { head.facts.insert(.mustClose) }
            }
        } else if head.facts.contains(.hasLength), head.contentLength > 0 {
            head.framing = .length(head.contentLength)
        }
    }

    /// Content where the method or the version cannot have it.
    private static func contentFault(_ policy: Policy, _ head: MessageHead) -> HTTPFault? {
        if head.framing == .none { return nil }
        if head.minorVersion == 0 {
            switch head.method {
            case .get, .head, .delete:
                // HTTP/1.0 servers may not look for content here (configuration manual:
                // h1-accept-payload-with-any-method).
                if !policy.contains(.payloadWithAnyMethod) { return .unexpectedContent }
            default: break
            }
            // RFC 9112 §6.1: faulty framing. Differs: HAProxy forwards such requests.
            if head.framing == .chunked { return .transferEncodingInHTTP10 }
        }
        // RFC 9110 §9.3.6. Differs: HAProxy forwards the content into the tunnel.
        return head.method == .connect ? .unexpectedConnectContent : nil
    }

    /// Whether the request asks for another protocol in a way that can be granted: HTTP/1.1,
    /// `Connection: upgrade`, no content, and not HTTP/2 (RFC 9113 §3.1). Otherwise its Upgrade
    /// field, marked as removed already, is not seen by anyone.
    private static func requestUpgrade(
        _ bytes: Span<UInt8>, _ policy: Policy, _ table: inout FieldTable,
        _ head: inout MessageHead
    ) -> HTTPFault? {
        let isAsked =
            head.facts.contains(.saidUpgrade) && head.facts.contains(.offersUpgrade)
            && !head.facts.contains(.offersHTTP2)
        guard isAsked, head.framing == .none, head.method != .connect else {
            head.facts.remove(.webSocket)
            return nil
        }
        if head.facts.contains(.webSocket), !policy.contains(.unsafeViolations),
            head.method == .get,
            head.minorVersion == 0 || !hasWebSocketKey(bytes, table, head)
        {
            return .badWebSocketKey
        }
        if head.minorVersion == 0 {
            head.facts.remove(.webSocket)
            return nil
        }
        keepUpgrade(&table)
        head.facts.insert(.upgrade)
        return nil
    }

    /// Keeps the Upgrade lines, which Connection would have taken out.
    static func keepUpgrade(_ table: inout FieldTable) {
        var index = 0
        while index < table.count {
            var line = table[index]
            if line.known == .upgrade {
                line.flags.remove(.removed)
                table[index] = line
            }
            index &+= 1
        }
    }

    /// Whether there is a key of sixteen bytes in base64 (RFC 6455 §4.1).
    private static func hasWebSocketKey(
        _ bytes: Span<UInt8>, _ table: borrowing FieldTable, _ head: MessageHead
    ) -> Bool {
        guard head.has(.secWebSocketKey), let index = table.firstIndex(of: .secWebSocketKey)
        else { return false }
        let key = table[index].value
        guard key.count == 24 else { return false }
        for offset in 0..<22 where !bytes[key.lowerBound + offset].isIn(CharacterClass.base64) {
            return false
        }
        return bytes[key.lowerBound + 22] == 0x3D && bytes[key.lowerBound + 23] == 0x3D
    }

    /// Decides about a complete response head.
    static func finishResponse(
        _ bytes: Span<UInt8>, _ policy: Policy, _ upgradeAsked: Bool,
        _ table: inout FieldTable, _ head: inout MessageHead
    ) -> HTTPFault? {
        if head.facts.contains(.nominates), let fault = removeNominated(bytes, &table) {
            return fault
        }
        if head.facts.contains(.isChunked), head.minorVersion == 0 {
            // RFC 9112 §6.1. Differs: HAProxy forwards such responses as they are.
            return .transferEncodingInHTTP10
        }
        head.facts.remove(.expectsContinue)
        if head.status == 101 {
            guard upgradeAsked, head.minorVersion > 0,
                head.facts.contains(.saidUpgrade), head.facts.contains(.offersUpgrade)
            else { return .unexpectedUpgrade }
            head.facts.formUnion([.tunnel, .upgrade])
            keepUpgrade(&table)
            removeFraming(&table)
            return nil
        }
        if head.status == 426, head.facts.contains(.offersUpgrade) {
            head.facts.insert(.upgrade)
            keepUpgrade(&table)
        }
        if head.method == .connect, head.status >= 200, head.status < 300 {
            // RFC 9110 §9.3.6: framing fields mean nothing here.
            head.facts.insert(.tunnel)
            removeFraming(&table)
            return nil
        }
        frame(policy, &table, &head)
        if head.status < 200 || head.status == 204 {
            // RFC 9110 §8.6, RFC 9112 §6.1: such responses have no framing fields.
            head.framing = .none
            removeFraming(&table)
        } else if head.method == .head || head.status == 304 {
            head.framing = .none
        } else if head.framing == .none, !head.facts.contains(.hasLength) {
            head.framing = .untilClose
        }
        return nil
    }

    private static func removeFraming(_ table: inout FieldTable) {
        var index = 0
        while index < table.count {
            let known = table[index].known
            if known == .contentLength || known == .transferEncoding {
                table.mark(index, .removed)
            }
            index &+= 1
        }
    }
}
