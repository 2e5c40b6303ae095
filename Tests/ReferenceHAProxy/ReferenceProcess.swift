// A running haproxy to compare with. It listens on UNIX sockets in a folder of its own, so that
// tests need no ports and leave nothing behind.

import Foundation

/// A haproxy process and the folder with its sockets.
public final class ReferenceProcess {
    /// Where its sockets and its configuration are.
    public let folder: String
    private let process: Process

    /// The path of the program, or nil where it is not installed. The variable REFERENCE_HAPROXY
    /// names another one to compare with, such as a newer version.
    public static let program: String? =
        ProcessInfo.processInfo.environment["REFERENCE_HAPROXY"]
        ?? ["/usr/sbin/haproxy", "/usr/local/sbin/haproxy"].first {
            FileManager.default.isExecutableFile(atPath: $0)
        }

    /// Whether it is a version later than Debian 12's, which is 2.6.
    public static let isLater: Bool = {
        guard let program else { return false }
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["-v"]
        process.standardOutput = output
        guard (try? process.run()) != nil else { return false }
        let said = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return !String(decoding: said, as: UTF8.self).contains("version 2.")
    }()

    /// A new empty folder for sockets, short enough for their names.
    public static func makeFolder() throws -> String {
        let folder = "/tmp/mr-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    /// Whether haproxy takes a configuration; one without a listener is no mistake.
    public static func takes(_ configuration: String) throws -> Bool {
        let folder = try makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try configuration.write(toFile: folder + "/cfg", atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program ?? "/nonexistent")
        process.arguments = ["-c", "-f", folder + "/cfg"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus != 1
    }

    /// Starts haproxy and waits until the socket named `ready` accepts.
    ///
    /// - Parameter configuration: gets the folder in which to place sockets.
    public init(
        ready: String, environment: [String: String] = [:],
        configuration: (_ folder: String) -> String
    ) throws {
        folder = try Self.makeFolder()
        try configuration(folder).write(
            toFile: folder + "/cfg", atomically: true, encoding: .utf8)
        process = Process()
        process.executableURL = URL(fileURLWithPath: Self.program ?? "/nonexistent")
        process.arguments = ["-db", "-f", folder + "/cfg"]
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        guard let socket = awaitConnection(to: ready) else { throw CocoaError(.fileNoSuchFile) }
        close(socket)
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// The process number.
    public var identifier: Int32 { process.processIdentifier }

    /// Sends a request to the socket of that name, ends the sending side and reads to the end.
    public func exchange(_ request: String, with name: String) -> String {
        guard let socket = awaitConnection(to: name) else { return "" }
        defer { close(socket) }
        return Self.exchange(request, over: socket)
    }

    /// Connects as soon as the socket accepts: haproxy binds one after the other. Nil after five
    /// seconds.
    private func awaitConnection(to name: String) -> Int32? {
        for _ in 0..<500 {
            if let socket = connect(to: name) { return socket }
            usleep(10_000)
        }
        return nil
    }

    /// Sends a request over a connected socket, ends the sending side and reads to the end.
    public static func exchange(_ request: String, over socket: Int32) -> String {
        _ = request.withCString { send(socket, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
        if !request.hasPrefix("GET") && !request.hasPrefix("PROXY") {
            shutdown(socket, Int32(SHUT_WR))
        }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(socket, &chunk, chunk.count, 0)
            if count <= 0 { break }
            answer += chunk[..<count]
        }
        return String(decoding: answer, as: UTF8.self)
    }

    /// Connects to a socket in the folder; nil when it does not accept.
    public func connect(to name: String) -> Int32? { Self.connect(to: folder + "/" + name) }

    /// Connects to a UNIX socket by its path.
    public static func connect(to path: String) -> Int32? {
        var address = unixAddress(path)
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if status == 0 { return socket }
        close(socket)
        return nil
    }
}

/// A UNIX datagram socket that collects what is logged to it.
public final class DatagramInbox {
    /// Where senders find it.
    public let path: String
    private let socket: Int32

    /// Binds a socket at `path`.
    public init(path: String) {
        self.path = path
        socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = unixAddress(path)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        precondition(status == 0, "cannot bind \(path)")
        var timeout = timeval(tv_sec: 3, tv_usec: 0)
        setsockopt(
            socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(socket)
        unlink(path)
    }

    /// The next datagram, waited for up to three seconds.
    public func next() -> String? {
        var bytes = [UInt8](repeating: 0, count: 70_000)
        let count = recv(socket, &bytes, bytes.count, 0)
        return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// A datagram that is there already.
    public func nextAtOnce() -> String? {
        var bytes = [UInt8](repeating: 0, count: 70_000)
        let count = recv(socket, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }
}

private func unixAddress(_ path: String) -> sockaddr_un {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return address
}
