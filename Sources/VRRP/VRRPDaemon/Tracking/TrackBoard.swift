// What is known of everything tracked, and what that means for each instance: a fault, or a sum of
// weights. keepalived.conf(5): track_interface, track_script, track_file, track_process, track_bfd.

import VRRPConfig
import VRRPProtocol

/// The findings of all trackers.
final class TrackBoard {
    /// Names a tracked thing.
    struct Key: Hashable {
        var kind: TrackKind
        var name: String
    }

    /// What is known of one.
    struct Finding: Equatable {
        /// Whether it is good.
        var isUp: Bool
        /// The number in a file.
        var value = 0
        /// A weight that the thing itself adds: backends of a proxy that have one of their own.
        var ownWeight = 0
        /// Why, for people.
        var detail = ""
    }

    private unowned let routers: VirtualRouters
    private(set) var findings: [Key: Finding] = [:]

    init(_ routers: VirtualRouters) { self.routers = routers }

    /// Takes what was found; those who follow it are assessed anew.
    func set(_ key: Key, _ finding: Finding) {
        guard findings[key] != finding else { return }
        let previous = findings.updateValue(finding, forKey: key)
        if previous.map({ $0.isUp != finding.isUp }) ?? !finding.isUp {
            routers.log.say(
                finding.isUp ? .info : .warning,
                "\(key.kind.rawValue) \(key.name) \(finding.isUp ? "succeeded" : "failed")"
                    + (finding.detail.isEmpty ? "" : ": \(finding.detail)"))
        }
        for instance in routers.instances where follows(instance, key) { assess(instance) }
        routers.drain()
    }

    /// Forgets what no configuration names any more.
    func forget(_ key: Key) { findings[key] = nil }

    private func follows(_ instance: Instance, _ key: Key) -> Bool {
        let references = instance.definition.tracks.references(key.kind)
        let shared = instance.group?.definition.tracks.references(key.kind) ?? []
        return (references + shared).contains { $0.name == key.name }
    }

    /// Gives an instance the faults and the weight that follow from all it tracks.
    func assess(_ instance: Instance) {
        var assessment = Assessment()
        let definition = instance.definition
        if definition.tracksInterface, let name = definition.interface,
            routers.network.link(named: name) != nil, !routers.links.isUp(name)
        {
            assessment.faults["link"] = "interface \(name) is down"
        }
        if definition.isUnicast, definition.unicastPeers.isEmpty, definition.faultsWithoutPeers {
            assessment.faults["peers"] = "no unicast peers"
        }
        let isMember = instance.group != nil
        let mayWeigh = !isMember || instance.group?.definition.allowsWeights == true
        for kind in TrackKind.allCases {
            for reference in definition.tracks.references(kind)
            where mayWeigh || reference.weight.value == 0 {
                add(reference, kind, to: &assessment)
            }
            for reference in instance.group?.definition.tracks.references(kind) ?? [] {
                add(reference, kind, to: &assessment)
            }
        }
        instance.settle {
            let before = instance.faults
            for key in before.keys where Self.isOurs(key) && assessment.faults[key] == nil {
                instance.setFault(key, nil)
            }
            for (key, text) in assessment.faults where before[key] != text {
                instance.setFault(key, text)
            }
        }
        instance.setWeight(assessment.weight)
    }

    private static func isOurs(_ key: String) -> Bool {
        key == "link" || key == "peers" || key.hasPrefix("track:")
    }

    private struct Assessment {
        var faults: [String: String] = [:]
        var weight = 0

        mutating func fault(_ kind: TrackKind, _ name: String, _ what: String) {
            faults["track:\(kind.rawValue):\(name)"] = "\(kind.rawValue) \(name) \(what)"
        }
    }

    private func add(_ reference: TrackReference, _ kind: TrackKind, to result: inout Assessment) {
        let finding = self.finding(kind, reference.name)
        let weight = VRRPProtocol.TrackWeight(
            reference.weight.value, isReversed: reference.weight.isReversed)
        result.weight += finding.ownWeight
        let contribution =
            kind == .file
            ? weight.contribution(ofFile: finding.value) : weight.contribution(isUp: finding.isUp)
        switch contribution {
        case .adjust(let change): result.weight += change
        case .fault:
            let what =
                kind == .file
                ? "holds \(finding.value)" : finding.isUp ? "is up" : "is down"
            result.fault(kind, reference.name, what)
        }
    }

    private func finding(_ kind: TrackKind, _ name: String) -> Finding {
        if kind == .interface {
            return Finding(isUp: routers.links.isUp(name))
        }
        return findings[Key(kind: kind, name: name)] ?? Finding(isUp: true)
    }
}
