// Reading the configuration for a start or a reload: files, what the command line overrides, and
// what the process's environment becomes.

import ConfigLanguage
import Daemon
import Kernel
import Proxy
import ProxyConfig
import Samples

/// Names that keep their numbers over all generations of the process.
private enum KnownNames {
    static let variables = VariableNames()
}

/// A configuration that was read, ready to be used.
struct Reading {
    var configuration: Configuration
    /// Whether there is anything to listen on.
    let hasListeners: Bool
    let environment: Environment
    let fileNames: [String]
}

extension Options {
    /// Reads the configuration the command line names and says what there is to say about it.
    func readConfiguration(_ console: Console) throws(StartFailure) -> Reading {
        let files: [ConfigurationFile]
        switch ConfigurationLoader.read(paths) {
        case .success(let found): files = found
        case .failure(let diagnostic):
            console.say(diagnostic)
            throw StartFailure()
        }
        if files.isEmpty { throw .usage }
        let environment = Facts.environment(self)
        let facts = Facts.of(self)
        if dumpsConfiguration { ConfigurationDump.write(files, environment, facts, console) }
        let warningsBefore = console.warningCount
        var surroundings = Surroundings.system
        surroundings.ignoresResolutionFailures = ignoresResolutionFailures
        let loaded = ConfigurationLoader.load(
            files: files, environment: environment, facts: facts, surroundings: surroundings,
            variables: KnownNames.variables, showsDiagnosis: showsDiagnosis)
        // `quiet` in the file silences what follows, not what is said about the file.
        for message in loaded.messages { console.say(message) }
        guard var configuration = loaded.configuration else { throw StartFailure() }
        override(&configuration)
        if configuration.global.zeroWarning && console.warningCount > warningsBefore {
            console.say(
                Diagnostic(
                    .alert, "Some warnings were found and 'zero-warning' is set. Aborting."))
            throw StartFailure()
        }
        return Reading(
            configuration: configuration, hasListeners: loaded.hasListeners,
            environment: loaded.environment, fileNames: files.map(\.name))
    }

    /// The command line has the last word over the files.
    private func override(_ configuration: inout Configuration) {
        if maxConnections > 0 { configuration.global.maxConnections = maxConnections }
        if proxyMaxConnections > 0 {
            for index in configuration.proxies.indices
            where configuration.proxies[index].maxConnections == 0 {
                configuration.proxies[index].maxConnections = proxyMaxConnections
            }
        }
        if let pidFilePath { configuration.global.pidFilePath = pidFilePath }
        if refusesWarnings { configuration.global.zeroWarning = true }
        if avoidsReusePort { configuration.global.usesReusePort = false }
        if avoidsSplice { configuration.global.usesSplice = false }
        if isDaemon { configuration.global.isDaemon = true }
        if isForeground { configuration.global.isDaemon = false }
        if let localPeer { configuration.global.localPeer = localPeer }
    }
}

/// Makes the process's environment what the files made of theirs.
enum EnvironmentTakeover {
    static func apply(_ reading: Reading) {
        let wanted = reading.environment.values.merging(
            ["HAPROXY_CFGFILES": reading.fileNames.joined(separator: ";")]
        ) { $1 }
        // A variable the system refuses cannot be used by anybody, so nothing is lost with it.
        for name in ProcessEnvironment.names where wanted[name] == nil {
            try? ProcessEnvironment.remove(name)
        }
        for (name, value) in wanted where ProcessEnvironment.value(of: name) != value {
            try? ProcessEnvironment.set(name, to: value)
        }
    }
}
