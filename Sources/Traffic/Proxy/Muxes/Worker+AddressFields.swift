// The fields that tell a server where a request came from: `option forwardfor`, `option
// originalto`, `option forwarded` (RFC 7239).

import Addresses
import Bytes
import HTTP
import Kernel
import Structures

extension Worker {
    /// Appends the fields the proxies ask for. False: no room.
    mutating func appendAddressFields(
        _ stream: Handle, _ front: Int, _ back: Int, _ output: inout Buffer
    ) -> Bool {
        let own = streams[stream].program
        let frontEntry = programs[own].proxies[front]
        let backEntry = programs[own].proxies[back]
        if frontEntry.hasForwardFor || backEntry.hasForwardFor {
            guard appendForwardFor(stream, front, back, &output) else { return false }
        }
        if frontEntry.hasOriginalTo || backEntry.hasOriginalTo {
            guard appendOriginalTo(stream, front, back, &output) else { return false }
        }
        return backEntry.hasForwarded ? appendForwarded(stream, back, &output) : true
    }

    /// `option forwardfor`: the backend's name wins over the frontend's.
    private mutating func appendForwardFor(
        _ stream: Handle, _ front: Int, _ back: Int, _ output: inout Buffer
    ) -> Bool {
        let own = streams[stream].program
        let session = streams[stream].session
        if replaced(stream, session, { $0.source }) != nil {
            return appendReplacedForwardFor(stream, front, back, &output)
        }
        if sessions[session].addressTextLength == 0 { sessions[session].writeAddressText() }
        let length = Int(sessions[session].addressTextLength)
        guard length > 0 else { return true }
        if isPlainForwardFor(own, front, back) {
            guard output.append("x-forwarded-for: ") else { return false }
        } else {
            let address = sessions[session].clientAddress
            let (one, other) = (programs[own].forwardFor[back], programs[own].forwardFor[front])
            guard let field = wanted(one, other, for: address, stream) else { return true }
            guard output.append(field.prefix) else { return false }
        }
        return sessions[session].appendAddress(to: &output) && output.append("\r\n")
    }

    /// Whether neither proxy says more than `option forwardfor`.
    private mutating func isPlainForwardFor(_ own: Handle, _ front: Int, _ back: Int) -> Bool {
        let hasFront = programs[own].proxies[front].hasForwardFor
        let hasBack = programs[own].proxies[back].hasForwardFor
        return (!hasFront || programs[own].isPlainForwardFor[front])
            && (!hasBack || programs[own].isPlainForwardFor[back])
    }

    /// `option forwardfor` with the address that rules say.
    private mutating func appendReplacedForwardFor(
        _ stream: Handle, _ front: Int, _ back: Int, _ output: inout Buffer
    ) -> Bool {
        let own = streams[stream].program
        let source = withSubject(stream, isFinal: true) { $0.clientAddress }
        let (one, other) = (programs[own].forwardFor[back], programs[own].forwardFor[front])
        guard let source, let field = wanted(one, other, for: source, stream) else { return true }
        var text = InlineArray<48, UInt8>(repeating: 0)
        var room = text.mutableSpan
        let count = source.address.writeText(into: &room)
        return output.append(field.prefix) && output.append(text.span.extracting(0..<count))
            && output.append("\r\n")
    }

    /// `option originalto`: the address the client came to.
    private mutating func appendOriginalTo(
        _ stream: Handle, _ front: Int, _ back: Int, _ output: inout Buffer
    ) -> Bool {
        let own = streams[stream].program
        let (one, other) = (programs[own].originalTo[back], programs[own].originalTo[front])
        guard let local = withSubject(stream, isFinal: true, { $0.destinationAddress }),
            let field = wanted(one, other, for: local, stream)
        else { return true }
        var text: [UInt8] = []
        local.address.appendText(to: &text)
        return output.append(field.prefix) && output.append(text) && output.append("\r\n")
    }

    /// The field that a backend and a frontend want together, as the backend names it; nil where
    /// either makes an exception of the address, or both want it only where there is none.
    private mutating func wanted(
        _ ofBack: AddressField?, _ ofFront: AddressField?, for address: IPSocketAddress?,
        _ stream: Handle
    ) -> AddressField? {
        guard let field = ofBack ?? ofFront else { return nil }
        let excepts = { (one: AddressField?) in
            guard let except = one?.except, let address else { return false }
            return except.contains(address.address)
        }
        if excepts(ofBack) || excepts(ofFront) { return nil }
        let onlyIfMissing = (ofBack?.onlyIfMissing ?? true) && (ofFront?.onlyIfMissing ?? true)
        return onlyIfMissing && hasField(stream, named: field.name) ? nil : field
    }

    /// `option forwarded`: built only where it is asked for.
    private mutating func appendForwarded(
        _ stream: Handle, _ back: Int, _ output: inout Buffer
    ) -> Bool {
        let configuration = programs[streams[stream].program].generation.configuration
        guard let header = configuration.proxies[back].forwarded else { return true }
        let (source, local) = withSubject(stream, isFinal: true) {
            ($0.clientAddress, $0.destinationAddress)
        }
        let line = ForwardedLine(
            header: header, client: source, local: local,
            host: hostValue(stream))
        return output.append(line.bytes)
    }

    private mutating func hostValue(_ stream: Handle) -> [UInt8] {
        guard let index = fields.firstIndex(of: .host) else { return [] }
        var value: [UInt8] = []
        let line = fields[index]
        for position in line.value {
            value.append(
                line.flags.contains(.edited)
                    ? message.edits.span[position]
                    : connections[streams[stream].client].inbound.span[position])
        }
        return value
    }

    /// Whether the head being parsed has a field of that (lower-case) name.
    private mutating func hasField(_ stream: Handle, named name: [UInt8]) -> Bool {
        let client = streams[stream].client
        for index in 0..<fields.count {
            let line = fields[index]
            guard !line.isRemoved, Int(line.nameLength) == name.count else { continue }
            var position = 0
            while position < name.count {
                let place = Int(line.nameStart) &+ position
                let byte =
                    line.flags.contains(.edited)
                    ? message.edits.span[place] : connections[client].inbound.span[place]
                let lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
                if lower != name[position] { break }
                position &+= 1
            }
            if position == name.count { return true }
        }
        return false
    }
}

extension Session {
    /// Appends the text of the client's address.
    func appendAddress(to output: inout Buffer) -> Bool {
        let text = addressText
        return output.append(text.span.extracting(0..<Int(addressTextLength)))
    }

    /// Makes the text of the client's address.
    mutating func writeAddressText() {
        guard let ip = clientAddress else { return }
        var span = addressText.mutableSpan
        addressTextLength = UInt8(truncatingIfNeeded: ip.address.writeText(into: &span))
    }
}

/// One `forwarded` line as `option forwarded` asks for it.
struct ForwardedLine {
    let header: ForwardedHeader
    let client: IPSocketAddress?
    let local: IPSocketAddress?
    /// The Host field's value.
    let host: [UInt8]

    /// The complete line with its ending.
    var bytes: [UInt8] {
        var parameters: [[UInt8]] = []
        if header.sendsProtocol { parameters.append(Array("proto=http".utf8)) }
        if header.sendsHost && !host.isEmpty {
            parameters.append(Array("host=\"".utf8) + host + [0x22])
        }
        if let node = node(local, header.byNode, header.byPort) {
            parameters.append(Array("by=".utf8) + node)
        }
        if let node = node(client, header.forNode, header.forPort) {
            parameters.append(Array("for=".utf8) + node)
        }
        var line = Array("forwarded: ".utf8)
        for (index, parameter) in parameters.enumerated() {
            if index > 0 { line.append(0x3b) }
            line += parameter
        }
        return line + [0x0d, 0x0a]
    }

    /// A node identifier (RFC 7239 §6): IPv6 addresses and anything with a port are quoted.
    private func node(
        _ address: IPSocketAddress?, _ kind: ForwardedHeader.Node, _ hasPort: Bool
    ) -> [UInt8]? {
        guard kind == .address, let address else { return nil }
        var text: [UInt8] = []
        address.address.appendText(to: &text)
        let isV6 = address.address.family == .v6
        if isV6 { text = [0x5b] + text + [0x5d] }
        if hasPort { text += Array(":\(address.port)".utf8) }
        return isV6 || hasPort ? [0x22] + text + [0x22] : text
    }
}
