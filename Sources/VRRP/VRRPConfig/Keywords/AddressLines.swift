// One line of `virtual_ipaddress`, `virtual_ipaddress_excluded` or `static_ipaddress`.
// keepalived.conf(5): virtual_ipaddress.

import Addresses
import ConfigLanguage

/// Which block an address, route or rule stands in.
enum ItemPlace {
    /// In an instance.
    case virtual
    /// Outside.
    case fixed
}

extension Reading {
    /// The addresses of a block; a line with a mistake is left out.
    mutating func addresses(_ statement: Statement, _ place: ItemPlace) -> [VirtualAddress] {
        items(statement) { reading, line throws(ItemWords.Mistake) in
            try reading.virtualAddress(line, place)
        }
    }

    /// The items of a block, one a line.
    mutating func items<Item>(
        _ statement: Statement,
        _ parse: (inout Reading, Statement) throws(ItemWords.Mistake) -> Item
    ) -> [Item] {
        var items: [Item] = []
        for line in statement.children ?? [] where !line.words.isEmpty {
            if line.children != nil {
                remarks.repair("'\(line.name)' has no block here; it is left out", at: line.place)
                continue
            }
            do throws(ItemWords.Mistake) {
                items.append(try parse(&self, line))
            } catch {
                remarks.repair(
                    "\(error.text) in \(statement.name); the line is left out",
                    at: line.place, suggestion: error.suggestion)
            }
        }
        return items
    }

    /// An address with its options. An option with a mistake is left out and the address stays, for
    /// without it adverts would carry another list than those of other routers.
    private mutating func virtualAddress(
        _ line: Statement, _ place: ItemPlace
    ) throws(ItemWords.Mistake) -> VirtualAddress {
        var words = ItemWords(line.words)
        var address: VirtualAddress?
        var options = VirtualAddress(address: .anyV4, prefixLength: 32)
        while let option = words.takeOption() {
            do throws(ItemWords.Mistake) {
                if try readOption(option, &words, &options, place) { continue }
                guard address == nil, let found = try addressAndLength(option, line) else {
                    throw unknown(option, isFirst: address == nil)
                }
                address = found
            } catch {
                guard address != nil else { throw error }
                remarks.repair(
                    "\(error.text) behind \(line.name); the option is left out", at: line.place,
                    suggestion: error.suggestion)
            }
        }
        guard let found = address else { throw ItemWords.Mistake("no address stands in the line") }
        options.address = found.address
        options.prefixLength = found.prefixLength
        dropContradictions(&options, line)
        return options
    }

    /// Reads an option with its value; false when the word is none.
    private mutating func readOption(
        _ option: String, _ words: inout ItemWords, _ options: inout VirtualAddress,
        _ place: ItemPlace
    ) throws(ItemWords.Mistake) -> Bool {
        switch option {
        case "dev": options.interface = try words.takeWord("an interface")
        case "brd", "broadcast":
            let word = try words.takeWord("an address, '+' or '-'")
            options.broadcast = try broadcast(word)
        case "scope":
            options.scope = UInt8(try words.takeName(.scopes, atMost: 255, &names))
        case "label":
            options.label = try words.take("at most \(Bounds.labelBytes) bytes") { word in
                word.utf8.count <= Bounds.labelBytes ? word : nil
            }
        case "peer":
            let (peer, length) = try words.take("an address", parseInterfaceAddress)
            options.peer = peer
            options.peerPrefixLength = length
        case "home": options.isHome = true
        case "-nodad": options.detectsDuplicates = true
        // What IPv6 addresses are by themselves.
        case "nodad": break
        case "mngtmpaddr": options.managesTemporaryAddresses = true
        case "noprefixroute": options.omitsPrefixRoute = true
        case "autojoin": options.joinsGroup = true
        case "preferred_lft", "preferred":
            options.preferredLifetime = try words.take("seconds or 'forever'") { word in
                if word == "forever" { return .forever }
                return Numbers.unsigned(word).flatMap { UInt32(exactly: $0) }.map { .seconds($0) }
            }
        case "no_track" where place == .virtual: options.isUntracked = true
        case "use_vmac" where place == .virtual: options.usesVirtualMAC = true
        case "track_group" where place == .fixed:
            options.trackGroup = try words.takeWord("a track_group")
        default: return false
        }
        return true
    }

    /// The address at the front; with a length that is none it has full length, as in keepalived.
    private mutating func addressAndLength(
        _ word: String, _ line: Statement
    ) throws(ItemWords.Mistake) -> VirtualAddress? {
        if let (address, length) = parseInterfaceAddress(word) {
            return VirtualAddress(
                address: address, prefixLength: length ?? UInt8(address.family.bitCount))
        }
        guard let address = IPAddress(word.prefix { $0 != "/" }) else { return nil }
        let length = UInt8(address.family.bitCount)
        remarks.repair(
            "the prefix length of '\(word)' is not right; \(length) is used", at: line.place)
        return VirtualAddress(address: address, prefixLength: length)
    }

    private func broadcast(
        _ word: String
    ) throws(ItemWords.Mistake) -> VirtualAddress.Broadcast {
        switch word {
        case "+": return .hostBitsSet
        case "-": return .hostBitsClear
        default:
            guard let address = IPAddress(word), address.family == .v4 else {
                throw ItemWords.Mistake(
                    "'brd' expects an IPv4 address, '+' or '-', found '\(word)'")
            }
            return .address(address)
        }
    }

    /// Takes away options that contradict the address.
    private mutating func dropContradictions(_ address: inout VirtualAddress, _ line: Statement) {
        if let peer = address.peer, peer.family != address.address.family {
            address.peer = nil
            address.peerPrefixLength = nil
            drop("'peer' is of another family than the address", line)
        }
        if address.broadcast != nil, address.address.family == .v6 {
            address.broadcast = nil
            drop("'brd' is for IPv4 addresses only", line)
        }
        if let broadcast = address.broadcast, address.prefixLength > 30,
            broadcast == .hostBitsSet || broadcast == .hostBitsClear
        {
            address.broadcast = nil
            drop("'brd' needs host bits, and there are none", line)
        }
        if address.usesVirtualMAC, address.interface == nil {
            address.usesVirtualMAC = false
            drop("'use_vmac' of an address needs 'dev'", line)
        }
    }

    private mutating func drop(_ text: String, _ line: Statement) {
        remarks.repair("\(text); the option of \(line.name) is left out", at: line.place)
    }

    private func unknown(_ option: String, isFirst: Bool) -> ItemWords.Mistake {
        if isFirst, option.contains(where: { $0 == "." || $0 == ":" }) {
            return ItemWords.Mistake("'\(option)' is no address")
        }
        let known = [
            "dev", "brd", "scope", "label", "peer", "home", "-nodad", "mngtmpaddr",
            "noprefixroute", "autojoin", "preferred_lft", "no_track", "use_vmac", "track_group",
        ]
        return .unknown(option, "an address", among: known)
    }
}
