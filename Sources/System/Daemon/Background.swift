// Becoming a daemon. The process that was started waits until the one that stays says how its start
// went, so the exit status a script sees is the true one:
//
//     starter ── fork ──► child: own session, opens, checks, then reports or ends
//        │                  │
//        └── waits ◄────────┘   exits 0 on the report, else with the child's status

import Kernel

/// The child's way to tell its starter that it is up.
public struct Background: ~Copyable {
    private let report: ProcessReport.Sender

    /// Goes on in a child that leads a session of its own. The starter never returns from here.
    ///
    /// Only legal while the process has one thread.
    public static func enter() throws(Errno) -> Background {
        let report = try ProcessReport()
        switch try CurrentProcess.fork() {
        case .parent(let child):
            CurrentProcess.exitNow(report.wait() ? 0 : status(of: child))
        case .child:
            try CurrentProcess.startSession()
            return Background(report: report.childHalf())
        }
    }

    private init(report: consuming ProcessReport.Sender) {
        self.report = report
    }

    /// Lets go of the terminal and tells the starter that all went well.
    public consuming func reportReady() throws(Errno) {
        try CurrentProcess.silenceStandardStreams()
        report.send()
    }

    /// The status of a child that ended without a report; never zero.
    private static func status(of child: ProcessID) -> Int32 {
        switch try? CurrentProcess.end(of: child) {
        case .exited(let status): status == 0 ? 1 : status
        case .killed(let signal): 128 + signal.number
        case nil: 1
        }
    }
}
