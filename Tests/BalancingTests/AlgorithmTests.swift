// The words of `balance`.

import Balancing
import Testing

@Suite struct AlgorithmTests {
    @Test(arguments: [
        (["roundrobin"], Algorithm.Meaning.algorithm(.roundRobin)),
        (["static-rr"], .algorithm(.staticRoundRobin)),
        (["leastconn"], .algorithm(.leastConnections)),
        (["first"], .algorithm(.first)),
        (["random"], .algorithm(.random(draws: 2))),
        (["random(5)"], .algorithm(.random(draws: 5))),
        (["random(0)"], .badArgument(expected: "a number of draws from 1 to 1000")),
        (["random(x)"], .badArgument(expected: "a number of draws from 1 to 1000")),
        (["roundrobin", "2"], .badArgument(expected: "nothing after 'roundrobin'")),
        (["source"], .notSupported(name: "source")),
        (["hdr(host)"], .notSupported(name: "hdr")),
        (["url_param", "id"], .notSupported(name: "url_param")),
        (["uri", "whole"], .notSupported(name: "uri")),
        (["rdp-cookie"], .notSupported(name: "rdp-cookie")),
        (["hash", "src"], .notSupported(name: "hash")),
        (["log-hash", "x"], .notSupported(name: "log-hash")),
        (["sticky"], .notSupported(name: "sticky")),
        (["leastcon"], .unknown(name: "leastcon")),
        ([], .unknown(name: "")),
    ])
    func `The words after balance mean what the manual says`(
        _ words: [String], _ meaning: Algorithm.Meaning
    ) {
        #expect(Algorithm.meaning(of: words) == meaning)
    }

    @Test func `Every row has a name of its own and a sentence`() {
        #expect(Set(Algorithm.rows.map(\.name)).count == Algorithm.rows.count)
        for row in Algorithm.rows {
            #expect(row.sentence.hasSuffix("."))
            if let algorithm = row.algorithm { #expect(algorithm.name == row.name) }
        }
    }
}
