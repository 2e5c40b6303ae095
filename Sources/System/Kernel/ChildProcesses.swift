// Programs that are started without a shell, and processes held by a descriptor (pidfd): a number
// can be given to another process, a descriptor cannot. pidfd_open(2), waitid(2).

import CLinux
import Glibc

/// Whose rights a program runs with.
public struct ProcessIdentity: Equatable, Sendable {
    /// The most supplementary groups a program is given.
    public static let mostGroups = 256

    /// Real, effective and saved user.
    public let userID: UInt32
    /// Real, effective and saved group.
    public let groupID: UInt32
    /// The supplementary groups.
    public let groups: [UInt32]

    public init(userID: UInt32, groupID: UInt32, groups: [UInt32]) {
        self.userID = userID
        self.groupID = groupID
        self.groups = groups
    }

    /// A user with the supplementary groups the group file gives; another first group if wanted.
    public init(_ user: UserAccount, groupID: UInt32? = nil) {
        userID = user.id
        self.groupID = groupID ?? user.groupID
        groups = Self.groups(of: user.name, with: self.groupID)
    }

    private static func groups(of name: String, with group: UInt32) -> [UInt32] {
        var found = [gid_t](repeating: 0, count: mostGroups)
        var count = Int32(mostGroups)
        // Safety: room for `count` numbers; the call says how many it used, or fails with -1.
        let status = unsafe getgrouplist(name, group, &found, &count)
        return status < 0 ? [group] : Array(found.prefix(Int(count)))
    }
}

/// What is to be started.
public struct ProgramPlan: Equatable, Sendable {
    /// The file that is run; no search is made.
    public var path: String
    /// All arguments, the program's name first.
    public var arguments: [String]
    /// `NAME=value` each.
    public var environment: [String]
    /// Nil keeps the rights of this process.
    public var identity: ProcessIdentity?
    /// Nil keeps the working directory.
    public var directory: String?
    /// The mask of new files' permissions; nil keeps this process's.
    public var fileModeMask: UInt32?

    public init(
        path: String, arguments: [String], environment: [String],
        identity: ProcessIdentity? = nil, directory: String? = nil, fileModeMask: UInt32? = nil
    ) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.identity = identity
        self.directory = directory
        self.fileModeMask = fileModeMask
    }
}

/// Why a program did not begin to run.
public struct ProgramFailure: Error, Equatable, Sendable {
    /// What could not be done.
    public enum Step: Int32, Sendable {
        case streams = 1
        case identity = 2
        case directory = 3
        case execution = 4
    }

    /// What could not be done.
    public let step: Step
    /// Why.
    public let error: Errno

    public init(step: Step, error: Errno) {
        self.step = step
        self.error = error
    }
}

/// A child that was started: it has a process group of its own and is sent SIGTERM when the thread
/// that started it ends.
public struct StartedProgram: ~Copyable {
    /// The number, which is also that of its process group.
    public let id: ProcessID
    /// Readable once the child has ended.
    public let handle: ProcessHandle
    private let report: Descriptor

    fileprivate init(
        id: ProcessID, handle: consuming ProcessHandle, report: consuming Descriptor
    ) {
        self.id = id
        self.handle = handle
        self.report = report
    }

    /// Why the program never ran; nil when it did, or is still about to. To be asked after the end.
    public var failure: ProgramFailure? {
        var words: (Int32, Int32) = (0, 0)
        // Safety: room for exactly the eight bytes that are asked for.
        let got = unsafe withUnsafeMutableBytes(of: &words) { room in
            unsafe Glibc.read(report.number, room.baseAddress, room.count)
        }
        guard got == 8, let step = ProgramFailure.Step(rawValue: words.0) else { return nil }
        return ProgramFailure(step: step, error: Errno(words.1))
    }

    /// Sends a signal to the child and all of its group that is left.
    public func sendToGroup(_ signal: Signal) {
        // The group keeps the number taken for as long as it has a member; the child itself is not
        // yet waited for, so the number is not another's.
        _ = kill(-id.number, signal.number)
    }
}

/// A process held by a descriptor.
public struct ProcessHandle: ~Copyable {
    private let descriptor: Descriptor

    /// Holds the process of that number; fails with ESRCH when there is none.
    public init(_ process: ProcessID) throws(Errno) {
        let number = martlet_pidfd_open(process.number)
        if number < 0 { throw Errno.last }
        descriptor = Descriptor(owning: number)
    }

    /// The number to watch; readable once the process has ended.
    public var number: Int32 { descriptor.number }

    /// Sends a signal to the process that is held, and to no other that has its number by now.
    public func send(_ signal: Signal) throws(Errno) {
        if martlet_pidfd_send_signal(descriptor.number, signal.number) < 0 { throw Errno.last }
    }

    /// How a child of this process ended; nil while it lives. Fails for one that is not ours.
    public func takeEnd() throws(Errno) -> ChildEnd? {
        var status: Int32 = 0
        while true {
            // Safety: `status` lives for the duration of the call.
            let got = unsafe martlet_pidfd_wait(descriptor.number, &status)
            if got == 0 { return nil }
            if got > 0 { break }
            if errno != EINTR { throw Errno.last }
        }
        return martlet_wifsignaled(status) != 0
            ? .killed(by: Signal(martlet_wtermsig(status)))
            : .exited(status: martlet_wexitstatus(status))
    }
}

extension CurrentProcess {
    /// Starts a program without a shell: standard input is `/dev/null`, output and errors go to
    /// `output` or are dropped, every other descriptor is closed.
    ///
    /// Does not wait for the program to be loaded; ``StartedProgram/failure`` tells when it could
    /// not. Fails when the system has no room for another process.
    public static func start(
        _ plan: ProgramPlan, output: borrowing Descriptor
    ) throws(Errno) -> StartedProgram {
        let null = try Files.openNull()
        let report = try OutputPipe()
        var child = unsafe martlet_child_plan()
        unsafe child.null_input = null.number
        unsafe child.output = output.isOpen ? output.number : null.number
        unsafe child.report = report.writeEnd.number
        unsafe child.mask = plan.fileModeMask.map { Int32(truncatingIfNeeded: $0) } ?? -1
        if let identity = plan.identity {
            unsafe child.becomes_user = 1
            unsafe child.user = identity.userID
            unsafe child.group = identity.groupID
            unsafe child.group_count = identity.groups.count
        }
        // Safety: the structure lives for the duration of the call.
        let number = unsafe run(&child, plan)
        if number < 0 { throw Errno.last }
        let id = ProcessID(number)
        do throws(Errno) {
            return StartedProgram(
                id: id, handle: try ProcessHandle(id), report: report.keepReadEnd())
        } catch {
            // Without a descriptor nobody would hear of its end.
            _ = kill(-number, SIGKILL)
            _ = try? CurrentProcess.end(of: id)
            throw error
        }
    }

    /// Lends the plan's texts to the child and forks; -1 with the thread's last error.
    private static func run(
        _ child: UnsafeMutablePointer<martlet_child_plan>, _ plan: ProgramPlan
    ) -> Int32 {
        let arguments = CStrings(plan.arguments)
        let environment = CStrings(plan.environment)
        let groups = plan.identity?.groups ?? []
        unsafe child.pointee.arguments = UnsafePointer(arguments.start)
        unsafe child.pointee.environment = UnsafePointer(environment.start)
        // Safety: all texts and numbers live until the fork is done; the child has its own copy.
        return withExtendedLifetime((arguments, environment)) {
            unsafe plan.path.withCString { path in
                unsafe groups.withUnsafeBufferPointer { groups in
                    unsafe child.pointee.path = path
                    unsafe child.pointee.groups = groups.baseAddress
                    guard let directory = plan.directory else {
                        return unsafe martlet_start_child(child)
                    }
                    return unsafe directory.withCString { directory in
                        unsafe child.pointee.directory = directory
                        return unsafe martlet_start_child(child)
                    }
                }
            }
        }
    }
}

extension Files {
    /// Opens `/dev/null` for both directions.
    public static func openNull() throws(Errno) -> Descriptor {
        // Safety: the literal is handed over as a C string that lives for the duration of the call.
        let number = unsafe martlet_open("/dev/null", O_RDWR | O_CLOEXEC, 0)
        if number < 0 { throw Errno.last }
        return Descriptor(owning: number)
    }

    /// The file a program's name stands for: itself when it has a slash, else the first file of the
    /// search path (`a:b:c`) that somebody may run. Nil when there is none.
    public static func program(_ name: String, searchPath: String) -> String? {
        if name.utf8.contains(UInt8(ascii: "/")) { return isProgram(name) ? name : nil }
        for directory in searchPath.split(separator: ":", omittingEmptySubsequences: true) {
            let path = "\(directory)/\(name)"
            if isProgram(path) { return path }
        }
        return nil
    }

    private static func isProgram(_ path: String) -> Bool {
        var status = stat()
        // Safety: the path is read and `status` filled during the call only.
        if unsafe stat(path, &status) < 0 { return false }
        return status.st_mode & S_IFMT == S_IFREG && status.st_mode & 0o111 != 0
    }
}

/// A pipe from a program to this process: writing into it may block, reading never does.
public struct OutputPipe: ~Copyable {
    /// Where the output arrives.
    public let readEnd: Descriptor
    /// What a program is given.
    public let writeEnd: Descriptor

    /// Opens a pipe, both ends close-on-exec.
    public init() throws(Errno) {
        let ends = try Descriptor.pipe()
        let reader = Descriptor(owning: ends.read)
        let writer = Descriptor(owning: ends.write)
        try reader.setNonBlocking()
        readEnd = reader
        writeEnd = writer
    }

    /// Gives up the end that writes, so that the reader sees the end of the output.
    public consuming func keepReadEnd() -> Descriptor { readEnd }
}

extension Descriptor {
    /// Reads once from any descriptor and appends what came, at most `limit` bytes.
    public borrowing func read(appendingTo bytes: inout [UInt8], atMost limit: Int) -> ReadResult {
        precondition(limit > 0)
        var room = [UInt8](repeating: 0, count: limit)
        while true {
            // Safety: the room is borrowed exclusively for the call and has `count` bytes.
            let got = unsafe room.withUnsafeMutableBytes {
                unsafe Glibc.read(number, $0.baseAddress, $0.count)
            }
            if got > 0 {
                bytes += room[..<got]
                return .bytes(got)
            }
            if got == 0 { return .ended }
            let code = errno
            if code == EINTR { continue }
            return code == EAGAIN ? .wouldBlock : .failed(Errno(code))
        }
    }
}

/// Texts as a list of C strings that ends with a null pointer, freed with their owner.
@safe
private final class CStrings {
    /// The list, alive as long as this object.
    let start: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ texts: [String]) {
        count = texts.count
        // Safety: owned by this object, one place more than there are texts for the null pointer.
        unsafe start = .allocate(capacity: texts.count + 1)
        for (index, text) in texts.enumerated() {
            unsafe (start + index).initialize(to: strdup(text))
        }
        unsafe (start + count).initialize(to: nil)
    }

    deinit {
        // Safety: every place was initialized above, and nothing outlives the fork.
        for index in 0..<count { unsafe free(start[index]) }
        unsafe start.deallocate()
    }
}
