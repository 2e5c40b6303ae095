// One row per keyword: its name, the block it stands in, what it takes, one sentence of manual,
// whether it works, and the function that puts it into what is being read.

import Addresses

/// A kind of block, with the keyword that opens it.
public enum VRRPBlock: String, Hashable, Sendable, CaseIterable {
    /// Outside of all blocks.
    case top = "the file"
    /// What concerns the daemon as a whole.
    case global = "global_defs"
    /// A file whose number counts.
    case trackFile = "track_file"
    /// Processes that must run.
    case trackProcess = "vrrp_track_process"
    /// A session of BFD.
    case bfd = "bfd_instance"
    /// A script that runs again and again.
    case script = "vrrp_script"
    /// Instances that change together.
    case syncGroup = "vrrp_sync_group"
    /// Interfaces that share spacing.
    case announcementGroup = "garp_group"
    /// A virtual router.
    case instance = "vrrp_instance"
    /// The password inside an instance.
    case authentication = "authentication"
    /// The keys inside an instance.
    case hmac = "auth_hmac"
    /// Instances that follow static items.
    case trackGroup = "track_group"
    /// The health of a proxy.
    case martlet = "track_martlet"
    /// A built-in check.
    case check = "track_check"
}

/// A keyword and everything there is to know about it.
public struct VRRPKeyword: Sendable {
    /// Whether the keyword works.
    public enum Status: Hashable, Sendable {
        /// It does what the manual says.
        case supported
        /// It is read and changes nothing, for a reason.
        case acceptedWithoutEffect(String)
        /// It will not work; the advice says what to do instead.
        case refused(String)
    }

    /// Puts a statement into what is being read.
    typealias Apply = @Sendable (inout Reading, Statement) -> Void

    /// The keyword.
    public let name: String
    /// Where it stands.
    public let block: VRRPBlock
    /// What it takes, in a manual's notation; empty for nothing.
    public let notation: String
    /// One sentence of manual.
    public let summary: String
    /// Whether it works.
    public let status: Status
    /// Whether a block follows.
    public let opensBlock: Bool
    /// Puts a statement into what is being read.
    let apply: Apply

    /// A row that works.
    init(
        _ name: String, _ block: VRRPBlock, _ notation: String = "", opensBlock: Bool = false,
        _ summary: String, apply: @escaping Apply
    ) {
        self.name = name
        self.block = block
        self.notation = notation
        self.summary = summary
        self.status = .supported
        self.opensBlock = opensBlock
        self.apply = apply
    }

    private init(
        _ name: String, _ block: VRRPBlock, _ notation: String, _ summary: String,
        _ status: Status, opensBlock: Bool
    ) {
        self.name = name
        self.block = block
        self.notation = notation
        self.summary = summary
        self.status = status
        self.opensBlock = opensBlock
        self.apply = { _, _ in }
    }

    /// A row that is read and changes nothing.
    static func withoutEffect(
        _ name: String, _ block: VRRPBlock, _ notation: String = "", opensBlock: Bool = false,
        _ summary: String, reason: String
    ) -> VRRPKeyword {
        VRRPKeyword(
            name, block, notation, summary, .acceptedWithoutEffect(reason), opensBlock: opensBlock)
    }

    /// A row that is known and will not work.
    static func refused(
        _ name: String, _ block: VRRPBlock, _ notation: String = "", opensBlock: Bool = false,
        _ summary: String, advice: String
    ) -> VRRPKeyword {
        VRRPKeyword(name, block, notation, summary, .refused(advice), opensBlock: opensBlock)
    }

    /// `NAME [BOOL]`: on without a word.
    static func flag(
        _ name: String, _ block: VRRPBlock, _ summary: String,
        set: @escaping @Sendable (inout Reading, Bool) -> Void
    ) -> VRRPKeyword {
        VRRPKeyword(name, block, "[on|off]", summary) { reading, statement in
            reading.expect(atMost: 1, in: statement)
            if let isOn = reading.flag(statement) { set(&reading, isOn) }
        }
    }

    /// `NAME` alone.
    static func mark(
        _ name: String, _ block: VRRPBlock, _ summary: String,
        set: @escaping @Sendable (inout Reading) -> Void
    ) -> VRRPKeyword {
        VRRPKeyword(name, block, "", summary) { reading, statement in
            reading.expect(atMost: 0, in: statement)
            set(&reading)
        }
    }

    /// `NAME INTEGER`.
    static func integer(
        _ name: String, _ block: VRRPBlock, _ range: ClosedRange<Int>, _ summary: String,
        set: @escaping @Sendable (inout Reading, Int) -> Void
    ) -> VRRPKeyword {
        let notation = "\(range.lowerBound)..\(range.upperBound)"
        return VRRPKeyword(name, block, notation, summary) { reading, statement in
            reading.expect(atMost: 1, in: statement)
            if let value = reading.integer(statement, in: range) { set(&reading, value) }
        }
    }

    /// `NAME WORD`, one of a few.
    ///
    /// - Parameter words: the words in the text of a mistake.
    static func choice<Value: RawRepresentable<String> & SendableMetatype>(
        _ name: String, _ block: VRRPBlock, _ notation: String, _ summary: String, words: String,
        set: @escaping @Sendable (inout Reading, Value) -> Void
    ) -> VRRPKeyword {
        VRRPKeyword(name, block, notation, summary) { reading, statement in
            reading.expect(atMost: 1, in: statement)
            guard let word = reading.word(statement) else { return }
            guard let value = Value(rawValue: word) else {
                return reading.mistake(statement, expected: words, found: word)
            }
            set(&reading, value)
        }
    }

    /// `NAME COUNT` of announcements. What is out of bounds counts as the nearest bound.
    static func announcements(
        _ name: String, _ block: VRRPBlock, atLeast least: Int = 0, _ summary: String,
        set: @escaping @Sendable (inout Reading, Int) -> Void
    ) -> VRRPKeyword {
        let bounds = least...Bounds.announcements
        let notation = "\(bounds.lowerBound)..\(bounds.upperBound)"
        return VRRPKeyword(name, block, notation, summary) { reading, statement in
            reading.expect(atMost: 1, in: statement)
            guard let value = reading.integer(statement, in: 0...Int(UInt32.max)) else { return }
            let count = min(max(value, bounds.lowerBound), bounds.upperBound)
            if count != value {
                reading.remarks.warn("'\(name) \(value)' counts as \(count)", at: statement.place)
            }
            set(&reading, count)
        }
    }

    /// `NAME SECONDS` with a fraction; the range is in nanoseconds.
    static func seconds(
        _ name: String, _ block: VRRPBlock, _ range: ClosedRange<UInt64>, _ summary: String,
        set: @escaping @Sendable (inout Reading, UInt64) -> Void
    ) -> VRRPKeyword {
        VRRPKeyword(name, block, "SECONDS", summary) { reading, statement in
            reading.expect(atMost: 1, in: statement)
            if let value = reading.duration(statement, in: range) { set(&reading, value) }
        }
    }

    /// `NAME WORD`.
    static func word(
        _ name: String, _ block: VRRPBlock, _ notation: String, _ summary: String,
        set: @escaping @Sendable (inout Reading, String) -> Void
    ) -> VRRPKeyword {
        VRRPKeyword(name, block, notation, summary) { reading, statement in
            reading.expect(atMost: 1, in: statement)
            if let word = reading.word(statement) { set(&reading, word) }
        }
    }

    /// `NAME ADDRESS`.
    static func address(
        _ name: String, _ block: VRRPBlock, _ summary: String,
        set: @escaping @Sendable (inout Reading, IPAddress) -> Void
    ) -> VRRPKeyword {
        VRRPKeyword(name, block, "ADDRESS", summary) { reading, statement in
            reading.expect(atMost: 1, in: statement)
            if let address = reading.address(statement) { set(&reading, address) }
        }
    }

    /// `NAME COMMAND [USER [GROUP]]`.
    static func command(
        _ name: String, _ block: VRRPBlock, _ summary: String,
        set: @escaping @Sendable (inout Reading, ScriptCommand) -> Void
    ) -> VRRPKeyword {
        VRRPKeyword(name, block, "COMMAND [USER [GROUP]]", summary) { reading, statement in
            if let command = reading.command(statement) { set(&reading, command) }
        }
    }
}

/// All rows.
public enum VRRPKeywords {
    /// Every row, block by block in the order of the manual.
    public static let all: [VRRPKeyword] =
        VRRPKeyword.top + VRRPKeyword.global + VRRPKeyword.trackFile + VRRPKeyword.trackProcess
        + VRRPKeyword.bfd + VRRPKeyword.script + VRRPKeyword.syncGroup
        + VRRPKeyword.announcementGroup + VRRPKeyword.instance + VRRPKeyword.authentication
        + VRRPKeyword.hmac + VRRPKeyword.trackGroup + VRRPKeyword.martlet + VRRPKeyword.check

    private static let index: [VRRPBlock: [String: VRRPKeyword]] = {
        var index: [VRRPBlock: [String: VRRPKeyword]] = [:]
        for row in all { index[row.block, default: [:]][row.name] = row }
        return index
    }()

    /// The row of a keyword in a block.
    public static func row(_ name: String, in block: VRRPBlock) -> VRRPKeyword? {
        index[block]?[name]
    }

    /// The keywords of a block, in the order of the rows.
    public static func names(in block: VRRPBlock) -> [String] {
        all.filter { $0.block == block }.map(\.name)
    }
}
