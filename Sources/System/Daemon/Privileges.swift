// Giving up privileges: the root directory, groups, user, in the order that still works after each
// step. Names are resolved to numbers before, while the system's files can be seen.

import Kernel

/// What a daemon becomes after it has opened what needs privileges.
public struct Privileges: Equatable, Sendable {
    /// The directory the process locks itself into.
    public var rootDirectory: String?
    public var userID: UInt32?
    public var groupID: UInt32?

    public init(rootDirectory: String? = nil, userID: UInt32? = nil, groupID: UInt32? = nil) {
        self.rootDirectory = rootDirectory
        self.userID = userID
        self.groupID = groupID
    }

    /// Why a step failed; the texts are those of HAProxy's start-up log.
    public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        case root(String)
        case group(UInt32)
        case user(UInt32)

        public var description: String {
            switch self {
            case .root(let path): "Cannot chroot(\(path))."
            case .group(let id): "Cannot set gid \(id)."
            case .user(let id): "Cannot set uid \(id)."
            }
        }
    }

    /// Locks the process into its root directory, if it has one.
    public func enterRoot() throws(Failure) {
        guard let rootDirectory else { return }
        do throws(Errno) {
            try CurrentProcess.changeRoot(to: rootDirectory)
        } catch {
            throw .root(rootDirectory)
        }
    }

    /// Becomes group and user.
    ///
    /// Supplementary groups go first: with them a daemon would keep what its starter may do.
    /// Returns a warning when they could not be dropped.
    public func becomeUser() throws(Failure) -> String? {
        var warning: String?
        if let groupID {
            warning = dropSupplementaryGroups()
            do throws(Errno) { try CurrentProcess.becomeGroup(groupID) } catch {
                throw .group(groupID)
            }
        }
        if let userID {
            if groupID == nil { warning = dropSupplementaryGroups() }
            do throws(Errno) { try CurrentProcess.becomeUser(userID) } catch {
                throw .user(userID)
            }
        }
        return warning
    }

    private func dropSupplementaryGroups() -> String? {
        if !CurrentProcess.hasSupplementaryGroups { return nil }
        guard CurrentProcess.isRoot else {
            return "Failed to drop supplementary groups. Using 'gid'/'group' without 'uid'/'user' "
                + "is generally useless."
        }
        do throws(Errno) {
            try CurrentProcess.setSupplementaryGroups([])
            return nil
        } catch {
            return "Failed to drop supplementary groups: \(error.text)."
        }
    }
}
