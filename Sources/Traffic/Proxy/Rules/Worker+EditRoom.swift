// Room for what rules change about a head. Changes are written behind each other; when the buffer
// is full, those that hold move into another one, and the room of what was replaced since is free.

import Bytes
import HTTP
import Structures

/// What a change takes the place of, so that its old bytes need no room.
enum Superseded: Equatable {
    case nothing
    /// The value of the field line at an index.
    case field(Int)
    case method
    case target
    case reason
}

extension Worker {
    /// Makes sure that so many bytes fit behind the edits; false, and nothing changed, when they
    /// cannot.
    ///
    /// Spans of edits and of field names that were taken before hold until the next call.
    mutating func makeEditRoom(_ count: Int, for superseded: Superseded) -> Bool {
        if !message.edits.hasStorage { message.edits = buffers.take() }
        if message.edits.room >= count { return true }
        guard liveEditBytes(without: superseded) &+ count <= message.edits.capacity else {
            return false
        }
        moveEdits(without: superseded)
        return true
    }

    private mutating func liveEditBytes(without superseded: Superseded) -> Int {
        var count = 0
        if superseded != .method { count &+= Int(message.line.method.length) }
        if superseded != .target { count &+= Int(message.line.target.length) }
        if superseded != .reason { count &+= Int(message.line.reason.length) }
        for index in 0..<fields.count where isLiveEdit(index, superseded) {
            count &+= fields[index].lineBytes
        }
        return count
    }

    private mutating func isLiveEdit(_ index: Int, _ superseded: Superseded) -> Bool {
        let flags = fields[index].flags
        return flags.contains(.edited) && !flags.contains(.takenOut) && superseded != .field(index)
    }

    /// Moves what holds into another buffer. The old one is kept until the next move: whoever
    /// changes something may hold spans of it.
    private mutating func moveEdits(without superseded: Superseded) {
        var next = buffers.take()
        buffers.give(message.spentEdits.take())
        message.spentEdits = message.edits.take()
        var start = message.line
        // What is replaced has no place any more, until the change is made.
        switch superseded {
        case .method: start.method = EditedRange()
        case .target: start.target = EditedRange()
        case .reason: start.reason = EditedRange()
        case .nothing, .field: break
        }
        let path = start.pathStart &- start.target.start
        start.method.move(message.spentEdits.span, to: &next)
        start.target.move(message.spentEdits.span, to: &next)
        start.reason.move(message.spentEdits.span, to: &next)
        start.pathStart = start.target.start &+ path
        message.line = start
        for index in 0..<fields.count where fields[index].flags.contains(.edited) {
            guard isLiveEdit(index, superseded) else {
                // Its bytes are gone.
                fields[index] = .takenOut
                continue
            }
            var line = fields[index]
            let begin = Int(line.nameStart)
            let place = UInt32(truncatingIfNeeded: next.count)
            next.append(message.spentEdits.span.extracting(begin..<begin &+ line.lineBytes))
            line.valueStart = place &+ (line.valueStart &- line.nameStart)
            line.nameStart = place
            fields[index] = line
        }
        message.edits = next
    }

    /// Gives back the buffers of the edits.
    mutating func giveEdits() {
        if message.edits.hasStorage { buffers.give(message.edits.take()) }
        if message.spentEdits.hasStorage { buffers.give(message.spentEdits.take()) }
    }
}

extension EditedRange {
    /// Moves the bytes behind those of another buffer.
    fileprivate mutating func move(_ edits: Span<UInt8>, to next: inout Buffer) {
        guard isSet else { return }
        let place = next.count
        next.append(edits.extracting(range))
        self = EditedRange(place..<next.count)
    }
}

extension FieldLine {
    /// A line that was taken out, without name or value.
    fileprivate static var takenOut: FieldLine {
        FieldLine(
            nameStart: 0, valueStart: 0, valueLength: 0, nameLength: 0, known: .unlisted,
            flags: [.edited, .removed, .takenOut])
    }

    /// Bytes of an edited line with its end.
    fileprivate var lineBytes: Int { value.upperBound &+ 2 &- name.lowerBound }
}
