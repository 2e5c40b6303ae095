// A `vrrp_sync_group`: instances that change state together.

/// `vrrp_sync_group`. keepalived.conf(5): VRRP synchronization group(s).
public struct SyncGroupDefinition: Equatable, Sendable {
    /// The group's name.
    public var name: String
    /// `group`: names of instances, each of which exists.
    public var members: [String] = []
    /// `track_*` of the group.
    public var tracks = TrackReferences()
    /// `notify_*` of the group.
    public var notify = NotifySettings()
    /// `global_tracking`: what members follow counts for the whole group.
    public var tracksGlobally = false
    /// `sync_group_tracking_weight`: members may have weights.
    public var allowsWeights = false
    /// Where the block begins.
    public var place = DefinitionPlace()

    /// An empty group.
    public init(name: String) { self.name = name }
}
