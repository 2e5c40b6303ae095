// The way in: a path and a world give a configuration, what is to be said about it, and a grade.

import ConfigLanguage
import Kernel

/// What loading gives.
public struct LoadedVRRPConfiguration: Sendable {
    /// The configuration; nil when it cannot be used.
    public var configuration: VRRPConfiguration?
    /// What is to be said, in the order of finding: alerts that refuse (`isRefusal`) or tell of a
    /// repair, warnings that say what will happen, and notices.
    public var diagnostics: [Diagnostic]
    /// Messages beyond a bound, which are only counted.
    public var droppedCount: Int
    /// How usable it is: the exit status of `-t`.
    public var grade: ConfigurationGrade
    /// Whether the main file could not be read.
    public var lacksMainFile: Bool
}

/// Loads configurations.
public enum VRRPConfigurationLoader {
    /// Reads the file at `path` and everything it includes.
    ///
    /// `path` is relative to the current directory of `surroundings`. A file that is missing makes
    /// the configuration unusable (Differs: keepalived 2.2 starts without one).
    public static func load(
        path: String, surroundings: VRRPSurroundings
    ) -> LoadedVRRPConfiguration {
        load(path: path, surroundings: surroundings, stepLimit: Bounds.steps)
    }

    /// The same with a bound on the lines that are looked at.
    static func load(
        path: String, surroundings: VRRPSurroundings, stepLimit: Int
    ) -> LoadedVRRPConfiguration {
        var remarks = Remarks()
        var preprocessor = Preprocessor(surroundings, stepLimit: stepLimit)
        preprocessor.readMain(path, &remarks)
        let statements = StatementTree.build(preprocessor.lines, &remarks)
        // What concerns the daemon counts for blocks that stand before it.
        let isGlobal = { (statement: Statement) in statement.name == "global_defs" }
        var reading = Reading(surroundings, remarks)
        reading.read(statements.filter(isGlobal) + statements.filter { !isGlobal($0) }, in: .top)
        reading.resolve()
        var checks = ConfigurationChecks(
            reading.configuration, surroundings, reading.remarks)
        checks.run()
        let grade = checks.remarks.grade
        return LoadedVRRPConfiguration(
            configuration: grade == .unusable ? nil : reading.configuration,
            diagnostics: checks.remarks.entries, droppedCount: checks.remarks.droppedCount,
            grade: grade, lacksMainFile: preprocessor.lacksMainFile)
    }

    /// Reads one text as a file named `name`, for tests and tools.
    public static func load(
        text: String, named name: String = "vrrp.conf", surroundings: VRRPSurroundings
    ) -> LoadedVRRPConfiguration {
        var world = surroundings
        let full = Paths.join(world.currentDirectory, name)
        let bytes = Array(text.utf8)
        world.read = { path, limit in
            guard path == full else { return surroundings.read(path, limit) }
            return bytes.count > limit ? .failure(.tooLong(limitBytes: limit)) : .success(bytes)
        }
        return load(path: name, surroundings: world)
    }
}
