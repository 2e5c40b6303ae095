// Whatever the configuration's language can say is used by the daemon: a keyword that is accepted
// and then ignored is a defect. Properties of the model are found by reflection, uses by their
// names in the sources.

import Foundation
import Testing
import VRRPConfig

@testable import VRRPDaemon

@Suite struct WiringTests {
    /// Properties that do their work while the configuration is read, with what becomes of them.
    private static let resolved: [String: String] = [
        "scriptUser": "each command has its account",
        "scriptGroup": "each command has its account",
        "multicastGroup4": "each instance has its group",
        "multicastGroup6": "each instance has its group",
        "allowsMissingInterfaces": "a missing interface is a mistake without it",
        "randomSeed": "the reader's random numbers begin there",
        "checksBeforeReload": "always done",
        "initialState": "decides about nopreempt and preempt_delay, and is shown",
        "meansNoAddresses": "no message about an instance without addresses",
        "tracksGlobally": "what members follow is moved to the group",
        "place": "where a message points to",
    ]

    /// Everything below the model's values, an example of each kind of value.
    private static let examples: [any Sendable] = [
        GlobalDefinitions(), VRRPConfiguration(), InstanceDefinition(name: ""),
        SyncGroupDefinition(name: ""), AnnouncementSettings(), NotifySettings(), MailSettings(),
        VirtualMAC(), IPVLAN(), HMACAuthentication(), TrackReferences(),
        ScriptDefinition(name: ""), TrackFileDefinition(name: ""),
        TrackProcessDefinition(name: ""), BFDDefinition(name: ""), MartletDefinition(name: ""),
        CheckDefinition(name: ""), TrackGroup(name: ""), AnnouncementGroup(),
        VirtualAddress(address: .anyV4, prefixLength: 32), VirtualRoute(), VirtualRule(),
        VirtualRoute.NextHop(), UnicastPeer(address: .anyV4), NotifyFifo(path: ""),
        ScriptCommand(arguments: []), TrackReference(name: ""), TrackWeight(),
        InterfaceDelays(interface: "", downNanoseconds: 0, upNanoseconds: 0),
        PolledInterface(interface: ""), StatusSocket(path: ""),
        TrackFileDefinition.Initialization(),
        MartletDefinition.Backend(name: "", minimumPercent: 1),
    ]

    private static var sources: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources/VRRP")
    }

    /// The words of all files of a folder, but for those of its parts that only show things.
    private static func words(of folder: String, besides shown: String? = nil) throws -> Set<String>
    {
        let root = sources.appendingPathComponent(folder)
        let files = try #require(
            FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
        var words: Set<String> = []
        for case let file as URL in files where file.pathExtension == "swift" {
            if let shown, file.path.contains("/\(shown)/") { continue }
            let text = try String(contentsOf: file, encoding: .utf8)
            for line in text.split(separator: "\n") {
                let code = line.trimmingPrefix(while: \.isWhitespace)
                if code.hasPrefix("//") { continue }
                words.formUnion(
                    code.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init))
            }
        }
        return words
    }

    @Test func `every property of the configuration is used, not only shown`() throws {
        let used = try Self.words(of: "VRRPDaemon", besides: "Status")
            .union(Self.words(of: "VRRPTracking"))
        let dumped: Set = [
            // The dumps' own settings are used where dumps are made.
            "jsonVersion", "jsonFilePath", "stateFilePath", "statsFilePath",
            "stateFilesCarryInstance",
        ]
        let all = used.union(try Self.words(of: "VRRPDaemon/Status").intersection(dumped))
        for example in Self.examples {
            for child in Mirror(reflecting: example).children {
                let name = try #require(child.label)
                if Self.resolved[name] != nil { continue }
                #expect(all.contains(name), "\(type(of: example)).\(name) is read and never used")
            }
        }
    }

    @Test func `what is said to be used while reading is used there`() throws {
        let reading = try Self.words(of: "VRRPConfig", besides: "Dump")
        for name in Self.resolved.keys { #expect(reading.contains(name), "\(name)") }
    }

    @Test func `every keyword works, or says why it does not`() {
        // Rows that set nothing are those that say what is so anyway.
        for row in VRRPKeywords.all {
            switch row.status {
            case .supported: #expect(!row.summary.isEmpty)
            case .acceptedWithoutEffect(let reason): #expect(reason.count > 10, "\(row.name)")
            case .refused(let advice): #expect(advice.count > 10, "\(row.name)")
            }
        }
    }

    @Test func `every option of the command line is used`() throws {
        let used = try Self.words(of: "VRRPDaemon", besides: "Status")
        for child in Mirror(reflecting: Options()).children {
            let name = try #require(child.label)
            let files = try Self.filesNaming(name)
            #expect(used.contains(name) && files > 1, "Options.\(name)")
        }
    }

    /// How many files of the daemon name a property.
    private static func filesNaming(_ name: String) throws -> Int {
        let root = sources.appendingPathComponent("VRRPDaemon")
        let files = try #require(
            FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
        var count = 0
        for case let file as URL in files where file.pathExtension == "swift" {
            if try String(contentsOf: file, encoding: .utf8).contains(".\(name)") { count += 1 }
        }
        return count
    }
}
