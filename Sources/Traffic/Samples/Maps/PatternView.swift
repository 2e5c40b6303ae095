// One way to look at a list of patterns: by one method, with or without regard to case, with values
// of one type. Workers read it while the control thread edits it, without a lock:
//
//          ┌─ active side   workers read it; a word says where it is
//     view ┼─ idle side     the control thread edits it, then the sides change places, and the
//          │                edits are repeated on the other once all workers have turned
//          └─ retired sides of short lists that were changed again before that
//
// So a look-up costs one load more than a constant list, an edit costs twice its work however long
// the list is, and the second side exists only for lists that are edited.

import Structures
import Synchronization

/// What distinguishes the views of one list.
struct PatternViewKey: Hashable {
    let method: MatchMethod
    let ignoresCase: Bool
    let readsVersions: Bool
    let captures: Bool
    let values: MapValueType
}

/// Where the side is that is read.
@safe
struct ActiveSide: ~Copyable {
    let side: Atomic<UnsafePointer<PatternIndex>>
}

/// What a worker keeps of a view: a trivial value that is valid while the view lives.
///
/// Safety: the side that is read is not written before all workers have turned.
@safe
public struct PatternTable: BitwiseCopyable, @unchecked Sendable {
    fileprivate let active: UnsafePointer<ActiveSide>

    /// Looks into the patterns as they are now.
    ///
    /// What is found stays as it is until the worker's turn ends.
    @inline(__always)
    public func read<R>(_ body: (borrowing PatternIndex) -> R) -> R {
        // Safety: the view lives; the active side is not written before all workers have turned.
        unsafe body(active.pointee.side.load(ordering: .acquiring).pointee)
    }
}

/// A list of patterns as one method sees it.
///
/// Safety: the sides are read by workers and written by the control thread; who may do what is said
/// in the file's header, and `PatternSource` keeps to it. Each side is owned by one of the fields.
@safe
public final class PatternView: @unchecked Sendable {
    /// The method that compares.
    public let method: MatchMethod
    /// The type of the values.
    public let values: MapValueType
    let options: PatternOptions
    private let active: UnsafeMutablePointer<ActiveSide>
    private var activeSide: UnsafeMutablePointer<PatternIndex>
    private var idleSide: UnsafeMutablePointer<PatternIndex>?
    private var retiredSides: [UnsafeMutablePointer<PatternIndex>] = unsafe []
    /// Whether the idle side follows the edits.
    private(set) var isIdleSideKept = false

    init(_ method: MatchMethod, _ options: PatternOptions, values: MapValueType) {
        self.method = method
        self.options = options
        self.values = values
        // Safety: room for what this object owns and frees once.
        unsafe activeSide = Self.makeSide(method)
        unsafe active = .allocate(capacity: 1)
        unsafe active.initialize(to: ActiveSide(side: Atomic(UnsafePointer(activeSide))))
    }

    deinit {
        // Safety: made by this object; nobody reads the sides any more.
        unsafe active.deinitialize(count: 1)
        unsafe active.deallocate()
        unsafe Self.free(activeSide)
        if let idleSide = unsafe idleSide { unsafe Self.free(idleSide) }
        for index in unsafe retiredSides.indices { unsafe Self.free(retiredSides[index]) }
    }

    private static func makeSide(_ method: MatchMethod) -> UnsafeMutablePointer<PatternIndex> {
        let side = UnsafeMutablePointer<PatternIndex>.allocate(capacity: 1)
        // Safety: the room was just made for one.
        unsafe side.initialize(to: PatternIndex(method: method))
        return unsafe side
    }

    // Safety: callers give each side once, when nobody reads it.
    private static func free(_ side: UnsafeMutablePointer<PatternIndex>) {
        unsafe side.deinitialize(count: 1)
        unsafe side.deallocate()
    }

    /// What workers look into; whoever keeps it keeps the view too.
    public var table: PatternTable {
        // Safety: the word lives as long as this object.
        unsafe PatternTable(active: UnsafePointer(active))
    }

    // MARK: Editing, for the control thread

    /// Changes the active side in place; allowed only before workers know of the view.
    func fill(_ body: (inout PatternIndex) -> Void) {
        // Safety: nobody else has the view yet.
        unsafe body(&activeSide.pointee)
    }

    /// Changes the side that nobody reads.
    func edit(_ body: (inout PatternIndex) -> Void) {
        // Safety: all workers have turned since the sides changed places.
        let side = unsafe idleSide ?? Self.makeSide(method)
        unsafe idleSide = side
        unsafe body(&side.pointee)
    }

    /// Replaces the side that nobody reads.
    func rebuild(_ body: (inout PatternIndex) -> Void) {
        edit { index in
            index = PatternIndex(method: method)
            body(&index)
        }
        isIdleSideKept = true
    }

    /// Makes workers read the side that was edited from their next look-up on.
    func swapSides() {
        guard let side = unsafe idleSide else { return }
        unsafe idleSide = activeSide
        unsafe show(side)
    }

    /// Makes workers read a side that is made anew, though they may still read the others.
    ///
    /// What is not read any more goes with ``retire()``.
    func replace(_ body: (inout PatternIndex) -> Void) {
        // Safety: the side is this object's alone until it is shown.
        let side = unsafe Self.makeSide(method)
        unsafe body(&side.pointee)
        unsafe retiredSides.append(activeSide)
        unsafe show(side)
    }

    /// All workers have turned since sides were made anew: frees those before them.
    func retire() {
        // Safety: nobody reads these sides any more.
        for index in unsafe retiredSides.indices { unsafe Self.free(retiredSides[index]) }
        unsafe retiredSides = []
        if let side = unsafe idleSide { unsafe Self.free(side) }
        unsafe idleSide = nil
        isIdleSideKept = false
    }

    // Safety: the side is whole, and stays so while it is shown.
    private func show(_ side: UnsafeMutablePointer<PatternIndex>) {
        unsafe activeSide = side
        unsafe active.pointee.side.store(UnsafePointer(side), ordering: .releasing)
    }
}
