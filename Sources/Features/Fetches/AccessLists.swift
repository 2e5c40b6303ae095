// Samples of access lists (configuration manual: acl).

import Proxy
import Samples

extension FetchFamily {
    /// Access lists as samples.
    static let accessLists = FetchFamily(
        "access lists",
        [
            Fetch(
                "acl", .boolean,
                takes: [.text("[!]name")]
                    + [ConverterArgumentShape](repeating: .text("...").optional, count: 11),
                needs: .running,
                "Is true where all access lists named match, those behind '!' excepted.",
                prepare: Lists.prepare
            ) { subject, arguments, state, scratch in
                let result = arguments.withObject(0, as: AccessListUse.self) {
                    subject.matches($0, &scratch)
                }
                if result == nil { state.isIncomplete = true }
                return result.map { .boolean($0) }
            }
        ])
}

private enum Lists {
    static let prepare: Converter.Preparation = {
        (arguments, loading) throws(ArgumentMistake) -> SampleType? in
        var names: [String] = []
        for index in arguments.indices where arguments[index] != nil {
            let name = arguments.text(index)
            let bare = name.drop { $0 == "!" }
            guard !bare.isEmpty, bare != "or", bare != "||", !bare.hasPrefix("{") else {
                throw ArgumentMistake(expected: "the name of an access list", at: index)
            }
            names.append(name)
        }
        guard let use = loading.proxies?.use(lists: names) else {
            throw ArgumentMistake("access lists cannot be used here", at: 0)
        }
        arguments[0] = .object(use)
        return nil
    }
}

extension ExpressionLoading {
    /// Where names of proxies, servers and access lists are found.
    var proxies: References? { references as? References }
}
