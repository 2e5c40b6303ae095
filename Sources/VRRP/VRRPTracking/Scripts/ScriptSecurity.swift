// Whether a script that runs as root could be changed or replaced by somebody else.
// keepalived.conf(5): enable_script_security.

import Kernel

/// What is wrong with a script's file.
public enum ScriptFlaw: Error, Equatable, Sendable {
    /// Nothing can be run under that name.
    case missing(path: String)
    /// The links of the path never end.
    case endlessLinks(path: String)
    /// A part of the path belongs to somebody who is not root.
    case foreignOwner(path: String, userID: UInt32)
    /// A part of the path may be written by a group that is not root's, or by everybody.
    case writableByOthers(path: String)
}

extension ScriptFlaw: CustomStringConvertible {
    /// In the words of a log.
    public var description: String {
        switch self {
        case .missing(let path): "'\(path)' cannot be found"
        case .endlessLinks(let path): "'\(path)' has links without end"
        case .foreignOwner(let path, let user): "'\(path)' belongs to user \(user), not to root"
        case .writableByOthers(let path): "'\(path)' may be changed by others than root"
        }
    }
}

/// Judges the paths of scripts.
public enum ScriptSecurity {
    /// Links followed in one path, at most.
    static let mostLinks = 40

    /// Why a program must not be run as root; nil when all of its path is root's alone: each
    /// directory from `/` on, each link, and the file.
    ///
    /// A directory that everybody may write but only owners may empty (sticky, as `/tmp`) is as
    /// safe as what is in it, which is judged next.
    /// - Parameters:
    ///   - path: absolute.
    ///   - look: tells what stands at a path, links not followed; nil for nothing.
    public static func flaw(
        of path: String, look: (String) -> PathEntry? = { PathEntry(at: $0) }
    ) -> ScriptFlaw? {
        do throws(ScriptFlaw) {
            _ = try walk(path, look) { flaw(of: $0, at: $1) }
            return nil
        } catch {
            return error
        }
    }

    /// The path of the file itself, without links; nil when there is no file.
    ///
    /// keepalived runs scripts by this path unless told otherwise (`use_symlink_paths`).
    public static func resolved(
        _ path: String, look: (String) -> PathEntry? = { PathEntry(at: $0) }
    ) -> String? {
        (try? walk(path, look) { _, _ in nil })?.path
    }

    /// Whether a program ends up with root's rights: by the user it is started as, or because the
    /// file gives them.
    public static func runsAsRoot(
        _ path: String, identity: ProcessIdentity?, ownUserID: UInt32 = CurrentProcess.userID,
        look: (String) -> PathEntry? = { PathEntry(at: $0) }
    ) -> Bool {
        if (identity?.userID ?? ownUserID) == 0 { return true }
        guard let entry = (try? walk(path, look) { _, _ in nil })?.entry else { return false }
        return entry.mode & 0o4000 != 0 && entry.userID == 0
    }

    /// Goes along a path to its file, links followed, judging each part on the way.
    private static func walk(
        _ path: String, _ look: (String) -> PathEntry?,
        judging flaw: (PathEntry, String) -> ScriptFlaw?
    ) throws(ScriptFlaw) -> (path: String, entry: PathEntry) {
        guard path.hasPrefix("/") else { throw .missing(path: path) }
        var rest = parts(of: path)
        var current: [Substring] = []
        var links = 0
        if let root = look("/"), let flaw = flaw(root, "/") { throw flaw }
        while !rest.isEmpty {
            let name = rest.removeFirst()
            if name == ".." {
                _ = current.popLast()
                continue
            }
            let place = "/" + (current + [name]).joined(separator: "/")
            guard let entry = look(place) else { throw .missing(path: place) }
            if let flaw = flaw(entry, place) { throw flaw }
            switch entry.kind {
            case .link(let target):
                links += 1
                if links > mostLinks { throw .endlessLinks(path: path) }
                if target.hasPrefix("/") { current = [] }
                rest = parts(of: target) + rest
            case .directory:
                current.append(name)
            case .file where rest.isEmpty:
                return (place, entry)
            case .file, .other:
                throw .missing(path: place)
            }
        }
        throw .missing(path: path)
    }

    private static func parts(of path: String) -> [Substring] {
        path.split(separator: "/", omittingEmptySubsequences: true).filter { $0 != "." }
    }

    private static func flaw(of entry: PathEntry, at path: String) -> ScriptFlaw? {
        if entry.userID != 0 { return .foreignOwner(path: path, userID: entry.userID) }
        // The bits of a link mean nothing; it is replaced by whoever may write its directory.
        if case .link = entry.kind { return nil }
        if entry.kind == .directory && entry.mode & 0o1000 != 0 { return nil }
        let isOpen = entry.mode & 0o002 != 0 || (entry.mode & 0o020 != 0 && entry.groupID != 0)
        return isOpen ? .writableByOthers(path: path) : nil
    }
}
