// libFuzzer entry for messages that converters read. Not part of the package; built and run
// by `Tests/Fuzz/run Messages`.

import Samples

/// Called by libFuzzer with one input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // Safety: libFuzzer keeps `count` bytes alive for the duration of the call.
    let bytes = unsafe UnsafeBufferPointer(start: start, count: count)
    unsafe exerciseMessages(bytes.span)
    return 0
}
