// Pipes for splice(2), kept by a worker and used again.

import Kernel

/// A worker's pipes, named by index. A pipe that is given back must be empty.
struct PipePool: ~Copyable {
    /// Free pipes kept by the sweep.
    static let keepAtMost = 4

    private struct Ends {
        var read: Int32
        var write: Int32
        var capacity: Int
    }
    /// By index; closed pipes have -1 ends and are opened again when their index is taken.
    private var pipes: [Ends] = []
    private var free: [Int32] = []
    private var closed: [Int32] = []
    /// `maxpipes`: pipes this worker may have open.
    var most = Int.max
    /// The kernel refused a pipe: splicing rests until the next sweep.
    private var isResting = false

    deinit {
        for ends in pipes where ends.read >= 0 { Self.close(ends) }
    }

    /// A pipe's index, or nil when there can be none now.
    mutating func take(bytes: Int) -> Int32? {
        if let index = free.popLast() { return index }
        if isResting || pipes.count &- closed.count >= most { return nil }
        guard let ends = Self.open(bytes) else {
            isResting = true
            return nil
        }
        if let index = closed.popLast() {
            pipes[Int(index)] = ends
            return index
        }
        pipes.append(ends)
        return Int32(pipes.count &- 1)
    }

    /// Takes a pipe back; one that still holds bytes is closed.
    mutating func give(_ index: Int32, isEmpty: Bool) {
        if isEmpty { free.append(index) } else { drop(index) }
    }

    /// Closes free pipes beyond those worth keeping.
    mutating func trim() {
        isResting = false
        while free.count > Self.keepAtMost { drop(free.removeLast()) }
    }

    /// The descriptor bytes leave a pipe by.
    @inline(__always) func readEnd(_ index: Int32) -> Int32 { pipes[Int(index)].read }
    /// The descriptor bytes enter a pipe by.
    @inline(__always) func writeEnd(_ index: Int32) -> Int32 { pipes[Int(index)].write }
    /// Bytes a pipe can hold.
    @inline(__always) func capacity(_ index: Int32) -> Int { pipes[Int(index)].capacity }

    private mutating func drop(_ index: Int32) {
        Self.close(pipes[Int(index)])
        pipes[Int(index)] = Ends(read: -1, write: -1, capacity: 0)
        closed.append(index)
    }

    private static func open(_ bytes: Int) -> Ends? {
        guard let pipe = try? Pipe(capacity: bytes) else { return nil }
        let capacity = pipe.capacity
        let (read, write) = pipe.surrender()
        return Ends(read: read, write: write, capacity: capacity)
    }

    private static func close(_ ends: Ends) {
        Descriptor(owning: ends.read).close()
        Descriptor(owning: ends.write).close()
    }
}
