// Files, directories and their bounds, on a directory of the test's own.

import Glibc
import Kernel
import Synchronization
import Testing

private func withDirectory(_ body: (String) throws -> Void) throws {
    var name = Array("/tmp/martlet-tests-XXXXXX".utf8CString)
    let path = String(cString: try #require(mkdtemp(&name)))
    defer {
        for entry in (try? Files.entries(of: path)) ?? [] {
            if unlink("\(path)/\(entry)") != 0 { rmdir("\(path)/\(entry)") }
        }
        rmdir(path)
    }
    try body(path)
}

@Suite struct FilesTests {
    @Test func `a file is read whole up to the bound and refused above it`() throws {
        try withDirectory { folder in
            // More than one piece of a reading.
            let content = (0..<150_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            try Files.write(content.span, to: folder + "/f")
            #expect(try Files.read(folder + "/f", atMost: 150_000) == content)
            #expect(throws: FileFailure.tooLong(limitBytes: 149_999)) {
                try Files.read(folder + "/f", atMost: 149_999)
            }
        }
    }

    @Test func `devices are read to their end`() throws {
        #expect(try Files.read("/dev/null", atMost: 0) == [])
    }

    @Test func `what cannot be read says why`() {
        #expect(throws: FileFailure.failed(Errno(ENOENT))) {
            try Files.read("/nonexistent", atMost: 1)
        }
        #expect(throws: FileFailure.failed(Errno(EISDIR))) { try Files.read("/tmp", atMost: 1) }
    }

    @Test func `entries come in the order of their bytes`() throws {
        try withDirectory { folder in
            for name in ["b.cfg", "A.cfg", "10.cfg", "9.cfg", ".hidden", "ä.cfg"] {
                try Files.write([UInt8]().span, to: "\(folder)/\(name)")
            }
            #expect(
                try Files.entries(of: folder)
                    == [".hidden", "10.cfg", "9.cfg", "A.cfg", "b.cfg", "ä.cfg"])
            #expect(throws: Errno(ENOTDIR)) { try Files.entries(of: folder + "/b.cfg") }
        }
    }

    @Test func `kinds follow links`() throws {
        try withDirectory { folder in
            try Files.write([UInt8]().span, to: folder + "/f")
            symlink(folder + "/f", folder + "/link")
            symlink("/nonexistent", folder + "/dangling")
            mkdir(folder + "/d", 0o755)
            #expect(try Files.kind(of: folder + "/link") == .regular)
            #expect(try Files.kind(of: folder + "/d") == .directory)
            #expect(try Files.kind(of: "/dev/null") == .device)
            #expect(throws: Errno(ENOENT)) { try Files.kind(of: folder + "/dangling") }
        }
    }

    @Test func `renaming replaces and modes are set`() throws {
        try withDirectory { folder in
            try Files.write(Array("new".utf8).span, to: folder + "/a")
            try Files.write(Array("old".utf8).span, to: folder + "/b")
            try Files.setMode(0o640, of: folder + "/a")
            try Files.rename(folder + "/a", to: folder + "/b")
            #expect(try Files.read(folder + "/b", atMost: 10) == Array("new".utf8))
            var status = stat()
            #expect(stat(folder + "/b", &status) == 0 && status.st_mode & 0o777 == 0o640)
            #expect(try Files.entries(of: folder) == ["b"])
        }
    }

    @Test func `a locked file is held by one, and gone when that one removes it`() throws {
        try withDirectory { folder in
            let path = folder + "/pid"
            try Files.write(Array("old".utf8).span, to: path)
            let first = try LockedFile(path: path)
            #expect(throws: Errno.isTaken) { _ = try LockedFile(path: path) }
            try first.write("7\n")
            #expect(try Files.read(path, atMost: 10) == Array("7\n".utf8))
            first.remove()
            #expect(try Files.entries(of: folder).isEmpty)
            let second = try LockedFile(path: path)
            // Another's file in its place is left alone.
            try Files.write(Array("other".utf8).span, to: folder + "/x")
            try Files.rename(folder + "/x", to: path)
            second.remove()
            #expect(try Files.read(path, atMost: 10) == Array("other".utf8))
        }
    }

    /// What the threads of the test below share.
    private final class Tally: Sendable {
        let holders = Atomic(0)
        let most = Atomic(0)
        let held = Atomic(0)
    }

    @Test func `files that come and go are held by one at a time`() throws {
        let folder = "/tmp/martlet-locked-\(ProcessID.own)-\(UInt64.random(in: 0 ... .max))"
        try Files.makeDirectory(folder)
        defer { rmdir(folder) }
        let tally = Tally()
        let threads = try (0..<4).map { _ in
            try SystemThread {
                for _ in 0..<2000 {
                    guard let file = try? LockedFile(path: folder + "/pid") else { continue }
                    let holders = tally.holders.add(1, ordering: .relaxed).newValue
                    if holders > 1 { tally.most.store(holders, ordering: .relaxed) }
                    tally.held.add(1, ordering: .relaxed)
                    tally.holders.subtract(1, ordering: .relaxed)
                    file.remove()
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(tally.most.load(ordering: .relaxed) == 0)
        #expect(tally.held.load(ordering: .relaxed) > 0)
    }
}
