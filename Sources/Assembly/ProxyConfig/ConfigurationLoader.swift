// From files to a configuration: reads statements, hands each to the table of its section, runs the
// checks over the whole, and says everything that is wrong at once.

import ConfigLanguage
import Kernel
import Logs
import Proxy
import Samples

/// What came of loading.
public struct LoadedConfiguration: Sendable {
    /// The configuration; nil when it cannot be used.
    public let configuration: Configuration?
    /// Everything that was said.
    public let diagnostics: Diagnostics
    /// The environment as the files have left it.
    public let environment: Environment
    private let fileNames: [String]

    /// Whether there is anything to listen on; without it HAProxy does not start.
    public var hasListeners: Bool {
        guard let configuration else { return false }
        return configuration.proxies.contains { !$0.binds.isEmpty && !$0.isDisabled }
    }

    init(
        configuration: Configuration?, diagnostics: Diagnostics, environment: Environment,
        fileNames: [String]
    ) {
        self.configuration = configuration
        self.diagnostics = diagnostics
        self.environment = environment
        self.fileNames = fileNames
    }

    /// Every message as a line of the start-up log, with the closing words for what is refused.
    public func lines(processID: Int32) -> [String] {
        messages.map { $0.rendered(processID: processID) }
    }

    /// Every message, with the closing words for what is refused.
    public var messages: [Diagnostic] {
        var entries = diagnostics.entries
        if configuration == nil {
            let guilty = entries.filter { $0.level == .alert }.compactMap { $0.location?.file }
            for name in fileNames where guilty.contains(name) {
                entries.append(
                    Diagnostic(.alert, "Error(s) found in configuration file : \(name)"))
            }
            entries.append(Diagnostic(.alert, "Fatal errors found in configuration."))
        }
        return entries
    }
}

/// Loads configurations.
public enum ConfigurationLoader {
    /// Builds the configuration that files describe.
    ///
    /// `variables` are the names of the generations before, which keep their numbers;
    /// `showsDiagnosis` lets `.diag` speak (`-dD`). Host names are resolved, which may block.
    public static func load(
        files: [ConfigurationFile], environment: Environment, facts: ConfigurationFacts,
        surroundings: Surroundings = .system, variables: VariableNames = VariableNames(),
        showsDiagnosis: Bool = false
    ) -> LoadedConfiguration {
        let environment = environment.adding(StandardFormat.variables)
            .adding(["HAPROXY_BRANCH": facts.version.branch])
        func once(_ errorSets: [String: [Int: [UInt8]]]) -> (LoadedConfiguration, LoadSession) {
            let session = LoadSession(
                surroundings: surroundings, environment: environment, variables: variables)
            session.errorSets = errorSets
            let loaded = load(
                files: files, facts: facts, session: session, showsDiagnosis: showsDiagnosis)
            return (loaded, session)
        }
        let (loaded, session) = once([:])
        // Sections of error files may stand behind who uses them: they are known the second time.
        if session.missedErrorSets.isDisjoint(with: session.errorSets.keys) { return loaded }
        return once(session.errorSets).0
    }

    private static func load(
        files: [ConfigurationFile], facts: ConfigurationFacts, session: LoadSession,
        showsDiagnosis: Bool
    ) -> LoadedConfiguration {
        var reader = ConfigurationReader(
            files: files, sectionKeywords: Set(SectionKind.named.keys),
            environment: session.environment,
            facts: facts, showsDiagnosis: showsDiagnosis)
        var diagnostics = Diagnostics()
        var assembly = SectionAssembly(session: session)
        var file = ""
        while let statement = reader.next(&diagnostics) {
            session.environment = reader.environment
            if statement.location.file != file {
                assembly.beginFile()
                file = statement.location.file
            }
            assembly.take(statement, &diagnostics)
        }
        assembly.endSection()
        var configuration: Configuration?
        if !diagnostics.hasAlerts {
            configuration = ConfigurationChecks.complete(assembly, &diagnostics)
        }
        if diagnostics.hasAlerts { configuration = nil }
        configuration?.global.environment = reader.environment.values
        return LoadedConfiguration(
            configuration: configuration, diagnostics: diagnostics,
            environment: reader.environment, fileNames: files.map(\.name))
    }

    /// Reads the files that `-f` names: files as they are, directories as their `*.cfg` in order.
    ///
    /// The message of a failure is complete but for level and process number.
    public static func read(_ paths: [String]) -> Result<[ConfigurationFile], Diagnostic> {
        var files: [ConfigurationFile] = []
        for path in paths {
            do throws(Errno) {
                for name in try members(of: path) {
                    switch content(of: name) {
                    case .success(let bytes):
                        files.append(ConfigurationFile(name: name, bytes: bytes))
                    case .failure(let failure): return .failure(failure)
                    }
                }
            } catch {
                return .failure(
                    Diagnostic(
                        .alert, "Cannot open configuration file/directory \(path) : \(error.text)"))
            }
        }
        return .success(files)
    }

    /// The file itself, or the `*.cfg` files of a directory in lexical order, hidden ones left out.
    private static func members(of path: String) throws(Errno) -> [String] {
        guard try Files.kind(of: path) == .directory else { return [path] }
        let folder = path.hasSuffix("/") ? path : path + "/"
        return try Files.entries(of: path)
            .filter { $0.hasSuffix(".cfg") && !$0.hasPrefix(".") }
            .map { folder + $0 }
    }

    private static func content(of name: String) -> Result<[UInt8], Diagnostic> {
        do throws(FileFailure) {
            return .success(
                try Files.read(name, atMost: Surroundings.configurationByteLimit))
        } catch {
            let reason =
                switch error {
                case .tooLong(let limit): "more than \(limit) bytes"
                case .failed(let code): code.text
                }
            return .failure(
                Diagnostic(.alert, "Could not open configuration file \(name) : \(reason)"))
        }
    }
}
