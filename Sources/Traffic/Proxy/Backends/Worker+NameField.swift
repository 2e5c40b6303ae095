// The field that tells a server its name, put into a request's head when its server is known, and
// again when it goes to another one.
// configuration manual: http-send-name-header.

import Bytes
import HTTP
import Structures

extension Worker {
    /// Leaves the field out of a head that is about to be written; it is added for each server.
    mutating func leaveOutServerName(_ stream: Handle) {
        let own = streams[stream].program
        let back = Int(streams[stream].backend)
        let count = programs[own].serverNameFields[back].count
        for index in 0..<fields.count {
            let line = fields[index]
            if line.isRemoved || Int(line.nameLength) != count { continue }
            if isServerName(stream, line, back) { fields.mark(index, .removed) }
        }
    }

    private mutating func isServerName(_ stream: Handle, _ line: FieldLine, _ back: Int) -> Bool {
        let own = streams[stream].program
        let client = streams[stream].client
        let isEdited = line.flags.contains(.edited)
        for position in 0..<Int(line.nameLength) {
            let place = Int(line.nameStart) &+ position
            let byte =
                isEdited
                ? message.edits.span[place] : connections[client].inbound.span[place]
            if byte.asciiLowercased != programs[own].serverNameFields[back][position] {
                return false
            }
        }
        return true
    }

    /// Puts the name of the stream's server into its head, in place of another server's. Where the
    /// buffer has no room for it, the request goes without.
    mutating func addServerName(_ stream: Handle) {
        let own = streams[stream].program
        let back = Int(streams[stream].backend)
        guard programs[own].proxies[back].hasServerNameField, streams[stream].nameFieldAt > 0,
            streams[stream].head.isWhole
        else { return }
        let start = Int(streams[stream].nameFieldAt)
        let end = start &+ Int(streams[stream].nameFieldBytes)
        guard end <= streams[stream].head.count else { return }
        var head = buffers.take()
        let name = programs[own].servers[Int(streams[stream].serverIndex)].name
        var fits =
            head.append(streams[stream].head.span.extracting(0..<start))
            && head.append(programs[own].serverNameFields[back]) && head.append(": ")
            && head.append(name.span) && head.append("\r\n")
        let bytes = head.count &- start
        fits =
            fits
            && head.append(
                streams[stream].head.span.extracting(end..<streams[stream].head.count))
        if fits {
            streams[stream].nameFieldBytes = UInt32(truncatingIfNeeded: bytes)
            swap(&head, &streams[stream].head)
        }
        buffers.give(head)
    }
}
