// libFuzzer entry for the readers of targets, queries, cookies and list fields;
// `Tests/Fuzz/run Syntax` builds and runs it.

import HTTP

/// Called by libFuzzer with one input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // Safety: libFuzzer keeps `count` bytes alive for the duration of the call.
    let bytes = unsafe UnsafeBufferPointer(start: start, count: count)
    exerciseSyntax(unsafe bytes.span)
    return 0
}
