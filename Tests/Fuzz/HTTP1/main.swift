// libFuzzer entry for the HTTP/1 codec; `Tests/Fuzz/run HTTP1` builds and runs it. The first byte
// of an input says what the rest is: `q` a request, `r` a response, anything else a chunked body.

import HTTP

/// Called by libFuzzer with one input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // Safety: libFuzzer keeps `count` bytes alive for the duration of the call.
    let bytes = unsafe UnsafeBufferPointer(start: start, count: count)
    HTTP1.exercise(unsafe bytes.span)
    return 0
}
