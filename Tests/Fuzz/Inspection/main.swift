// libFuzzer entry for the recognisers of protocols; `Tests/Fuzz/run Inspection` builds and runs it.

import Inspection

/// Called by libFuzzer with one input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // Safety: libFuzzer keeps `count` bytes alive for the duration of the call.
    let bytes = unsafe UnsafeBufferPointer(start: start, count: count)
    exerciseInspection(unsafe bytes.span)
    return 0
}
