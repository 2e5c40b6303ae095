// The world as this host has it.

import Kernel

extension VRRPSurroundings {
    /// The files, accounts and environment of this host.
    ///
    /// - Parameters:
    ///   - configurationID: what `-i` names; nil: the host's name up to its first dot.
    ///   - currentDirectory: where relative paths begin; nil: the working directory.
    ///   - interfaces: all interfaces, or nil to say nothing about missing ones.
    ///   - scriptFile: what is at a script's full path, nil for nothing.
    public static func host(
        configurationID: String? = nil, currentDirectory: String? = nil,
        interfaces: [Interface]? = nil, scriptFile: @escaping (String) -> ScriptFile?
    ) -> VRRPSurroundings {
        var host = VRRPSurroundings(configurationID: configurationID ?? hostName())
        host.read = { path, limit in
            do throws(FileFailure) {
                return .success(try Files.read(path, atMost: limit))
            } catch {
                return .failure(error)
            }
        }
        host.kind = { path in
            switch try? Files.kind(of: path) {
            case nil: nil
            case .directory: .directory
            case .regular: .file
            default: .special
            }
        }
        host.entries = { try? Files.entries(of: $0) }
        host.environment = { ProcessEnvironment.value(of: $0) }
        host.currentDirectory = currentDirectory ?? CurrentProcess.directory ?? "/"
        host.interfaces = interfaces
        host.userExists = { UserAccount(named: $0) != nil }
        host.groupExists = { GroupAccount(named: $0) != nil }
        host.scriptFile = scriptFile
        host.isRoot = CurrentProcess.isRoot
        host.randomSeed = Clock.monotonic().nanoseconds
        return host
    }

    private static func hostName() -> String {
        let bytes = (try? Files.read("/proc/sys/kernel/hostname", atMost: 256)) ?? []
        let name = bytes.prefix { $0 != Letter.lineFeed && $0 != 0x2E }
        return String(decoding: name, as: UTF8.self)
    }
}
