// A reply of our own as the configuration describes it: a status, a content and fields
// (configuration manual: return, deny, tarpit, http-error). Compiled at load; replies are put
// together from it.

import HTTP
import Proxy
import Samples

/// A reply that is ready to be put together.
///
/// Safety: constants; `late` is written by the thread that loads, before any worker sees it.
public final class ReplyTemplate: ReplyMaker, @unchecked Sendable {
    /// What the reply holds.
    private enum Content {
        /// Neither body nor anything else.
        case nothing
        /// The proxy's own reply of the status.
        case ofProxy
        /// A file with a complete response.
        case file(ErrorReply)
        /// A file of an `http-errors` section.
        case late(LateReply)
        /// A body as it stands.
        case kept(KeptBytes)
        /// A body that a format makes.
        case format(LogFormat)
    }

    /// A field of the reply.
    private struct Field {
        let name: KeptBytes
        let format: LogFormat
    }

    /// The status that is sent, or logged in place of a file's.
    public let status: Int
    private let content: Content
    private let contentType: KeptBytes?
    private let fields: [Field]
    private let constants: ConstantBlock

    fileprivate init(_ draft: ReplyDraft, status: Int) {
        self.status = status
        constants = draft.constants
        contentType = draft.contentType.map { KeptBytes($0.anyBytes, in: draft.constants) }
        fields = draft.fields.map { Field(name: $0.name, format: $0.format) }
        content =
            switch draft.content {
            case nil: .nothing
            case .ofProxy: .ofProxy
            case .file(let reply): .file(reply)
            case .late(let reply): .late(reply)
            case .kept(let bytes): .kept(KeptBytes(bytes, in: draft.constants))
            case .format(let format): .format(format)
            }
        super.init()
    }

    /// Whether it is the proxy's own reply of its status.
    public var isOfProxy: Bool {
        if case .ofProxy = content { true } else { false }
    }

    public override func make(_ subject: Subject) -> Bool {
        switch content {
        case .ofProxy: return subject.beginErrorReply(status: status)
        case .file(let reply): return subject.beginReply(reply, status: status)
        case .late(let late):
            guard let reply = late.reply else { break }
            return subject.beginReply(reply, status: status)
        case .nothing, .kept, .format: break
        }
        guard subject.beginReply(status: status) else { return false }
        for field in fields {
            let name = field.name
            guard subject.render(field.format) else { return false }
            // A field whose value comes out empty is left out.
            if subject.renderedText.isEmpty { continue }
            guard subject.addReplyField(name.span, subject.renderedText) else { return false }
        }
        return addBody(subject)
    }

    private func addBody(_ subject: Subject) -> Bool {
        switch content {
        case .kept(let kept):
            let bytes = kept
            return subject.addReplyBody(bytes.span)
                && addType(subject, hasBody: !bytes.span.isEmpty)
        case .format(let format):
            guard subject.render(format) else { return false }
            let isEmpty = subject.renderedText.isEmpty
            return subject.addReplyBody(subject.renderedText) && addType(subject, hasBody: !isEmpty)
        case .nothing, .ofProxy, .file, .late: return subject.addReplyBody(Span())
        }
    }

    private func addType(_ subject: Subject, hasBody: Bool) -> Bool {
        guard hasBody, let type = contentType else { return true }
        return subject.addReplyPart("content-type: ") && subject.addReplyPart(type.span)
            && subject.addReplyPart("\r\n")
    }
}

/// A file of an `http-errors` section that may be read later than the rule that names it.
///
/// Safety: written by the thread that loads, before any worker sees it.
final class LateReply: @unchecked Sendable {
    /// The section's name.
    let section: String
    /// The file; nil until it is found, and where the section has none for the status.
    var reply: ErrorReply?

    init(section: String) { self.section = section }
}

/// The words of a reply while they are read.
private struct ReplyDraft {
    enum Content {
        case ofProxy
        case file(ErrorReply)
        case late(LateReply)
        case kept([UInt8])
        case format(LogFormat)

        /// Whether it brings a head of its own, so that fields and a type say nothing.
        var isComplete: Bool {
            switch self {
            case .ofProxy, .file, .late: true
            case .kept, .format: false
            }
        }
    }

    var status: Int?
    var contentType: String?
    var content: Content?
    /// What brought the content.
    var contentWord = ""
    var fields: [(name: KeptBytes, format: LogFormat)] = []
    let constants = ConstantBlock()
}

extension ReplyTemplate {
    /// How replies are written in rules.
    public static let notation =
        "[status <code>] [content-type <type>] [{default-errorfiles|errorfile <file>|"
        + "errorfiles <name>|file <file>|lf-file <file>|string <str>|lf-string <fmt>}] "
        + "[hdr <name> <fmt>]*"

    /// Statuses that the proxy has replies for.
    public static let ownStatuses: [Int] = StandardReply.statuses.indices.map {
        StandardReply.statuses[$0]
    }

    /// Reads a reply's words up to the condition.
    ///
    /// - Parameters:
    ///   - status: the status where none is given.
    ///   - impliesProxy: without any words, or with `deny_status` alone, it is the proxy's own
    ///     reply.
    public static func read(
        _ reader: inout ActionReader, status: Int, impliesProxy: Bool
    ) throws(ExpressionMistake) -> ReplyTemplate {
        var draft = ReplyDraft()
        var isPlain = impliesProxy
        while let word = reader.peek {
            if word == "deny_status" && impliesProxy {
                _ = reader.skip(word)
                draft.status = try reader.status()
                continue
            }
            guard try read(word, &reader, &draft) else { break }
            isPlain = false
        }
        let final = draft.status ?? status
        if isPlain { draft.content = .ofProxy }
        try check(&draft, final, &reader)
        return ReplyTemplate(draft, status: final)
    }

    /// Reads one word and what belongs to it; false where it is none of a reply.
    private static func read(
        _ word: String, _ reader: inout ActionReader, _ draft: inout ReplyDraft
    ) throws(ExpressionMistake) -> Bool {
        switch word {
        case "status":
            _ = reader.skip(word)
            draft.status = try reader.status()
        case "content-type":
            _ = reader.skip(word)
            let type = try reader.word("a content type")
            if type.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
                throw reader.wrong("expects a content type")
            }
            draft.contentType = type
        case "hdr":
            _ = reader.skip(word)
            try readField(&reader, &draft)
        case "default-errorfiles", "errorfile", "errorfiles", "file", "lf-file", "string",
            "lf-string":
            guard draft.content == nil else {
                throw reader.unexpected(
                    "one content, and '\(draft.contentWord)' stands before")
            }
            _ = reader.skip(word)
            draft.contentWord = word
            draft.content = try readContent(word, &reader, &draft)
        default: return false
        }
        return true
    }

    private static func readField(
        _ reader: inout ActionReader, _ draft: inout ReplyDraft
    ) throws(ExpressionMistake) {
        let (name, known) = try reader.fieldName(in: draft.constants)
        let format = try reader.format("a format")
        if known == .contentLength || known == .transferEncoding {
            reader.warn("a reply's '\(known.name)' is made by the proxy; this 'hdr' is passed over")
            return
        }
        if known == .contentType {
            reader.warn("a reply's type is that of 'content-type'; this 'hdr' is passed over")
            return
        }
        draft.fields.append((name, format))
    }

    private static func readContent(
        _ word: String, _ reader: inout ActionReader, _ draft: inout ReplyDraft
    ) throws(ExpressionMistake) -> ReplyDraft.Content {
        switch word {
        case "default-errorfiles": return .ofProxy
        case "errorfile":
            let bytes = try reader.file()
            do throws(ErrorReply.Mistake) {
                return .file(try ErrorReply(parsing: bytes))
            } catch {
                throw reader.wrong("expects a file with a complete response (\(error.text))")
            }
        case "errorfiles":
            let late = LateReply(section: try reader.word("the name of an 'http-errors' section"))
            return .late(late)
        case "file": return .kept(try reader.file())
        case "lf-file":
            let bytes = try reader.file()
            return .format(try reader.format(of: bytes))
        case "string": return .kept(try reader.word("a text").anyBytes)
        default: return .format(try reader.format("a format", style: .plain))
        }
    }

    /// What has to hold for the whole.
    private static func check(
        _ draft: inout ReplyDraft, _ status: Int, _ reader: inout ActionReader
    ) throws(ExpressionMistake) {
        guard let content = draft.content else {
            if draft.contentType != nil {
                reader.warn("a reply's content type means nothing where there is no content")
            }
            return
        }
        if content.isComplete {
            if draft.contentType != nil {
                reader.warn("a reply's content type means nothing beside '\(draft.contentWord)'")
            }
            if !draft.fields.isEmpty {
                reader.warn("a reply's 'hdr' means nothing beside '\(draft.contentWord)'")
            }
        }
        switch content {
        case .ofProxy where !ownStatuses.contains(status):
            throw reader.mistake(
                "there is no reply of the proxy's own for status \(status); those there are: "
                    + ownStatuses.map(String.init).joined(separator: ", "))
        case .late(let late): find(late, status, reader)
        case .kept(let bytes) where bytes.isEmpty:
            if draft.contentType != nil {
                reader.warn("a reply's content type means nothing where the content is empty")
            }
            draft.content = nil
        case .kept, .format:
            if !Status.hasBody(status) {
                throw reader.mistake("a reply of status \(status) has no content")
            }
            if draft.contentType == nil {
                throw reader.mistake("a reply with content needs a 'content-type'")
            }
        case .ofProxy, .file: break
        }
    }

    /// Finds the file once all sections are read.
    private static func find(_ late: LateReply, _ status: Int, _ reader: ActionReader) {
        let surroundings = reader.surroundings
        let name = late.section
        surroundings.whenAllIsRead {
            guard let files = surroundings.errorSet(name) else {
                return LateFinding("there is no 'http-errors' section '\(name)'", isMistake: true)
            }
            guard let file = files[status] else {
                return LateFinding(
                    "'http-errors' section '\(name)' has no file for status \(status)",
                    isMistake: false)
            }
            late.reply = try? ErrorReply(parsing: file)
            return nil
        }
    }
}

extension ActionReader {
    /// The next word as a status that a reply can have.
    fileprivate mutating func status() throws(ExpressionMistake) -> Int {
        try integer("a status code", in: 200...599)
    }

    /// The content of the file that the next word names.
    fileprivate mutating func file() throws(ExpressionMistake) -> [UInt8] {
        let name = try word("a file")
        switch surroundings.readFile(name) {
        case .success(let bytes): return bytes
        case .failure(let failure): throw wrong("cannot read this file: \(failure.text)")
        }
    }

    /// The format that a file holds, which the word read last names.
    fileprivate func format(of bytes: [UInt8]) throws(ExpressionMistake) -> LogFormat {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.elementsEqual(bytes) else { throw wrong("expects a file in UTF-8") }
        do throws(ExpressionMistake) {
            return try compiler.format(
                text, word: position - 1, in: step.place, isHTTP: surroundings.isHTTP,
                style: .plain)
        } catch {
            // The mistake is inside of the file, not of the word that names it.
            throw wrong("expects a file with a format: \(error.text) (at byte \(error.offset))")
        }
    }
}

extension ErrorReply.Mistake {
    /// In words.
    fileprivate var text: String {
        switch self {
        case .badStatusLine: "it does not begin with a status line"
        case .badField(let line): "line \(line) is no field"
        case .noEmptyLine: "there is no empty line behind the fields"
        case .wrongLength(let said, let found): "its length is said to be \(said) and is \(found)"
        case .transferEncoding: "transfer codings have no place in a file"
        }
    }
}
