// Configurations in keepalived's language, as texts.

/// One `vrrp_instance` block.
public struct InstanceText: Sendable {
    public var name = "VI_1"
    public var link = "eth0"
    public var id = 51
    public var priority = 100
    /// Seconds between adverts.
    public var interval = "0.1"
    public var state = "BACKUP"
    /// Lines of `virtual_ipaddress`.
    public var addresses = ["10.9.0.100/24"]
    /// Further lines of the block.
    public var lines: [String] = []

    /// A block with priority 100, id 51, 100 ms and the address 10.9.0.100.
    public init(priority: Int = 100) { self.priority = priority }

    /// The same block, changed.
    public func with(_ change: (inout InstanceText) -> Void) -> InstanceText {
        var copy = self
        change(&copy)
        return copy
    }

    /// The same block with further lines.
    public func adding(_ lines: String...) -> InstanceText { with { $0.lines += lines } }

    /// The block.
    public var text: String {
        """
        vrrp_instance \(name) {
            state \(state)
            interface \(link)
            virtual_router_id \(id)
            priority \(priority)
            advert_int \(interval)
            virtual_ipaddress {
        \(addresses.map { "        \($0)" }.joined(separator: "\n"))
            }
        \(lines.map { "    \($0)" }.joined(separator: "\n"))
        }

        """
    }
}

/// A whole configuration.
public struct RouterConfiguration: Sendable {
    public var version = 3
    /// Further lines of `global_defs`.
    public var global: [String] = []
    /// Blocks before the instances.
    public var blocks: [String] = []
    public var instances: [InstanceText]

    /// A configuration of some instances, in VRRP version 3.
    public init(_ instances: InstanceText..., version: Int = 3) {
        self.instances = instances
        self.version = version
    }

    /// The same configuration, changed.
    public func with(_ change: (inout RouterConfiguration) -> Void) -> RouterConfiguration {
        var copy = self
        change(&copy)
        return copy
    }

    /// The file.
    public var text: String {
        """
        global_defs {
            router_id lab
            vrrp_version \(version)
            script_user root
        \(global.map { "    \($0)" }.joined(separator: "\n"))
        }

        """ + blocks.map { $0 + "\n" }.joined() + instances.map(\.text).joined()
    }
}
