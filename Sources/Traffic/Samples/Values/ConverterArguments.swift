// The arguments of a converter as its function sees them: constants laid out once at load, read
// without reference counting. They live in the `ConstantBlock` of the compiled chain.

import Addresses

/// Names a variable: its scope and its number, found once at load.
public struct VariableReference: Hashable, Sendable, BitwiseCopyable {
    /// How long the variable lives; numbered by the variables' own table.
    public let scope: UInt8
    /// Which variable of the scope it is.
    public let slot: UInt32

    /// A variable by the numbers its table gave it.
    public init(scope: UInt8, slot: UInt32) {
        self.scope = scope
        self.slot = slot
    }
}

/// One argument after reading it, before it is laid out.
public enum ConverterConstant: Sendable {
    /// A number; also a mask's length or any code a row's `prepare` makes.
    case integer(Int64)
    /// Text or bytes.
    case bytes([UInt8])
    /// An address or a mask.
    case address(IPAddress)
    /// A variable that is read at run time.
    case variable(VariableReference)
    /// Anything made once at load, such as a compiled expression or a map.
    case object(any AnyObject & Sendable)

    /// Whether it is read at run time.
    var isVariable: Bool {
        if case .variable = self { true } else { false }
    }
}

/// The arguments of one converter in a compiled chain.
///
/// A trivial value that points into its chain; valid while the chain is.
///
/// Safety: what the pointer names is written once, before the chain is handed out, and lives in the
/// chain's block, which the chain keeps; every index is checked against `count`.
@safe
public struct ConverterArguments: BitwiseCopyable, @unchecked Sendable {
    @usableFromInline let slots: UnsafePointer<Slot>?
    /// How many arguments were written, counting those that were left out between commas.
    public let count: Int

    /// Arguments of a converter that has none.
    public static var none: ConverterArguments { unsafe ConverterArguments(slots: nil, count: 0) }

    fileprivate init(slots: UnsafePointer<Slot>?, count: Int) {
        unsafe self.slots = slots
        self.count = count
    }

    /// Whether the argument at `index` was written.
    @inlinable @inline(__always)
    public func has(_ index: Int) -> Bool { unsafe slot(index).kind != .absent }

    /// Whether the argument at `index` names a variable.
    @inline(__always)
    public func isVariable(_ index: Int) -> Bool { unsafe slot(index).kind == .variable }

    /// The number at `index`; traps when it is something else.
    @inlinable @inline(__always)
    public func integer(_ index: Int) -> Int64 {
        let slot = unsafe slot(index)
        precondition(unsafe slot.kind == .integer)
        return unsafe Int64(bitPattern: slot.low)
    }

    /// The number at `index`, or `fallback` where it was left out.
    @inlinable @inline(__always)
    public func integer(_ index: Int, or fallback: Int64) -> Int64 {
        has(index) ? integer(index) : fallback
    }

    /// The address at `index`; traps when it is something else.
    public func address(_ index: Int) -> IPAddress {
        let slot = unsafe slot(index)
        switch unsafe slot.kind {
        case .ipv4: return unsafe IPAddress(v4: UInt32(truncatingIfNeeded: slot.low))
        case .ipv6: return unsafe IPAddress(v6High: slot.high, low: slot.low)
        default: preconditionFailure("argument \(index) is no address")
        }
    }

    /// The variable at `index`; traps when it is something else.
    public func variable(_ index: Int) -> VariableReference {
        let slot = unsafe slot(index)
        precondition(unsafe slot.kind == .variable)
        return unsafe VariableReference(
            scope: UInt8(truncatingIfNeeded: slot.high), slot: UInt32(truncatingIfNeeded: slot.low))
    }

    /// The bytes at `index`, none where it was left out; traps when it is something else.
    @inlinable @inline(__always)
    @_lifetime(borrow self)
    public func bytes(_ index: Int) -> Span<UInt8> {
        let slot = unsafe slot(index)
        precondition(unsafe slot.kind == .bytes || slot.kind == .absent)
        // Safety: the bytes lie in the chain's block, which outlives these arguments; the span's
        // lifetime is tied to the borrow of them.
        let span = unsafe Span(
            _unsafeElements: UnsafeBufferPointer(start: slot.bytes, count: Int(slot.low)))
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Hands the object at `index` to `body` without counting a reference; traps when it is no `T`.
    @inline(__always)
    public func withObject<T: AnyObject, R>(
        _ index: Int, as type: T.Type, _ body: (T) -> R
    ) -> R {
        let slot = unsafe slot(index)
        precondition(unsafe slot.kind == .object)
        // Safety: the chain's block retains the object; only rows make objects, and each reads the
        // type its `prepare` made, which debug builds check.
        return unsafe Unmanaged<AnyObject>.fromOpaque(slot.object!)._withUnsafeGuaranteedRef {
            body(unsafe unsafeDowncast($0, to: type))
        }
    }

    @inlinable @inline(__always)
    func slot(_ index: Int) -> Slot {
        guard index >= 0 && index < count else { return unsafe Slot() }
        // Safety: the index is inside the slots of the chain's block.
        return unsafe slots.unsafelyUnwrapped[index]
    }

    /// One argument; `kind` gives the words their meaning.
    @unsafe @usableFromInline
    struct Slot: BitwiseCopyable {
        @usableFromInline
        enum Kind: UInt8, BitwiseCopyable {
            case absent, integer, bytes, ipv4, ipv6, variable, object
        }
        @usableFromInline var kind = Kind.absent
        @usableFromInline var high: UInt64 = 0
        @usableFromInline var low: UInt64 = 0
        @usableFromInline var bytes: UnsafePointer<UInt8>?
        @usableFromInline var object: UnsafeRawPointer?

        @usableFromInline
        init() {}
    }
}

/// Owns the constants of a compiled chain: slots, bytes and objects, written once.
///
/// Safety: filled while one load owns it, only read afterwards, freed by this object alone.
@safe
public final class ConstantBlock: @unchecked Sendable {
    private var slotBlocks: [UnsafeMutableBufferPointer<ConverterArguments.Slot>] = unsafe []
    private var byteBlocks: [UnsafeMutableBufferPointer<UInt8>] = unsafe []
    private var objects: [any AnyObject & Sendable] = []

    deinit {
        // Safety: the blocks are owned by this object alone.
        while let block = unsafe slotBlocks.popLast() { unsafe block.deallocate() }
        while let block = unsafe byteBlocks.popLast() { unsafe block.deallocate() }
    }

    /// An empty block.
    public init() {}

    /// Lays out the arguments of one call.
    public func place(_ constants: [ConverterConstant?]) -> ConverterArguments {
        if constants.isEmpty { return .none }
        // Safety: each slot is initialised before the arguments are handed out.
        let slots = UnsafeMutableBufferPointer<ConverterArguments.Slot>.allocate(
            capacity: constants.count)
        for index in constants.indices {
            unsafe slots.initializeElement(at: index, to: slot(constants[index]))
        }
        unsafe slotBlocks.append(slots)
        return unsafe ConverterArguments(
            slots: UnsafePointer(slots.baseAddress), count: constants.count)
    }

    private func slot(_ constant: ConverterConstant?) -> ConverterArguments.Slot {
        // Safety: the bytes are copied into a block and the object is retained by this object.
        var slot = unsafe ConverterArguments.Slot()
        switch constant {
        case nil: break
        case .integer(let value):
            unsafe slot.kind = .integer
            unsafe slot.low = UInt64(bitPattern: value)
        case .bytes(let bytes):
            let block = UnsafeMutableBufferPointer<UInt8>.allocate(
                capacity: max(1, bytes.count))
            for index in bytes.indices {
                unsafe block.initializeElement(at: index, to: bytes[index])
            }
            unsafe byteBlocks.append(block)
            unsafe slot.kind = .bytes
            unsafe slot.bytes = UnsafePointer(block.baseAddress)
            unsafe slot.low = UInt64(bytes.count)
        case .address(let address):
            unsafe slot.kind = address.family == .v4 ? .ipv4 : .ipv6
            unsafe slot.high = address.high
            unsafe slot.low = address.low
        case .variable(let variable):
            unsafe slot.kind = .variable
            unsafe slot.high = UInt64(variable.scope)
            unsafe slot.low = UInt64(variable.slot)
        case .object(let object):
            objects.append(object)
            unsafe slot.kind = .object
            unsafe slot.object = UnsafeRawPointer(Unmanaged.passUnretained(object).toOpaque())
        }
        return unsafe slot
    }
}
