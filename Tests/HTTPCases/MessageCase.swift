// Messages that are malformed or could be read in two ways, each with what must become of it.
// The parser's unit tests and the differential test beside HAProxy read the same rows.

import HTTP

/// One message and its expected outcome.
public struct MessageCase: Sendable, CustomStringConvertible {
    /// What must become of a message.
    public enum Outcome: Equatable, Sendable {
        /// Accepted, its body framed so.
        case accepted(BodyFraming)
        /// Refused for this cause.
        case refused(HTTPFault)
        /// Not yet complete: the sender owes more.
        case unfinished
    }

    /// What is special about the message.
    public let name: String
    /// The bytes of the message, body included.
    public let bytes: [UInt8]
    public let outcome: Outcome
    /// Why the outcome is not that of HAProxy 2.6, beginning with the RFC section; nil where both
    /// do the same.
    public let differs: String?
    /// Relaxations in force.
    public let policy: HTTP1.Policy
    /// Responses: the method of the request that is answered.
    public let method: Method
    /// Responses: whether that request asked for another protocol.
    public let upgradeAsked: Bool

    /// A case whose text stands for bytes: each scalar up to U+00FF is one byte.
    public init(
        _ name: String, _ text: String, _ outcome: Outcome, differs: String? = nil,
        policy: HTTP1.Policy = [], to method: Method = .get, upgradeAsked: Bool = false
    ) {
        self.name = name
        bytes = latin1(text)
        self.outcome = outcome
        self.differs = differs
        self.policy = policy
        self.method = method
        self.upgradeAsked = upgradeAsked
    }

    public var description: String { name }
}

/// One chunked body and its expected outcome.
public struct ChunkedCase: Sendable, CustomStringConvertible {
    /// What must become of a body.
    public enum Outcome: Equatable, Sendable {
        /// Decodes to this data, with the kept trailer lines joined by `|`.
        case decoded(String, trailers: String = "")
        case refused(HTTPFault)
        /// Valid so far, but the sender owes more.
        case unfinished
    }

    public let name: String
    public let bytes: [UInt8]
    public let outcome: Outcome
    public let differs: String?
    /// Whether HAProxy 2.6 does now one thing, now another, so that it is not asked.
    public let isUnsteady: Bool

    public init(
        _ name: String, _ text: String, _ outcome: Outcome, differs: String? = nil,
        isUnsteady: Bool = false
    ) {
        self.name = name
        bytes = latin1(text)
        self.outcome = outcome
        self.differs = differs
        self.isUnsteady = isUnsteady
    }

    public var description: String { name }
}

/// The bytes of a text all of whose scalars are below U+0100.
public func latin1(_ text: String) -> [UInt8] {
    text.unicodeScalars.map { UInt8($0.value) }
}
