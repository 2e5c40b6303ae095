// `userlist` sections: who may pass, and what proves it. A user's groups may stand with the user or
// with the group; names are found when the whole section has been read.
// configuration manual: 12.2 Userlists.

import ConfigLanguage
import Proxy

/// A user list being built.
struct UserListDraft {
    /// A user as far as its line says.
    struct User {
        let name: String
        let location: SourceLocation
        var password: String?
        var isPlain = false
        var groups: [String] = []
    }

    /// A group as far as its line says.
    struct Group {
        let name: String
        let location: SourceLocation
        var users: [String] = []
    }

    /// The section's name.
    let name: String
    /// Where it began.
    let location: SourceLocation
    /// The users in their order.
    var users: [User] = []
    /// The groups in their order.
    var groups: [Group] = []

    /// Opens the section; nil after reporting what is wrong with its line.
    init?(
        _ statement: Statement, _ session: LoadSession, _ diagnostics: inout Diagnostics
    ) {
        func alert(_ text: String) {
            diagnostics.report(Diagnostic(.alert, at: statement.location, text))
        }
        let words = statement.words
        guard words.count > 1, !words[1].isEmpty else {
            alert("'userlist' expects <name> as argument.")
            return nil
        }
        if words.count > 2 {
            alert("'userlist' cannot handle unexpected argument '\(words[2])'.")
            return nil
        }
        if let bad = firstForbidden(in: words[1]) {
            alert("character '\(bad)' is not permitted in 'userlist' name '\(words[1])'.")
            return nil
        }
        if let known = session.userListDrafts[words[1]] {
            // Differs: HAProxy adds what follows to whichever list was begun last.
            diagnostics.report(
                Diagnostic(
                    .warning, at: statement.location,
                    "userlist '\(words[1])' was begun at "
                        + "\(known.location.file):\(known.location.line) already; what follows is "
                        + "added to it."))
            self = known
            return
        }
        name = words[1]
        location = statement.location
    }

    /// Takes one line of the section.
    mutating func take(_ statement: Statement, _ diagnostics: inout Diagnostics) {
        Catalog.userLists.apply(
            statement, in: .init(kind: .userList, title: "userlist '\(name)'"), to: &self,
            &diagnostics)
    }

    /// The list with the groups of each user; names nobody has are reported.
    func finished(_ diagnostics: inout Diagnostics) -> UserList {
        let groupNames = groups.map(\.name)
        let userNames = users.map(\.name)
        for user in users {
            for group in user.groups where !groupNames.contains(group) {
                report(
                    "user '\(user.name)' is in group '\(group)', which the list does not have",
                    at: user.location, Spelling.nearest(to: group, among: groupNames), &diagnostics)
            }
        }
        for group in groups {
            for user in group.users where !userNames.contains(user) {
                report(
                    "group '\(group.name)' has user '\(user)', whom the list does not have",
                    at: group.location, Spelling.nearest(to: user, among: userNames), &diagnostics)
            }
        }
        return UserList(name: name, users: users.map(finished), groups: groupNames)
    }

    private func finished(_ user: User) -> UserList.User {
        var names = user.groups
        for group in groups where group.users.contains(user.name) && !names.contains(group.name) {
            names.append(group.name)
        }
        return UserList.User(
            name: user.name.anyBytes, password: user.password.map(\.anyBytes),
            isPlain: user.isPlain, groups: names)
    }

    private func report(
        _ text: String, at location: SourceLocation, _ suggestion: String?,
        _ diagnostics: inout Diagnostics
    ) {
        diagnostics.report(
            Diagnostic(
                .alert, at: location, "userlist '\(name)' : \(text)", suggestion: suggestion))
    }
}

/// Rows of the section.
enum UserListKeywords {
    typealias Row = Keyword<UserListDraft>

    static let rows: [Row] = [
        Row(
            "group", .userList, takes: [.word("<groupname>"), .rest("[users <user>,...]")],
            "Names a group of users, and perhaps who is in it.", apply: group),
        Row(
            "user", .userList,
            takes: [
                .word("<username>"),
                .rest("[password|insecure-password <password>] [groups <group>,...]"),
            ],
            "Names a user with a password, hashed as of crypt(3) or as it is, and groups.",
            apply: user),
    ]

    private static let group: Row.Apply = { draft, arguments, diagnostics in
        let name = arguments.word(0)
        if let bad = firstForbidden(in: name) {
            return diagnostics.report(
                arguments.mistake("character '\(bad)' is not permitted in 'group' name '\(name)'."))
        }
        var group = UserListDraft.Group(name: name, location: arguments.location)
        let isRead = readPairs(arguments, of: "group", ["users"], &diagnostics) { _, value in
            group.users = names(value)
        }
        guard isRead else { return }
        if draft.groups.contains(where: { $0.name == name }) {
            return ignore("group '\(name)'", arguments, &diagnostics)
        }
        draft.groups.append(group)
    }

    private static let user: Row.Apply = { draft, arguments, diagnostics in
        let name = arguments.word(0)
        var user = UserListDraft.User(name: name, location: arguments.location)
        let options = ["password", "insecure-password", "groups"]
        let isRead = readPairs(arguments, of: "user", options, &diagnostics) { option, value in
            if option == "groups" { return user.groups = names(value) }
            user.password = value
            user.isPlain = option == "insecure-password"
        }
        guard isRead else { return }
        if draft.users.contains(where: { $0.name == name }) {
            return ignore("user '\(name)'", arguments, &diagnostics)
        }
        if let password = user.password, !user.isPlain {
            let hash = password.anyBytes
            if !PasswordCheck().understands(hash.span) {
                // No warning: HAProxy has none, and such a file starts where warnings forbid it.
                diagnostics.report(
                    Diagnostic(
                        .notice, at: arguments.location,
                        "the password of user '\(name)' is no hash that crypt(3) knows, so it "
                            + "never matches; 'insecure-password' takes a password as it is"))
            }
        }
        draft.users.append(user)
    }

    /// Reads options with a value each; false after reporting a mistake.
    private static func readPairs(
        _ arguments: KeywordArguments, of keyword: String, _ options: [String],
        _ diagnostics: inout Diagnostics, _ take: (_ option: String, _ value: String) -> Void
    ) -> Bool {
        let words = arguments.words
        var position = 1
        while position < words.count {
            let option = words[position]
            guard options.contains(option) else {
                diagnostics.report(
                    arguments.expects(
                        options.map { "'\($0)'" }.joined(separator: ", ") + " behind the name",
                        found: option, suggestion: Spelling.nearest(to: option, among: options)))
                return false
            }
            if position + 1 == words.count && option == "insecure-password" {
                // Written as '""', which ends a line's words.
                diagnostics.report(
                    arguments.warning("the password of user '\(arguments.word(0))' is empty"))
                take(option, "")
                return true
            }
            guard position + 1 < words.count else {
                diagnostics.report(
                    arguments.mistake("'\(keyword)' expects a value behind '\(option)'."))
                return false
            }
            take(option, words[position + 1])
            position += 2
        }
        return true
    }

    /// The names of a list with commas; empty ones do not count.
    private static func names(_ list: String) -> [String] {
        var names: [String] = []
        for name in list.split(separator: ",").map(String.init) where !names.contains(name) {
            names.append(name)
        }
        return names
    }

    private static func ignore(
        _ what: String, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        diagnostics.report(
            arguments.warning("\(what) stands in this userlist already; the first one counts"))
    }
}
