// What the builders of one load share: the surroundings, the environment as the lines read so far
// have left it, and settings of earlier sections that later ones ask for.

import Addresses
import ConfigLanguage
import Actions
import Fetches
import Glibc
import Kernel
import Logs
import Proxy
import Samples
import Synchronization

/// State of one load. Lives on the control path for the duration of the load only.
final class LoadSession {
    /// The world.
    let surroundings: Surroundings
    /// The environment as the lines read so far have left it.
    var environment: Environment
    /// `default-path`: where relative paths begin.
    var pathPolicy = PathPolicy.current { didSet { locator.begin(at: pathPolicy) } }
    private let locator = FileLocator()
    /// `unix-bind`: what UNIX listeners get that say nothing themselves.
    var unixBind = UNIXBindDefaults()
    /// `http-errors` sections by name.
    var errorSets: [String: [Int: [UInt8]]] = [:]
    /// Names of `http-errors` sections that `errorfiles` found no section of before it.
    var missedErrorSets: Set<String> = []

    /// Rings of the sections read so far, and of `log` lines that name a stream.
    var rings: [RingConfiguration] = []

    /// The names of variables.
    let variables: VariableNames
    /// The lists of patterns.
    let patterns: PatternStore
    /// Compiles expressions and formats.
    let compiler: ExpressionCompiler
    /// `tune.http.cookielen`: one more than the bytes of a captured cookie.
    var cookieBytes = 64
    /// `userlist` sections by name, as far as they are read.
    var userListDrafts: [String: UserListDraft] = [:]
    /// `tune.bufsize` as far as it is known.
    var bufferBytes = 16384

    /// What is looked at once all sections are read, with where it stands.
    private var late: [(location: SourceLocation, check: () -> LateFinding?)] = []

    private var resolved: [String: IPAddress?] = [:]

    /// A session that begins with an environment.
    init(surroundings: Surroundings, environment: Environment, variables: VariableNames) {
        self.surroundings = surroundings
        self.environment = environment
        self.variables = variables
        let resolve = surroundings.resolve
        let readFile = surroundings.readFile
        let locator = locator
        patterns = PatternStore(resolve: { resolve($0, nil) }) { path in
            switch readFile(locator.path(path), Surroundings.listFileByteLimit) {
            case .success(let bytes): .bytes(bytes)
            case .failure(.failed(let code)) where code == Errno(ENOENT): .missing
            case .failure(.failed(let code)): .unreadable(code.text)
            case .failure(.tooLong(let limit)): .unreadable("more than \(limit) bytes")
            }
        }
        compiler = ExpressionCompiler(
            fetches: .all, converters: .all, aliases: .all,
            variables: variables,
            patterns: patterns
        ) { path in
            guard
                case .success(let bytes) = readFile(
                    locator.path(path), Surroundings.errorFileByteLimit)
            else { return nil }
            return bytes
        }
        locator.follow(compiler.references)
        compiler.references.environment = { [unowned self] in self.environment[$0] }
    }

    /// Remembers something to be looked at once all sections are read.
    func checkLate(at location: SourceLocation, _ check: @escaping () -> LateFinding?) {
        late.append((location, check))
    }

    /// Everything is read: looks at what was put off.
    func finishLate(_ diagnostics: inout Diagnostics) {
        for (location, check) in late {
            guard let finding = check() else { continue }
            diagnostics.report(
                Diagnostic(
                    finding.isMistake ? .alert : .warning, at: location, finding.text,
                    suggestion: finding.suggestion))
        }
        late = []
    }

    /// Hands what expressions need to a configuration, when no more of them are compiled.
    func handOver(to configuration: inout Configuration) {
        patterns.finishLoading()
        configuration.expressions = compiler.finish()
        configuration.needs = compiler.formatNeeds
        configuration.variableNames = variables
        configuration.patterns = patterns
    }

    /// The address of a host name; each name is asked for once.
    func address(of name: String, family: IPAddress.Family?) -> IPAddress? {
        let key = "\(name) \(family?.rawValue ?? 0)"
        if let known = resolved[key] { return known }
        let address = surroundings.resolve(name, family)
        resolved[key] = .some(address)
        return address
    }

    /// Parses an address with the environment of now.
    func parse(
        _ text: String, _ rules: AddressSpecification.Rules
    ) -> Result<AddressSpecification, AddressSpecification.Mistake> {
        AddressSpecification.parse(text, rules: rules) { environment[$0] }
    }

    /// The path a relative one stands for under `default-path`.
    func path(_ written: String, in file: String) -> String {
        pathPolicy.path(written, in: file)
    }
}

/// Finds the files that expressions name, by the line that is read.
private final class FileLocator: Sendable {
    private struct State {
        var policy = PathPolicy.current
        var references: References?
    }
    private let state = Mutex(State())

    func begin(at policy: PathPolicy) { state.withLock { $0.policy = policy } }

    /// The line that is read is told there.
    func follow(_ references: References) { state.withLock { $0.references = references } }

    func path(_ written: String) -> String {
        state.withLock { $0.policy.path(written, in: $0.references?.place.file ?? "") }
    }
}

/// `default-path`.
enum PathPolicy: Hashable {
    case current, config, parent
    case origin(String)

    /// The path that a relative one in a file stands for.
    func path(_ written: String, in file: String) -> String {
        if written.hasPrefix("/") { return written }
        let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
        return switch self {
        case .current: written
        case .config: folder + written
        case .parent: folder + "../" + written
        case .origin(let base): base + "/" + written
        }
    }
}

/// `unix-bind`.
struct UNIXBindDefaults {
    var prefix = ""
    var mode: UInt32?
    var userID: UInt32?
    var groupID: UInt32?
}
