// Whole engines inside the test process: real workers, real sockets on free ports, origins in
// threads of the test. One at a time, because two cores carry all of it.

import Testing

/// The suites that run engines.
@Suite(.serialized) enum EngineTests {}
