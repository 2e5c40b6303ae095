// Finding what the words of a command name: proxies by name or #id, servers by `backend/server`.

import Proxy

/// A server found by its words.
struct FoundServer {
    let proxy: ProxyConfiguration
    let proxyIndex: Int
    let server: ServerConfiguration
    let backend: BackendLive
    let ordinal: Int

    var live: ServerLive { backend.order.withLock { $0.live[ordinal] } }
    var order: ServerOrder { backend.order.withLock { $0.servers[ordinal] } }
}

/// An answer instead of what was asked for.
struct Refusal: Error {
    let text: String

    init(_ text: String) { self.text = text + "\n" }

    /// A text that stands without a line feed of its own.
    init(bare text: String) { self.text = text }
}

extension Engine {
    /// The index of a proxy with a capability, by its name or by `#` and its number.
    func proxy(_ word: String, _ capability: ProxyCapability) -> Int? {
        let proxies = configuration.proxies
        return proxies.indices.first { index in
            proxies[index].capability.contains(capability)
                && (proxies[index].name == word || word == "#\(proxyNumber(index))")
        }
    }

    /// The number a proxy is shown with.
    func proxyNumber(_ index: Int) -> Int {
        let given = configuration.proxies[index].id
        return given != 0 ? given : index + 2
    }

    /// The server that `backend/server` names.
    func server(_ word: String?) throws(Refusal) -> FoundServer {
        guard let word, let slash = word.firstIndex(of: "/") else {
            throw Refusal("Require 'backend/server'.")
        }
        let name = String(word[word.index(after: slash)...])
        guard let index = proxy(String(word[..<slash]), .backend) else {
            throw Refusal("No such backend.")
        }
        let proxy = configuration.proxies[index]
        let backend = live.backend(proxy.name)
        let position = proxy.servers.indices.first { position in
            let server = proxy.servers[position]
            let number = server.id != 0 ? server.id : position + 1
            return server.name == name || name == "#\(number)"
        }
        guard let position,
            let ordinal = backend.order.withLock({ $0.ordinal(named: proxy.servers[position].name) }
            )
        else { throw Refusal("No such server.") }
        return FoundServer(
            proxy: proxy, proxyIndex: index, server: proxy.servers[position], backend: backend,
            ordinal: ordinal)
    }
}

/// Whether a server could be taken out of its backend now.
enum Removability {
    case removable
    case busy(String)
    case impossible(String)
}

/// What stands in the way of removing a server.
func removability(of word: String, in engine: Engine) -> Removability {
    let found: FoundServer
    do throws(Refusal) { found = try engine.server(word) } catch {
        return .impossible(String(error.text.dropLast()))
    }
    let order = found.order
    if !order.admin.isMaintenance {
        return .impossible("Only servers in maintenance mode can be deleted.")
    }
    let live = found.live
    let idle = live.idleConnections.load(ordering: .relaxed)
    if order.served > 0 || order.queued > 0 || idle > 0 {
        return .busy("Server still has connections attached to it, cannot remove it.")
    }
    return .removable
}
