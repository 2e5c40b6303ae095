// libFuzzer entry for declarations of stick tables and for their commands. Not part of the package;
// build it by hand with
//     swiftc -sanitize=fuzzer,address -parse-as-library …
// over this file and the sources of StickTables, and run it with Corpus as its first argument.

import StickTables

/// Called by libFuzzer with one input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // Safety: libFuzzer keeps `count` bytes alive for the duration of the call.
    let bytes = unsafe UnsafeBufferPointer(start: start, count: count)
    unsafe exerciseStickTables(bytes.span)
    return 0
}
