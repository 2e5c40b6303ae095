// The environment of the process. Changed only while the process has one thread.

import CLinux
import Glibc

/// The process's environment variables.
public enum ProcessEnvironment {
    /// The value of a variable; nil when it is not set.
    public static func value(of name: String) -> String? {
        // Safety: the text lives in the environment, which only the calling thread changes; it is
        // copied at once.
        guard let text = unsafe getenv(name) else { return nil }
        let characters = unsafe UnsafeBufferPointer(start: text, count: strlen(text))
        return unsafe String(anyBytes: characters.map { UInt8(bitPattern: $0) })
    }

    /// Sets a variable, or leaves it when it exists and `overwriting` is false.
    public static func set(
        _ name: String, to value: String, overwriting: Bool = true
    ) throws(Errno) {
        // Safety: both texts are copied during the call.
        if unsafe setenv(name, value, overwriting ? 1 : 0) < 0 { throw Errno.last }
    }

    /// Removes a variable; does nothing when it is not set.
    public static func remove(_ name: String) throws(Errno) {
        // Safety: the name is read during the call only.
        if unsafe unsetenv(name) < 0 { throw Errno.last }
    }

    /// Every variable as `NAME=value`, in the order of the process.
    public static var entries: [String] {
        var found: [String] = []
        // Safety: the environment is a list of zero-ended texts that ends with a null pointer; only
        // the calling thread changes it.
        guard var entry = unsafe martlet_environment() else { return [] }
        while let text = unsafe entry.pointee {
            found.append(unsafe String(cString: text))
            unsafe entry += 1
        }
        return found
    }

    /// Every variable's name, in the order of the process.
    public static var names: [String] {
        entries.map { String($0.prefix { $0 != "=" }) }
    }
}
