// What the program says about itself: `-v`, `-vv`, and the first lines of the start-up log.

import ConfigLanguage
import Daemon
import Kernel

/// The program's versions: its own, and the one of HAProxy whose language it speaks.
public enum Version {
    /// Martlet's own.
    public static let martlet = ProductVersion.number
    /// The version of HAProxy that `version_atleast()` and its kin compare with.
    public static let compatibility = "3.5-martlet\(martlet)"
    /// The date of this version, as `show info` tells it.
    static let releaseDate = "2026/11/22"
    /// The branch in HAPROXY_BRANCH.
    public static let branch = "3.5"

    /// The lines of `-v`. Tools read the second one.
    static var lines: [String] {
        [
            "Martlet version \(martlet) \(releaseDate)",
            "HAProxy version \(compatibility) - the compatibility level: what version_atleast() "
                + "compares with",
            "Status: development, not for production.",
            "Running on: \(CurrentProcess.systemDescription)",
        ]
    }

    /// The lines of `-vv` behind those of `-v`.
    static func details(_ facts: ConfigurationFacts) -> [String] {
        let features = facts.features.sorted().map { "+" + $0 }.joined(separator: " ")
        let options = facts.features.sorted().map { "USE_\($0)=1" }.joined(separator: " ")
        return [
            "Build options :",
            "  TARGET  = linux-glibc",
            "  CPU     = generic",
            "  CC      = swiftc",
            "  CFLAGS  = ",
            "  OPTIONS = \(options)",
            "  DEBUG   = ",
            "",
            "Feature list : \(features)",
            "",
            "Default settings :",
            "  bufsize = 16384, maxrewrite = 1024, maxpollevents = 200",
            "",
            "Built with multi-threading support (MAX_THREADS=\(ThreadPlan.limit), "
                + "default=\(Cores.usable().count)).",
            "Built with transparent proxy support using: IP_TRANSPARENT IPV6_TRANSPARENT "
                + "IP_FREEBIND",
            "",
        ] + pollers + ["", "Available multiplexer protocols :"] + muxes + [
            "", "Available services : none", "", "Available filters : none", "",
        ]
    }

    /// The polling systems, as `-vv`, `-V` and `-d` list them.
    static let pollers = [
        "Available polling systems :",
        "      epoll : pref=300,  test result OK",
        "Total: 1 (1 usable), will use epoll.",
    ]

    private static let muxes = [
        "(protocols marked as <default> cannot be specified using 'proto' keyword)",
        "  <default> : mode=HTTP  side=FE|BE  mux=H1    flags=",
        "  <default> : mode=TCP   side=FE|BE  mux=PASS  flags=",
    ]
}
