// Files as whole texts: configurations, and what /proc says.

import CLinux
import Glibc
import Kernel

/// A file's text; `nil` when it cannot be read.
public func readFile(_ path: String) -> String? {
    // Safety: the path is read only for the call.
    let number = unsafe martlet_open(path, O_RDONLY | O_CLOEXEC, 0)
    guard number >= 0 else { return nil }
    let descriptor = Descriptor(owning: number)
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 16_384)
    while true {
        // Safety: the block is as long as it says.
        let got = unsafe block.withUnsafeMutableBytes {
            unsafe read(descriptor.number, $0.baseAddress, $0.count)
        }
        guard got > 0 else { break }
        bytes += block[..<got]
    }
    return String(decoding: bytes, as: UTF8.self)
}

/// Writes a file anew; false when that fails.
@discardableResult
public func writeFile(_ path: String, _ text: String) -> Bool {
    // Safety: the path is read only for the call.
    let number = unsafe martlet_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard number >= 0 else { return false }
    let descriptor = Descriptor(owning: number)
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
        guard
            case .bytes(let count) = descriptor.write(
                bytes.span.extracting(droppingFirst: written))
        else { return false }
        written += count
    }
    return true
}

/// The names in a folder, without `.` and `..`; empty when it cannot be read.
public func folderNames(_ path: String) -> [String] {
    // Safety: the folder is open until the loop has ended; each entry is copied at once.
    guard let folder = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
        let bytes = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
            unsafe Array($0.prefix { $0 != 0 })
        }
        let name = String(decoding: bytes, as: UTF8.self)
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}

/// Makes a folder of our own for what a run writes; `nil` when that fails.
public func makeTemporaryFolder(_ prefix: String) -> String? {
    var template = Array("/tmp/\(prefix).XXXXXX".utf8CString)
    // Safety: the template ends with a zero and is changed in place.
    guard unsafe mkdtemp(&template) != nil else { return nil }
    return String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// Removes a folder with everything in it.
public func removeFolder(_ path: String) {
    for name in folderNames(path) {
        let inner = "\(path)/\(name)"
        // Safety: paths are read only for the calls.
        if unsafe unlink(inner) != 0 { removeFolder(inner) }
    }
    unsafe rmdir(path)
}
