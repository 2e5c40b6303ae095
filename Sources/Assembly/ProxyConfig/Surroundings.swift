// What loading a configuration asks of the world, as function values, so tests need no files, no
// resolver and no accounts.

import Addresses
import ConfigLanguage
import Kernel

/// The world as far as a configuration can name it.
public struct Surroundings: Sendable {
    /// Reads a whole file, unless it has more bytes than the limit.
    public var readFile:
        @Sendable (_ path: String, _ byteLimit: Int) -> Result<[UInt8], FileFailure>
    /// The first address of a host name.
    public var resolve: @Sendable (_ name: String, _ family: IPAddress.Family?) -> IPAddress?
    /// The number of a user.
    public var userID: @Sendable (_ name: String) -> UInt32?
    /// The number of a group.
    public var groupID: @Sendable (_ name: String) -> UInt32?
    /// Why an inherited descriptor is no usable socket; nil when it is one.
    public var flawOfDescriptor: @Sendable (_ number: Int32) -> Errno?
    /// A server whose name has no address is disabled rather than a mistake (`-dr`).
    public var ignoresResolutionFailures = false

    /// Surroundings from their parts.
    public init(
        readFile: @escaping @Sendable (String, Int) -> Result<[UInt8], FileFailure>,
        resolve: @escaping @Sendable (String, IPAddress.Family?) -> IPAddress?,
        userID: @escaping @Sendable (String) -> UInt32?,
        groupID: @escaping @Sendable (String) -> UInt32?,
        flawOfDescriptor: @escaping @Sendable (Int32) -> Errno?
    ) {
        self.readFile = readFile
        self.resolve = resolve
        self.userID = userID
        self.groupID = groupID
        self.flawOfDescriptor = flawOfDescriptor
    }

    /// The most bytes a configuration file may have.
    public static let configurationByteLimit = 256 << 20

    /// The most bytes a list of patterns, a map or the states of servers may have.
    public static let listFileByteLimit = 1 << 30

    /// The most bytes an error file, the body of a reply or a key may have.
    public static let errorFileByteLimit = 1 << 20

    /// The machine this process runs on.
    public static var system: Surroundings {
        Surroundings(
            readFile: { path, byteLimit in
                Result { () throws(FileFailure) in
                    try Files.read(path, atMost: byteLimit)
                }
            },
            resolve: { NameResolution.address(of: $0, family: $1) },
            userID: { UserAccount(named: $0)?.id },
            groupID: { GroupAccount(named: $0)?.id },
            flawOfDescriptor: { Descriptor.flawOfSocket($0) })
    }
}
