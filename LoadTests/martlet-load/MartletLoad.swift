// martlet-load: demo origins, load, the bench beside other proxies, and misbehaving clients.

import ArgumentParser

@main
struct MartletLoad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet-load",
        abstract: "Demo origins, load and measurements for proxies.",
        subcommands: [
            OriginCommand.self, RunCommand.self, BenchCommand.self, ChaosCommand.self,
            VRRPCommand.self,
        ])
}
