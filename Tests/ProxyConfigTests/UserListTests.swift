// `userlist` sections: what they hold, and what is wrong with them.

import Proxy
import ReferenceHAProxy
import Testing

@testable import ProxyConfig

@Suite struct UserListTests {
    private static let proxy =
        Loading.timeouts + "frontend f\n bind :8001\n mode http\n"

    private static func load(_ lines: String) -> Loading {
        Loading.load("userlist l\n" + lines + "\n" + proxy)
    }

    @Test func `groups may stand with their users or with the groups`() throws {
        let loaded = Self.load(
            """
             group G1 users tiger,scott
             group G2 users xdb,scott
             group G3
             user tiger password $1$salt$Jwf8jVFl2Zyz.hL.NUqjW/
             user scott insecure-password elgato groups G2,G3
             user xdb insecure-password hello
             user nobody
            """)
        #expect(loaded.messages == [])
        let list = try #require(loaded.configuration?.userLists.first)
        #expect(list.name == "l")
        #expect(list.groups == ["G1", "G2", "G3"])
        let groups = list.users.map { "\(String(decoding: $0.name, as: UTF8.self)) \($0.groups)" }
        #expect(
            groups == [
                "tiger [\"G1\"]", "scott [\"G2\", \"G3\", \"G1\"]", "xdb [\"G2\"]", "nobody []",
            ])
        #expect(list.users.map(\.isPlain) == [false, true, true, false])
        #expect(list.users[3].password == nil)
    }

    @Test(arguments: [
        ("userlist", "'userlist' expects <name> as argument"),
        ("userlist a b", "'userlist' cannot handle unexpected argument 'b'"),
        ("userlist a!b", "character '!' is not permitted in 'userlist' name 'a!b'"),
        ("userlist a\n group", "expects <groupname>"),
        ("userlist a\n group g!", "character '!' is not permitted in 'group' name 'g!'"),
        ("userlist a\n group g user x", "did you mean 'users'?"),
        (
            "userlist a\n group g users scot\n user scott",
            "group 'g' has user 'scot', whom the list does not have; did you mean 'scott'?"
        ),
        ("userlist a\n user", "expects <username>"),
        ("userlist a\n user x pasword y", "did you mean 'password'?"),
        (
            "userlist a\n group admins\n user x groups admin",
            "user 'x' is in group 'admin', which the list does not have; did you mean 'admins'?"
        ),
        ("userlist a\n users x", "did you mean 'user'?"),
    ])
    func `mistakes are refused`(_ section: String, _ text: String) throws {
        let loaded = Loading.load(section + "\n" + Self.proxy)
        #expect(loaded.configuration == nil)
        #expect(loaded.messages.contains { $0.contains(text) }, "\(loaded.messages)")
        if ReferenceProcess.program != nil {
            #expect(try !ReferenceProcess.takes(section + "\n" + Self.proxy), "haproxy: \(section)")
        }
    }

    @Test(arguments: [
        (" user x password plain", "is no hash that crypt(3) knows"),
        (" user x password $9$a$b", "is no hash that crypt(3) knows"),
        (" group g\n group g", "group 'g' stands in this userlist already"),
        (
            " user x insecure-password a\n user x insecure-password b",
            "user 'x' stands in this userlist already"
        ),
        (" user x\nuserlist m\nuserlist l\n user y", "userlist 'l' was begun at t.cfg:1 already"),
    ])
    func `what is doubtful is warned about`(_ lines: String, _ text: String) throws {
        let loaded = Self.load(lines)
        #expect(loaded.configuration != nil, "\(loaded.messages)")
        #expect(loaded.messages.contains { $0.contains(text) }, "\(loaded.messages)")
        if ReferenceProcess.program != nil {
            #expect(try ReferenceProcess.takes("userlist l\n\(lines)\n" + Self.proxy))
        }
    }

    @Test func `of two users with one name the first counts, and lists go on where they were`() {
        let loaded = Self.load(
            " user x insecure-password a\n user x insecure-password b\nuserlist m\nuserlist l\n"
                + " user y insecure-password c")
        let lists = loaded.configuration?.userLists ?? []
        #expect(lists.map(\.name) == ["l", "m"])
        #expect(lists.first?.users.map { $0.password ?? [] } == [Array("a".utf8), Array("c".utf8)])
    }

    @Test func `a list may stand behind what names it`() {
        let use = Self.proxy + " http-request allow if { http_auth(l) }\n"
        let list = "userlist l\n user x insecure-password a\n"
        #expect(Loading.load(list + use).messages == [])
        #expect(Loading.load(use + list).messages == [])
        let loaded = Loading.load(use)
        #expect(loaded.configuration == nil)
        #expect(loaded.messages.contains { $0.contains("there is no userlist 'l'") })
    }
}
