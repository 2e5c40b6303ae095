// Options that tell servers who the client was.
// configuration manual: option forwardfor, option originalto, option forwarded (RFC 7239).

import Addresses
import ConfigLanguage
import Proxy

extension ProxyKeywords {
    static let forwarding: [Row] = [
        Row(
            "option forwardfor", .proxies,
            takes: [.rest("[except <network>] [header <name>] [if-none]")],
            "Adds the client's address to requests."
        ) {
            draft, arguments, diagnostics in
            if let header = header("X-Forwarded-For", allowsIfNone: true, arguments, &diagnostics) {
                draft.proxy.forwardFor = header
            }
        },
        Row(
            "option originalto", .proxies, takes: [.rest("[except <network>] [header <name>]")],
            "Adds the address the client connected to, to requests."
        ) {
            draft, arguments, diagnostics in
            if let header = header("X-Original-To", allowsIfNone: false, arguments, &diagnostics) {
                draft.proxy.originalTo = header
            }
        },
        Row(
            "option forwarded", .serverSide,
            takes: [.rest("[proto] [host] [by] [by_port] [for] [for_port]")], prefixes: .both,
            elsewhere: .ignored, "Adds the Forwarded field to requests."
        ) {
            draft, arguments, diagnostics in
            forwarded(&draft, arguments, &diagnostics)
        },
    ]

    private static func header(
        _ name: String, allowsIfNone: Bool, _ arguments: KeywordArguments,
        _ diagnostics: inout Diagnostics
    ) -> ForwardHeader? {
        var header = ForwardHeader(name: name)
        var words = arguments.words[...]
        let known = allowsIfNone ? ["except", "header", "if-none"] : ["except", "header"]
        while let word = words.popFirst() {
            switch word {
            case "except":
                guard let network = words.popFirst(), Prefix(network) != nil else {
                    diagnostics.report(
                        arguments.expects("<address>[/mask] behind 'except'", found: words.first))
                    return nil
                }
                header.exceptNetwork = network
            case "header":
                guard let name = words.popFirst(), isToken(name) else {
                    diagnostics.report(
                        arguments.expects("a header name behind 'header'", found: words.first))
                    return nil
                }
                header.name = name
            case "if-none" where allowsIfNone:
                header.onlyIfMissing = true
            default:
                diagnostics.report(
                    arguments.expects(
                        allowsIfNone ? "'except', 'header' or 'if-none'" : "'except' or 'header'",
                        found: word, suggestion: Spelling.nearest(to: word, among: known)))
                return nil
            }
        }
        return header
    }

    private static func forwarded(
        _ draft: inout ProxyDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        guard arguments.prefix == .none else { return draft.proxy.forwarded = nil }
        var header = ForwardedHeader()
        if !arguments.words.isEmpty {
            header.sendsProtocol = false
            header.forNode = .none
        }
        for word in arguments.words {
            switch word {
            case "proto": header.sendsProtocol = true
            case "host": header.sendsHost = true
            case "by": header.byNode = .address
            case "by_port": header.byPort = true
            case "for": header.forNode = .address
            case "for_port": header.forPort = true
            case "host-expr", "by-expr", "by_port-expr", "for-expr", "for_port-expr":
                return diagnostics.report(arguments.mistake("'\(word)' is not supported yet"))
            default:
                let known = ["proto", "host", "by", "by_port", "for", "for_port"]
                return diagnostics.report(
                    arguments.expects(
                        "'proto', 'host', 'by', 'by_port', 'for' or 'for_port'", found: word,
                        suggestion: Spelling.nearest(to: word, among: known)))
            }
        }
        draft.proxy.forwarded = header
    }

    /// Whether every byte may stand in a field name (RFC 9110 §5.1).
    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}
