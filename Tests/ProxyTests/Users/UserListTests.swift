// Users and what proves who they are.

import Samples
import Testing

@testable import Proxy

extension PasswordCheck {
    fileprivate func accepts(_ password: [UInt8], _ hash: [UInt8]) -> Bool {
        matches(password.span, hash: hash.span)
    }

    fileprivate func accepts(_ password: String, _ hash: String) -> Bool {
        accepts(Array(password.utf8), Array(hash.utf8))
    }

    fileprivate func knows(_ hash: [UInt8]) -> Bool { understands(hash.span) }
}

@Suite struct UserListTests {
    private static let hashes = [
        "$1$salt$Jwf8jVFl2Zyz.hL.NUqjW/",
        "$5$rounds=1000$abc$CsK.O.GY2RweFpjo5DtsmPKGqxENiZkWRkYKrQWhoX3",
    ]

    @Test(arguments: hashes)
    func `a hash matches its password and no other`(_ hash: String) {
        let check = PasswordCheck()
        #expect(check.knows(Array(hash.utf8)))
        #expect(check.accepts("opensesame", hash))
        for wrong in ["opensesamf", "opensesam", "opensesamee", "", hash] {
            #expect(!check.accepts(wrong, hash), "\(wrong)")
        }
        // The memory is used again and again.
        #expect(check.accepts("opensesame", hash))
        #expect(!check.accepts("opensesame", String(hash.dropLast())))
        #expect(!check.accepts("opensesame", hash + "a"))
    }

    @Test(arguments: ["", "*", "*0", "*1", "plain", "$", "$1", "$9$a$b", "x\0y"])
    func `what is no hash matches nothing`(_ hash: String) {
        let check = PasswordCheck()
        #expect(!check.knows(Array(hash.utf8)))
        for password in ["", "x", "plain", "*0", "*1"] {
            #expect(!check.accepts(password, hash), "\(password)")
        }
    }

    @Test func `passwords that are too long or hold a zero match nothing`() {
        let check = PasswordCheck()
        let hash = Array(Self.hashes[0].utf8)
        for count in [511, 512, 513, 100_000] {
            #expect(!check.accepts([UInt8](repeating: 0x61, count: count), hash))
        }
        #expect(!check.accepts("opensesame\0more", Self.hashes[0]))
        let long = [UInt8](repeating: 0x24, count: 100_000)
        #expect(!check.knows(long))
        #expect(!check.accepts(hash, long))
    }

    private static let list = UserList(
        name: "l",
        users: [
            UserList.User(
                name: Array("a".utf8), password: Array("p".utf8), isPlain: true,
                groups: ["g", "h"]),
            UserList.User(
                name: Array("b".utf8), password: Array(hashes[0].utf8), isPlain: false,
                groups: []),
            UserList.User(name: Array("c".utf8), password: nil, isPlain: true, groups: []),
            UserList.User(name: [], password: [], isPlain: true, groups: []),
        ], groups: ["g", "h"])

    @Test(arguments: [
        ("a", "p", 0), ("a", "P", nil), ("a", "", nil), ("A", "p", nil), ("b", "opensesame", 1),
        ("b", hashes[0], nil), ("c", "", nil), ("", "", 3), ("d", "p", nil),
    ])
    func `users are found by name and password`(_ name: String, _ password: String, _ at: Int?) {
        let (name, password) = (Array(name.utf8), Array(password.utf8))
        let found = Self.list.user(name.span, password: password.span, PasswordCheck())
        #expect(found == at)
    }

    @Test func `groups of a user are given one by one`() {
        #expect(Self.list.groupCount(of: 0) == 2 && Self.list.groupCount(of: 1) == 0)
        var scratch = SampleScratch()
        let groups = (0..<2).map { place -> String in
            guard let sample = Self.list.group(place, of: 0, &scratch) else { return "" }
            let bytes = scratch.bytes(of: sample)
            var text: [UInt8] = []
            for index in 0..<bytes.count { text.append(bytes[index]) }
            return String(decoding: text, as: UTF8.self)
        }
        #expect(groups == ["g", "h"])
    }
}
