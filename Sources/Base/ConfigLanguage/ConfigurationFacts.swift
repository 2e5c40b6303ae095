// What a configuration may ask about the program: version, features, libraries. A value handed in,
// so this floor knows nothing of what is built above it.

/// What the predicates of conditions can ask.
public struct ConfigurationFacts: Hashable, Sendable {
    /// The HAProxy version whose language is spoken, such as `3.5-dev0`.
    public var version: ProgramVersion
    /// Names for which `feature()` is true: only what really works.
    public var features: Set<String>
    /// Names for which `enabled()` is true.
    public var enabledOptions: Set<String>
    /// OpenSSL's version; nil without TLS.
    public var opensslVersion: ProgramVersion?
    /// The name of the TLS library, such as `OpenSSL 3.0.11 19 Sep 2023`; nil without TLS.
    public var tlsLibraryName: String?
    /// Whether the TLS library runs in FIPS mode.
    public var isFIPS: Bool

    /// Facts from their parts.
    public init(
        version: ProgramVersion, features: Set<String> = [], enabledOptions: Set<String> = [],
        opensslVersion: ProgramVersion? = nil, tlsLibraryName: String? = nil, isFIPS: Bool = false
    ) {
        self.version = version
        self.features = features
        self.enabledOptions = enabledOptions
        self.opensslVersion = opensslVersion
        self.tlsLibraryName = tlsLibraryName
        self.isFIPS = isFIPS
    }
}

/// A version that can be compared: `2.8`, `2.5-dev0`, `v3.5-dev3`, `2.6.12-1+deb12u4`, `1.1.1w`.
public struct ProgramVersion: Hashable, Sendable, Comparable {
    /// The numbers between dots, missing ones zero.
    private let numbers: [Int]
    /// 0 for `-dev`, 1 for `-rc`, 2 for a release.
    private let stage: Int
    /// The number behind `-dev` or `-rc`.
    private let stageNumber: Int
    /// The number behind the next hyphen: commits or a package's revision.
    private let revision: Int
    /// The letter of an old OpenSSL patch level.
    private let letter: UInt8

    /// Reads as much of the text as looks like a version; what is missing counts as zero.
    public init(_ text: String) {
        var rest = Array(text.utf8)[...]
        if rest.first == 0x76 { rest = rest.dropFirst() }
        var numbers: [Int] = []
        repeat {
            if !numbers.isEmpty { rest = rest.dropFirst() }
            numbers.append(takeNumber(&rest))
        } while numbers.count < 4 && rest.first == 0x2E
        while numbers.count < 4 { numbers.append(0) }
        self.numbers = numbers
        var letter: UInt8 = 0
        if let byte = rest.first, byte >= 0x61, byte <= 0x7A {
            letter = byte
            rest = rest.dropFirst()
        }
        self.letter = letter
        var stage = 2
        var stageNumber = 0
        for (word, value) in [("-dev", 0), ("-rc", 1)] where rest.starts(with: word.utf8) {
            rest = rest.dropFirst(word.utf8.count)
            stage = value
            stageNumber = takeNumber(&rest)
        }
        self.stage = stage
        self.stageNumber = stageNumber
        if rest.first == 0x2D {
            rest = rest.dropFirst()
            revision = takeNumber(&rest)
        } else {
            revision = 0
        }
    }

    /// The first two numbers, such as `3.5`.
    public var branch: String { "\(numbers[0]).\(numbers[1])" }

    /// Development before candidates before releases; numbers from left to right.
    public static func < (left: ProgramVersion, right: ProgramVersion) -> Bool {
        left.order.lexicographicallyPrecedes(right.order)
    }

    private var order: [Int] { numbers + [Int(letter), stage, stageNumber, revision] }
}

/// Takes digits off the front; none count as zero, too many as a very large number.
private func takeNumber(_ bytes: inout ArraySlice<UInt8>) -> Int {
    var value = 0
    while let byte = bytes.first, byte >= 0x30, byte <= 0x39 {
        value = min(value * 10 + Int(byte - 0x30), 1 << 40)
        bytes = bytes.dropFirst()
    }
    return value
}
