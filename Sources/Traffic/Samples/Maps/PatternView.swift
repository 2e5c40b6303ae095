// One way to look at a list of patterns: by one method, with or without regard to case, with values
// of one type. Workers read it while the control thread edits it, without a lock:
//
//          ┌─ side 0 ─┐   workers read the active side; a word says which one that is
//     view ┤          │   the control thread edits the idle side, then swaps them,
//          └─ side 1 ─┘   and repeats its edits on the other side once all workers have turned
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

/// The two sides of a view and which of them is read.
@safe
struct PatternSides: ~Copyable {
    let active = Atomic<Int>(0)
    var first: PatternIndex
    var second: PatternIndex
}

/// What a worker keeps of a view: a trivial value that is valid while the view lives.
///
/// Safety: the side that is read is not written before all workers have turned.
@safe
public struct PatternTable: BitwiseCopyable, @unchecked Sendable {
    fileprivate let sides: UnsafePointer<PatternSides>

    /// Looks into the patterns as they are now.
    ///
    /// What is found stays as it is until the worker's turn ends.
    @inline(__always)
    public func read<R>(_ body: (borrowing PatternIndex) -> R) -> R {
        // Safety: the view lives; the active side is not written before all workers have turned.
        if unsafe sides.pointee.active.load(ordering: .acquiring) == 0 {
            return unsafe body(sides.pointee.first)
        }
        return unsafe body(sides.pointee.second)
    }
}

/// A list of patterns as one method sees it.
///
/// Safety: the sides are read by workers and written by the control thread; who may do what is said
/// in the file's header, and `PatternSource` keeps to it.
@safe
public final class PatternView: @unchecked Sendable {
    /// The method that compares.
    public let method: MatchMethod
    /// The type of the values.
    public let values: MapValueType
    let options: PatternOptions
    private let sides: UnsafeMutablePointer<PatternSides>
    /// Whether the idle side follows the edits.
    private(set) var isIdleSideKept = false

    init(_ method: MatchMethod, _ options: PatternOptions, values: MapValueType) {
        self.method = method
        self.options = options
        self.values = values
        // Safety: room for the two sides that this object owns and frees once.
        unsafe sides = .allocate(capacity: 1)
        unsafe sides.initialize(
            to: PatternSides(
                first: PatternIndex(method: method), second: PatternIndex(method: method)))
    }

    deinit {
        // Safety: initialised by `init`; nobody reads the sides any more.
        unsafe sides.deinitialize(count: 1)
        unsafe sides.deallocate()
    }

    /// What workers look into; whoever keeps it keeps the view too.
    public var table: PatternTable {
        // Safety: the sides live as long as this object.
        unsafe PatternTable(sides: UnsafePointer(sides))
    }

    // MARK: Editing, for the control thread

    private var activeSide: Int {
        // Safety: the sides live as long as this object.
        unsafe sides.pointee.active.load(ordering: .relaxed)
    }

    /// Changes the active side in place; allowed only before workers know of the view.
    func fill(_ body: (inout PatternIndex) -> Void) {
        // Safety: nobody else has the view yet.
        unsafe body(&sides.pointee.first)
    }

    /// Changes the side that nobody reads.
    func edit(_ body: (inout PatternIndex) -> Void) {
        // Safety: all workers have turned since the sides were swapped.
        if activeSide == 0 {
            unsafe body(&sides.pointee.second)
        } else {
            unsafe body(&sides.pointee.first)
        }
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
        // Safety: the sides live as long as this object.
        unsafe sides.pointee.active.store(1 - activeSide, ordering: .releasing)
    }
}
