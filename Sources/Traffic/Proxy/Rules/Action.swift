// The contract of rule actions (configuration manual: actions). A row says the name, in which rules
// it may stand, how it is written, and how its words become an action; the action then runs for
// streams, on worker threads, without looking anything up. Families are in `Features/Actions`.

import ConfigLanguage
import Samples

/// The lists of rules that a proxy has, in the order in which a stream meets them.
public enum RuleStep: UInt8, Sendable, CaseIterable {
    /// `tcp-request connection`.
    case connection
    /// `tcp-request session`.
    case session
    /// `tcp-request content`.
    case contentRequest
    /// `monitor fail`.
    case monitorFail
    /// `capture request` and the cookie of `capture cookie`.
    case captureRequest
    /// `http-request`.
    case httpRequest
    /// `redirect`.
    case redirect
    /// `use_backend`.
    case switching
    /// `force-persist` and `ignore-persist`.
    case persistence
    /// `use-server`.
    case useServer
    /// `stick match`, `stick on`, `stick store-request`.
    case stickRequest
    /// `tcp-response content`.
    case contentResponse
    /// `stick store-response`.
    case storeResponse
    /// `capture response` and the cookie of `capture cookie`.
    case captureResponse
    /// `http-response`.
    case httpResponse
    /// `http-after-response`.
    case httpAfterResponse

    /// What the configuration calls the rules.
    public var keyword: String {
        switch self {
        case .connection: "tcp-request connection"
        case .session: "tcp-request session"
        case .contentRequest: "tcp-request content"
        case .monitorFail: "monitor fail"
        case .captureRequest: "capture request"
        case .httpRequest: "http-request"
        case .redirect: "redirect"
        case .switching: "use_backend"
        case .persistence: "persist"
        case .useServer: "use-server"
        case .stickRequest: "stick"
        case .contentResponse: "tcp-response content"
        case .storeResponse: "stick store-response"
        case .captureResponse: "capture response"
        case .httpResponse: "http-response"
        case .httpAfterResponse: "http-after-response"
        }
    }

    /// What is there for expressions in these rules.
    public var place: ExpressionPlace {
        switch self {
        case .connection: .connection
        case .session: .session
        case .contentRequest: .contentRequest
        case .monitorFail, .captureRequest, .httpRequest: .httpRequest
        case .redirect, .switching, .persistence, .useServer, .stickRequest: .switching
        case .contentResponse: .contentResponse
        case .storeResponse, .captureResponse, .httpResponse, .httpAfterResponse: .httpResponse
        }
    }

    /// Whether a response runs through these rules, and not a request.
    public var isResponse: Bool {
        switch self {
        case .contentResponse, .storeResponse, .captureResponse, .httpResponse,
            .httpAfterResponse:
            true
        default: false
        }
    }

    /// The bit of the step in a set of steps.
    @inlinable public var bit: UInt16 { 1 &<< UInt16(rawValue) }
}

/// Lists of rules, as a set.
public struct RuleSteps: OptionSet, Sendable, Hashable {
    /// The bits, of ``RuleStep/bit``.
    public let rawValue: UInt16

    /// Steps from their bits.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    private static func of(_ step: RuleStep) -> RuleSteps { RuleSteps(rawValue: step.bit) }

    /// `tcp-request connection`.
    public static let connection = of(.connection)
    /// `tcp-request session`.
    public static let session = of(.session)
    /// `tcp-request content`.
    public static let contentRequest = of(.contentRequest)
    /// `http-request`.
    public static let httpRequest = of(.httpRequest)
    /// `tcp-response content`.
    public static let contentResponse = of(.contentResponse)
    /// `http-response`.
    public static let httpResponse = of(.httpResponse)
    /// `http-after-response`.
    public static let httpAfterResponse = of(.httpAfterResponse)
    /// All rules of HTTP messages.
    public static let http: RuleSteps = [.httpRequest, .httpResponse, .httpAfterResponse]
    /// All rules of connections, sessions and contents.
    public static let tcp: RuleSteps = [.connection, .session, .contentRequest, .contentResponse]

    /// Whether a step is among these.
    public func contains(_ step: RuleStep) -> Bool { rawValue & step.bit != 0 }
}

/// What becomes of a stream when an action has run.
public enum ActionResult: Sendable {
    /// The next rule is looked at.
    case goOn
    /// No further rule of this list is looked at; the stream goes on.
    case stop
    /// The action is not done: it runs again when bytes have come, at the latest at that tick
    /// (milliseconds; 0 for the stream's own limits).
    case wait(until: UInt64)
    /// The client gets the reply that the action has put together by
    /// ``Subject/beginReply(status:_:)`` and its kin, and the stream ends.
    case reply
    /// The client gets the proxy's own reply with that status, or with 0 the one that the action
    /// has put together, and the stream ends as one that was denied.
    case deny(status: Int)
    /// As `deny`, but only after `timeout tarpit`.
    case tarpit(status: Int)
    /// The connection is closed without a reply.
    case reject
    /// The connection is given up without a word to the client.
    case drop
    /// The request is malformed: the client gets 400, and the stream ends.
    case malformed
    /// The client has left before its request was complete; the stream ends.
    case clientLeft
    /// What was waited for did not come in time: the client gets 408, or 504 where it was a server
    /// that was waited for, and the stream ends.
    case timedOut
    /// The server is read no further. What it has sent goes to the client, and the stream ends.
    case close
    /// The action could not be carried out: the stream ends with an internal error.
    case failed
}

/// Something that a rule does.
///
/// Instances are made at load and shared by all workers; they do not change.
///
/// Safety: subclasses hold constants, or shared state that guards itself.
open class Action: @unchecked Sendable {
    /// Keeps the bytes of the action's ``KeptBytes``.
    private let constants: ConstantBlock?

    /// An action.
    ///
    /// - Parameter constants: where its ``KeptBytes`` are.
    public init(keeping constants: ConstantBlock? = nil) { self.constants = constants }

    /// Runs for a stream, on its worker's thread.
    ///
    /// - Parameter isAgain: whether it waited before and runs again.
    open func run(_ subject: Subject, isAgain: Bool) -> ActionResult { .goOn }

    /// Told once, when its section has been read, which rule follows in its list; nil for none.
    open func settle(before next: Rule?) {}

    /// Whether it always ends the list, so that rules behind it without a condition never run.
    open var endsList: Bool { false }

    /// Whether it makes relays exchanges of HTTP.
    open var upgrades: Bool { false }
}

/// A rule: an action and when it runs.
///
/// Safety: `table` is written once, when its section has been read, before any worker sees it.
public final class Rule: @unchecked Sendable {
    /// The list it belongs to.
    public let step: RuleStep
    /// What it does.
    public let action: Action
    /// When; nil for always.
    public let condition: Samples.Condition?
    /// The line without its file's indentation, for explanations.
    public let text: String
    /// Where it stands.
    public let place: SourcePlace
    /// The access lists that its condition names; set when its section is complete.
    public var table: AccessTable?

    /// A rule from its parts.
    public init(
        _ step: RuleStep, _ action: Action, if condition: Samples.Condition?, text: String,
        place: SourcePlace
    ) {
        self.step = step
        self.action = action
        self.condition = condition
        self.text = text
        self.place = place
    }
}

/// What a configuration calls an action, and how its words are read.
public struct ActionRow: Sendable {
    /// Reads the words behind the name up to the condition and makes the action.
    public typealias Make =
        @Sendable (_ reader: inout ActionReader) throws(ExpressionMistake) -> Action

    /// The name; one that ends with `()` takes something in parentheses, such as `set-var(txn.x)`.
    public let name: String
    /// Where it may stand.
    public let steps: RuleSteps
    /// How it is written, behind the name.
    public let notation: String
    /// One sentence of manual.
    public let sentence: String
    /// How far it can be used.
    public let status: Converter.Status
    /// Makes the action.
    public let make: Make

    /// A row.
    public init(
        _ name: String, in steps: RuleSteps, _ notation: String, _ sentence: String,
        _ make: @escaping Make
    ) {
        self.name = name
        self.steps = steps
        self.notation = notation
        self.sentence = sentence
        self.make = make
        status = .supported
    }

    /// A row that cannot be used, and why.
    public init(
        _ name: String, in steps: RuleSteps, _ sentence: String, _ status: Converter.Status
    ) {
        self.name = name
        self.steps = steps
        notation = ""
        self.sentence = sentence
        self.status = status
        make = { _ throws(ExpressionMistake) in Action() }
    }
}

/// Rows that belong together.
public struct ActionFamily: Sendable {
    /// What the family is called in manuals.
    public let name: String
    /// The rows in the manual's order.
    public let rows: [ActionRow]

    /// A family from its rows.
    public init(_ name: String, _ rows: [ActionRow]) {
        self.name = name
        self.rows = rows
    }
}

/// All actions by name. One name may have several rows, for different lists of rules.
public struct ActionCatalog: Sendable {
    /// The families in their order.
    public let families: [ActionFamily]

    /// A catalog of families; traps when one list has two rows of one name.
    public init(_ families: [ActionFamily]) {
        self.families = families
        for step in RuleStep.allCases {
            let names = families.flatMap(\.rows).filter { $0.steps.contains(step) }.map(\.name)
            precondition(Set(names).count == names.count, "an action of \(step) stands twice")
        }
    }

    /// The row that a word such as `set-var(txn.x)` names in a list of rules.
    public func row(_ word: String, in step: RuleStep) -> ActionRow? {
        let name = word.firstIndex(of: "(").map { word[..<$0] + "()" } ?? word
        let rows = families.flatMap(\.rows).filter { $0.steps.contains(step) }
        return rows.first { $0.name == word } ?? rows.first { $0.name == name }
    }

    /// The names of a list of rules.
    public func names(in step: RuleStep) -> [String] {
        families.flatMap(\.rows).filter { $0.steps.contains(step) }.map(\.name)
    }
}
