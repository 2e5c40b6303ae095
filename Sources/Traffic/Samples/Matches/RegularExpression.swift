// Regular expressions: PCRE2 in its 8-bit form with JIT. Compiled at load and shared by all
// workers, for a compiled expression does not change; what a match writes is each worker's own.
// Limits on steps and depth keep an expression from holding a worker; one that reaches them does
// not match.

import CPCRE2

/// Why an expression cannot be compiled.
public struct RegularExpressionMistake: Error, Hashable, Sendable {
    /// Where in the expression the mistake was noticed, in bytes.
    public let offset: Int
    /// What the library says of it.
    public let text: String
}

/// A compiled expression.
@safe
public final class RegularExpression: Sendable {
    /// A name for the compiled code that can stand in flat tables; the expression keeps it alive.
    ///
    /// Safety: the code never changes once it is compiled, and whoever keeps this value keeps the
    /// `RegularExpression` too.
    @safe
    struct Code: BitwiseCopyable, @unchecked Sendable {
        let pointer: OpaquePointer
    }

    /// The most groups that can be used in replacements, with the whole match as group 0.
    public static let groupLimit = 10

    let code: Code
    /// How many groups it captures, without the whole match.
    public let groupCount: Int
    /// Whether it was compiled to machine code.
    public let isCompiledToMachineCode: Bool

    /// Compiles an expression.
    ///
    /// - Parameter captures: whether plain parentheses capture; without, only named groups do.
    public init(
        _ pattern: [UInt8], ignoresCase: Bool = false, captures: Bool = false
    ) throws(RegularExpressionMistake) {
        var options: UInt32 = 0
        if ignoresCase { options |= UInt32(PCRE2_CASELESS) }
        if !captures { options |= UInt32(PCRE2_NO_AUTO_CAPTURE) }
        var number: Int32 = 0
        var offset = 0
        // Safety: the pattern outlives the call, which copies it; an empty array gives some
        // pointer too, and its length is 0.
        let compiled = unsafe pattern.withUnsafeBufferPointer { bytes in
            let start = unsafe bytes.baseAddress ?? UnsafePointer(bitPattern: 1)!
            return unsafe pcre2_compile_8(start, bytes.count, options, &number, &offset, nil)
        }
        guard let compiled = unsafe compiled else {
            throw RegularExpressionMistake(offset: offset, text: Self.message(number))
        }
        code = unsafe Code(pointer: compiled)
        // Safety: the code is compiled and not yet shared.
        let status = unsafe pcre2_jit_compile_8(compiled, UInt32(PCRE2_JIT_COMPLETE))
        isCompiledToMachineCode = status == 0
        var groups: UInt32 = 0
        // Safety: this question writes one 32-bit number.
        _ = unsafe pcre2_pattern_info_8(compiled, UInt32(PCRE2_INFO_CAPTURECOUNT), &groups)
        groupCount = Int(groups)
    }

    deinit {
        // Safety: made by `init` and freed once.
        unsafe pcre2_code_free_8(code.pointer)
    }

    private static func message(_ number: Int32) -> String {
        var room = [UInt8](repeating: 0, count: 256)
        // Safety: the library writes at most `count` bytes, the last of them zero.
        let count = unsafe pcre2_get_error_message_8(number, &room, room.count)
        return count > 0 ? shown(Array(room[..<Int(count)])) : "error \(number)"
    }
}

/// What matching writes to: the places of groups and a stack. One for each worker.
@safe
public struct RegularExpressionScratch: ~Copyable {
    /// How many steps a match may take before it is given up.
    public static let defaultStepLimit: UInt32 = 1_000_000
    /// How much memory the backtracking of one match may use, in kilobytes.
    static let heapLimitKilobytes: UInt32 = 4096

    private let data: OpaquePointer
    private let limits: OpaquePointer
    private let stack: OpaquePointer
    private var groupCount = 0
    /// How many matches were given up because of a limit.
    public private(set) var givenUp = 0

    /// Room for the groups of any expression.
    public init(stepLimit: UInt32 = defaultStepLimit) {
        // Safety: three blocks owned by this value and freed once; none depends on an expression.
        guard
            let data = unsafe pcre2_match_data_create_8(
                UInt32(RegularExpression.groupLimit), nil),
            let limits = unsafe pcre2_match_context_create_8(nil),
            let stack = unsafe pcre2_jit_stack_create_8(32 * 1024, 512 * 1024, nil)
        else { fatalError("out of memory for matching") }
        unsafe pcre2_set_match_limit_8(limits, stepLimit)
        unsafe pcre2_set_depth_limit_8(limits, stepLimit)
        unsafe pcre2_set_heap_limit_8(limits, Self.heapLimitKilobytes)
        unsafe pcre2_jit_stack_assign_8(limits, nil, UnsafeMutableRawPointer(stack))
        unsafe self.data = data
        unsafe self.limits = limits
        unsafe self.stack = stack
    }

    deinit {
        // Safety: made by `init` and freed once, the stack behind the limits that name it.
        unsafe pcre2_match_data_free_8(data)
        unsafe pcre2_match_context_free_8(limits)
        unsafe pcre2_jit_stack_free_8(stack)
    }

    /// Whether the expression matches anywhere in `text` from `start` on.
    ///
    /// Afterwards ``group(_:)`` says where.
    public mutating func matches(
        _ expression: borrowing RegularExpression, _ text: Span<UInt8>, from start: Int = 0
    ) -> Bool {
        matches(expression.code, text, from: start)
    }

    mutating func matches(
        _ code: RegularExpression.Code, _ text: Span<UInt8>, from start: Int = 0
    ) -> Bool {
        precondition(start >= 0 && start <= text.count)
        // Safety: the span outlives the call; the blocks are this value's own and used by one
        // thread; an empty span has a length of 0, and its pointer is not read.
        let status = unsafe text.withUnsafeBufferPointer { bytes in
            let base = unsafe bytes.baseAddress ?? UnsafePointer(bitPattern: 1)!
            return unsafe pcre2_match_8(
                code.pointer, base, bytes.count, start, 0, data, limits)
        }
        if status >= 0 {
            groupCount = status == 0 ? RegularExpression.groupLimit : Int(status)
            return true
        }
        if status != PCRE2_ERROR_NOMATCH { givenUp &+= 1 }
        groupCount = 0
        return false
    }

    /// Where group `index` of the last match is; nil when it took no part in it.
    public func group(_ index: Int) -> Range<Int>? {
        guard index >= 0, index < groupCount else { return nil }
        // Safety: the vector has two numbers for each group that the match set.
        let places = unsafe pcre2_get_ovector_pointer_8(data)!
        let start = unsafe places[2 * index]
        let end = unsafe places[2 * index + 1]
        // A group that took no part has the largest unsigned number, which is -1 here.
        guard start >= 0, end >= start else { return nil }
        return start..<end
    }

    /// Adds `template` to `output` with `\0` to `\9` replaced by the groups of the last match in
    /// `text`, `\xHH` by the byte and `\` before anything else by what follows it.
    public func expand(
        _ template: Span<UInt8>, of text: Span<UInt8>, into output: inout OutputBytes
    ) {
        var index = 0
        while index < template.count {
            let byte = template[index]
            index += 1
            guard byte == 0x5C, index < template.count else {
                output.append(byte)
                continue
            }
            let next = template[index]
            index += 1
            if next >= 0x30 && next <= 0x39 {
                if let range = group(Int(next) - 0x30) { output.append(text.extracting(range)) }
            } else if next == 0x78, index + 1 < template.count,
                let high = hexadecimalValue(template[index]),
                let low = hexadecimalValue(template[index + 1])
            {
                output.append(high << 4 | low)
                index += 2
            } else {
                output.append(next)
            }
        }
    }
}

/// The value of a hexadecimal digit of either case.
func hexadecimalValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
}
