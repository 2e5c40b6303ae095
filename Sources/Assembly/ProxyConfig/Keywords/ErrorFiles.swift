// Replies read from files: `errorfile`, `errorfiles` and the `http-errors` section.
// configuration manual: errorfile, errorfiles, 12.4 HTTP-errors.

import ConfigLanguage
import Kernel
import Proxy

extension ProxyKeywords {
    static let errorFiles: [Row] = [
        Row(
            "errorfile", .proxies, takes: [.word("<status>"), .word("<file>")],
            "Answers an error with the content of a file."
        ) {
            draft, arguments, diagnostics in
            if let (status, reply) = ErrorFile.read(arguments, draft.session, &diagnostics) {
                draft.setErrorReply(reply, for: status)
            }
        },
        Row(
            "errorfiles", .proxies, takes: [.word("<section>"), .rest("[<status> ...]")],
            "Answers errors with the files of an http-errors section."
        ) {
            draft, arguments, diagnostics in
            errorFiles(&draft, arguments, &diagnostics)
        },
    ]

    private static func errorFiles(
        _ draft: inout ProxyDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        let name = arguments.word(0)
        guard let replies = draft.session.errorSets[name] else {
            let known = draft.session.errorSets.keys.sorted()
            draft.session.missedErrorSets.insert(name)
            return diagnostics.report(
                arguments.expects(
                    "the name of an 'http-errors' section", found: name,
                    suggestion: Spelling.nearest(to: name, among: known)))
        }
        var wanted = Set(replies.keys)
        if arguments.words.count > 1 {
            wanted = []
            for word in arguments.words.dropFirst() {
                guard let status = ErrorFile.status(word) else {
                    return diagnostics.report(
                        arguments.mistake("status code '\(word)' not handled."))
                }
                wanted.insert(status)
            }
        }
        for status in wanted { draft.setErrorReply(replies[status], for: status) }
    }
}

/// An `http-errors` section while its lines are read.
struct ErrorSetDraft {
    /// The section's name.
    let name: String
    /// Status code to complete reply.
    private(set) var replies: [Int: [UInt8]] = [:]
    /// Shared with the other sections of this load.
    let session: LoadSession

    init(name: String, session: LoadSession) {
        self.name = name
        self.session = session
    }

    private static let table = KeywordTable<ErrorSetDraft>([
        Keyword(
            "errorfile", .global, takes: [.word("<status>"), .word("<file>")],
            "Adds a file for a status to the set."
        ) {
            draft, arguments, diagnostics in
            if let (status, reply) = ErrorFile.read(arguments, draft.session, &diagnostics) {
                draft.replies[status] = reply
            }
        }
    ])

    /// Takes one line of the section.
    mutating func take(_ statement: Statement, _ diagnostics: inout Diagnostics) {
        Self.table.apply(
            statement, in: .init(kind: .global, title: "http-errors '\(name)'"), to: &self,
            &diagnostics)
    }
}

/// Reads files that hold complete HTTP responses.
enum ErrorFile {
    /// The statuses that errors have.
    static let statuses = [
        200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 414, 421, 422, 425, 429, 431, 500, 501,
        502,
        503, 504,
    ]

    /// The status a word means, if errors have it.
    static func status(_ word: String) -> Int? {
        Int(word).flatMap { statuses.contains($0) ? $0 : nil }
    }

    /// The status and the reply, or nil after reporting what is wrong.
    ///
    /// An empty file stands for closing the connection without an answer.
    static func read(
        _ arguments: KeywordArguments, _ session: LoadSession, _ diagnostics: inout Diagnostics
    ) -> (status: Int, reply: [UInt8])? {
        let word = arguments.word(0)
        guard let status = status(word) else {
            diagnostics.report(arguments.mistake("status code '\(word)' not handled."))
            return nil
        }
        let name = arguments.word(1)
        let path = session.path(name, in: arguments.location.file)
        switch session.surroundings.readFile(path, Surroundings.errorFileByteLimit) {
        case .failure(.failed(let code)):
            diagnostics.report(arguments.mistake("error opening file '\(name)' : \(code.text)."))
            return nil
        case .failure(.tooLong(let limit)):
            diagnostics.report(arguments.mistake("file '\(name)' has more than \(limit) bytes."))
            return nil
        case .success(let bytes):
            if !bytes.isEmpty && !isResponse(bytes) {
                diagnostics.report(
                    arguments.mistake("'\(name)' does not begin with the head of an HTTP response.")
                )
                return nil
            }
            return (status, bytes)
        }
    }

    /// Whether the bytes begin with a status line and hold the empty line behind the head.
    private static func isResponse(_ bytes: [UInt8]) -> Bool {
        guard bytes.starts(with: "HTTP/".utf8) else { return false }
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
            line.last == 0x0D ? line.dropLast() : line
        }
        guard let end = lines.dropLast().firstIndex(where: \.isEmpty), end > 0 else { return false }
        let words = lines[0].split(separator: 0x20)
        let isStatusLine =
            words.count >= 2 && words[1].count == 3
            && words[1].allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
        return isStatusLine && lines[1..<end].allSatisfy { $0.contains(0x3A) }
    }
}
