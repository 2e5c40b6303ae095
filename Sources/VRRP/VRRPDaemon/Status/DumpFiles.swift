// Where the dumps go that signals ask for. Each file is made whole beside its place and then takes
// its name: nobody reads half of one, and a link that was planted in /tmp is replaced, not
// followed.

import Kernel
import VRRPConfig

/// Writes dumps, for their owner alone unless `umask` says otherwise.
final class DumpFiles {
    /// The three dumps.
    enum Dump: CaseIterable {
        /// SIGUSR1.
        case data
        /// SIGUSR2.
        case statistics
        /// SIGRTMIN + 2, 36 for programs.
        case json
    }

    private let provider: () -> DaemonStatus
    private let report: (String) -> Void
    private var baseline = CounterBaseline()

    /// - Parameters:
    ///   - provider: gives the status at the time of writing.
    ///   - report: told of files that could not be written.
    init(provider: @escaping () -> DaemonStatus, report: @escaping (String) -> Void) {
        self.provider = provider
        self.report = report
    }

    /// Writes a dump to its place; false when that failed.
    @discardableResult
    func write(_ dump: Dump) -> Bool {
        let status = provider()
        let path = Self.path(of: dump, status.configuration.global)
        let bytes =
            switch dump {
            case .data: Array(KeepalivedData.text(of: status).utf8)
            case .statistics: Array(KeepalivedStatistics.text(of: status, since: baseline).utf8)
            case .json: KeepalivedJSON.bytes(of: status, since: baseline)
            }
        do throws(Errno) {
            let mask = UInt32(truncatingIfNeeded: status.configuration.global.fileModeMask ?? 0o177)
            try Files.replace(path, with: bytes.span, mode: 0o666 & ~mask)
            return true
        } catch {
            report("Unable to write \(path): \(error.text)")
            return false
        }
    }

    /// Writes the counters, and counts from zero in the dumps from then on.
    func writeAndClearStatistics() {
        write(.statistics)
        baseline.clear(provider())
    }

    /// Where a dump goes. keepalived.conf(5): state_file_location, data_use_instance.
    ///
    /// A location that ends in `/` is a directory. With `data_use_instance` the namespace and the
    /// instance stand before the extension of state and statistics: `keepalived.blue_one.data`.
    static func path(of dump: Dump, _ global: GlobalDefinitions) -> String {
        let (location, name) =
            switch dump {
            case .data: (global.stateFilePath, "keepalived.data")
            case .statistics: (global.statsFilePath, "keepalived.stats")
            case .json: (global.jsonFilePath, "keepalived.json")
            }
        var path = location ?? "/tmp/"
        if path.hasSuffix("/") { path += name }
        let marks = [global.networkNamespace, global.instanceName].compactMap { $0 }
        guard global.stateFilesCarryInstance, dump != .json, !marks.isEmpty else { return path }
        return path.inserting(marks.joined(separator: "_"))
    }
}

extension String {
    /// A path with a mark before the extension of its last part.
    fileprivate func inserting(_ mark: String) -> String {
        let name = split(separator: "/").last ?? ""
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else {
            return "\(self).\(mark)"
        }
        return "\(self[..<dot]).\(mark)\(self[dot...])"
    }
}
