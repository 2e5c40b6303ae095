// Every bound of reading a configuration in one place, so that a hostile file ends in a message.

/// Bounds of reading.
enum Bounds {
    /// Bytes of one file.
    static let fileBytes = 16 << 20
    /// Files that are read in all.
    static let files = 4096
    /// Includes inside includes.
    static let includeDepth = 32
    /// Bytes of one line after substitution.
    static let lineBytes = 65536
    /// Lines after substitution, in all.
    static let lines = 2_000_000
    /// Bytes after substitution, in all.
    static let totalBytes = 256 << 20
    /// Definitions and blocks inside one another.
    static let expansionDepth = 64
    /// Substitutions in one line.
    static let substitutions = 1000
    /// Lines that are looked at, also those that come to nothing.
    static let steps = 4_000_000
    /// Lines in the body of a definition.
    static let definitionLines = 100_000
    /// Values of one `~SEQ` or `~LST`.
    static let sequenceValues = 65536
    /// Blocks inside blocks.
    static let blockDepth = 16
    /// Words of one line.
    static let words = 1024
    /// Paths that one include may match.
    static let matches = 4096
    /// Directories that one include may look into.
    static let directories = 10_000
    /// Bytes of an address's label, as the kernel has it (IFNAMSIZ).
    static let labelBytes = 15
    /// Announcements that go out at once for one address.
    static let announcements = 255
    /// Messages that are kept.
    static let messages = 1000
}
