// libFuzzer entry for expressions of converters and their input. Not part of the package; built and
// run by `Tests/Fuzz/run Converters`.

import Samples

/// Called by libFuzzer with one input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // Safety: libFuzzer keeps `count` bytes alive for the duration of the call.
    let bytes = unsafe UnsafeBufferPointer(start: start, count: count)
    unsafe exerciseConverters(bytes.span)
    return 0
}
