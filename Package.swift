// swift-tools-version: 6.2
// Targets are listed bottom-up, floor by floor. A need that is not yet listed, an arrow that
// points up, or a feature that needs a feature stops the manifest with a message.

import PackageDescription

/// The floors of the building, lowest first. A target may need its own floor and those below it.
enum Floor: Int {
    case c, base, system, vrrp, wire, traffic, features, assembly, executables, loadTests

    var folder: String {
        switch self {
        case .c: "Sources/C"
        case .base: "Sources/Base"
        case .system: "Sources/System"
        case .vrrp: "Sources/VRRP"
        case .wire: "Sources/Wire"
        case .traffic: "Sources/Traffic"
        case .features: "Sources/Features"
        case .assembly: "Sources/Assembly"
        case .executables: "Sources/Executables"
        case .loadTests: "LoadTests"
        }
    }
}

/// Collects targets and refuses upward arrows and features that know each other.
struct Building {
    private(set) var targets: [Target] = []
    private var floorOf: [String: Floor] = [:]

    private let swiftSettings: [SwiftSetting] = [
        .swiftLanguageMode(.v6),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
        .enableExperimentalFeature("Lifetimes"),
    ]

    mutating func shim(_ name: String) {
        floorOf[name] = .c
        targets.append(.systemLibrary(name: name, path: "\(Floor.c.folder)/\(name)"))
    }

    mutating func library(_ name: String, on floor: Floor, needs: [String] = []) {
        let dependencies = admit(name, on: floor, needs: needs)
        targets.append(
            .target(
                name: name, dependencies: dependencies, path: "\(floor.folder)/\(name)",
                swiftSettings: swiftSettings))
    }

    mutating func executable(
        _ name: String, on floor: Floor, needs: [String], packages: [Target.Dependency] = []
    ) {
        let dependencies = admit(name, on: floor, needs: needs) + packages
        targets.append(
            .executableTarget(
                name: name, dependencies: dependencies, path: "\(floor.folder)/\(name)",
                swiftSettings: swiftSettings))
    }

    mutating func tests(
        _ subject: String, needs: [String] = [], resources: [Resource] = [],
        exclude: [String] = []
    ) {
        let name = "\(subject)Tests"
        for need in needs {
            precondition(floorOf[need] != nil, "\(name) needs \(need): not listed")
        }
        targets.append(
            .testTarget(
                name: name, dependencies: needs.map { .byName(name: $0) }, path: "Tests/\(name)",
                exclude: exclude, resources: resources,
                swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]))
    }

    /// Tables and harnesses that several test targets share.
    mutating func testSupport(_ name: String, needs: [String]) {
        for need in needs {
            precondition(floorOf[need] != nil, "\(name) needs \(need): not listed")
        }
        floorOf[name] = .loadTests
        targets.append(
            .target(
                name: name, dependencies: needs.map { .byName(name: $0) }, path: "Tests/\(name)",
                swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]))
    }

    private mutating func admit(
        _ name: String, on floor: Floor, needs: [String]
    ) -> [Target.Dependency] {
        for need in needs {
            guard let below = floorOf[need] else {
                fatalError("\(name) needs \(need), which is not listed before it")
            }
            precondition(
                below.rawValue <= floor.rawValue,
                "\(name) on \(floor) may not need \(need) above it")
            precondition(
                !(floor == .features && below == .features),
                "\(name) and \(need) are features: features never import one another")
            precondition(
                below != .vrrp || floor == .vrrp || floor.rawValue >= Floor.executables.rawValue,
                "\(name) may not need \(need): the VRRP wing stands beside the proxy")
        }
        precondition(floorOf[name] == nil, "\(name) is listed twice")
        floorOf[name] = floor
        return needs.map { .byName(name: $0) }
    }
}

var building = Building()

building.shim("CLinux")
building.shim("CPCRE2")
building.shim("COpenSSL")
building.shim("CCrypt")

building.library("Bytes", on: .base)
building.library("Structures", on: .base, needs: ["Bytes"])
building.library("Addresses", on: .base, needs: ["Bytes"])
building.library("ConfigLanguage", on: .base, needs: ["Bytes", "Addresses"])

building.library("Kernel", on: .system, needs: ["CLinux", "Bytes", "Addresses"])
building.library("Netlink", on: .system, needs: ["Kernel", "Bytes", "Addresses"])
building.library("Reactor", on: .system, needs: ["Kernel", "Structures"])
building.library(
    "Daemon", on: .system, needs: ["Reactor", "Kernel", "Addresses", "ConfigLanguage"])

// The VRRP wing: base floors only.
building.library(
    "VRRPConfig", on: .vrrp, needs: ["Addresses", "ConfigLanguage", "Kernel", "Structures"])
building.library(
    "VRRPProtocol", on: .vrrp, needs: ["Bytes", "Addresses", "COpenSSL"])
building.library(
    "VRRPTracking", on: .vrrp, needs: ["Kernel", "Daemon", "Addresses", "Bytes"])
building.library(
    "VRRPDaemon", on: .vrrp,
    needs: [
        "VRRPTracking", "VRRPConfig", "VRRPProtocol", "Daemon", "Netlink", "Kernel", "Addresses",
        "ConfigLanguage", "Bytes",
    ])

building.library("HTTP", on: .wire, needs: ["Bytes"])
building.library("Inspection", on: .wire, needs: ["HTTP", "Bytes"])

building.library(
    "Samples", on: .traffic,
    needs: [
        "CLinux", "Bytes", "Structures", "Addresses", "ConfigLanguage", "CPCRE2", "COpenSSL",
    ])
building.library(
    "StickTables", on: .traffic,
    needs: ["Bytes", "Structures", "Addresses", "ConfigLanguage", "Samples"])
building.library("Balancing", on: .traffic, needs: ["Structures", "ConfigLanguage"])
building.library(
    "Proxy", on: .traffic,
    needs: [
        "CLinux", "CCrypt", "Reactor", "Kernel", "HTTP", "Balancing", "Samples", "StickTables",
        "ConfigLanguage", "Addresses", "Bytes", "Structures",
    ])

building.library(
    "Fetches", on: .features,
    needs: [
        "Proxy", "Samples", "StickTables", "HTTP", "Inspection", "Kernel", "Addresses",
        "Structures", "Bytes",
    ])
building.library(
    "Actions", on: .features,
    needs: [
        "Proxy", "Samples", "StickTables", "HTTP", "Addresses", "Structures", "Bytes",
        "ConfigLanguage",
    ])
building.library(
    "Logs", on: .features,
    needs: ["Proxy", "Samples", "Daemon", "Kernel", "Addresses", "Structures", "Bytes"])
building.library("Statistics", on: .features, needs: ["Proxy", "Kernel", "Addresses"])
building.library(
    "Admin", on: .features,
    needs: [
        "Proxy", "Samples", "StickTables", "Daemon", "Kernel", "Addresses", "Bytes",
        "ConfigLanguage", "Balancing",
    ])

building.library(
    "ProxyConfig", on: .assembly,
    needs: [
        "Addresses", "Bytes", "ConfigLanguage", "Kernel", "Balancing", "Samples", "StickTables",
        "Proxy", "Fetches", "Actions", "Logs", "Statistics", "Admin",
    ])
building.library(
    "Supervisor", on: .assembly,
    needs: [
        "ProxyConfig", "ConfigLanguage", "Kernel", "Daemon", "Logs", "Statistics", "Admin", "Proxy",
        "Samples", "Addresses",
    ])

building.executable("martlet", on: .executables, needs: ["Supervisor"])
building.executable("martlet-vrrp", on: .executables, needs: ["VRRPDaemon"])
building.library("LoadTesting", on: .loadTests, needs: ["CLinux", "Kernel", "Bytes", "Structures"])
building.library(
    "VRRPLab", on: .loadTests, needs: ["LoadTesting", "CLinux", "Kernel", "Addresses"])
building.executable(
    "martlet-load", on: .loadTests, needs: ["LoadTesting", "VRRPLab", "Kernel"],
    packages: [.product(name: "ArgumentParser", package: "swift-argument-parser")])

building.testSupport("RandomInputs", needs: [])
building.testSupport("FreePorts", needs: [])
building.tests("Bytes", needs: ["Bytes", "RandomInputs"])
building.tests("Structures", needs: ["Structures", "Bytes", "RandomInputs"])
building.tests("Addresses", needs: ["Addresses"])
building.tests("ConfigLanguage", needs: ["ConfigLanguage", "RandomInputs"])
building.testSupport("PrivateNetworks", needs: ["Kernel"])
building.tests(
    "Kernel", needs: ["Kernel", "Bytes", "Addresses", "RandomInputs", "PrivateNetworks"])
building.tests(
    "Netlink",
    needs: ["Netlink", "Kernel", "Bytes", "Addresses", "RandomInputs", "PrivateNetworks"])
building.tests("Reactor", needs: ["Reactor", "Structures", "Kernel", "RandomInputs"])
building.tests(
    "VRRPConfig",
    needs: ["VRRPConfig", "ConfigLanguage", "Addresses", "Kernel", "RandomInputs"])
building.tests(
    "VRRPProtocol", needs: ["VRRPProtocol", "Bytes", "Addresses", "RandomInputs"])
building.testSupport("ReferenceHAProxy", needs: [])
building.testSupport("HTTPCases", needs: ["HTTP"])
building.tests("HTTP", needs: ["HTTP", "HTTPCases", "Bytes", "ReferenceHAProxy", "RandomInputs"])
building.tests("Inspection", needs: ["Inspection", "HTTP", "ReferenceHAProxy", "RandomInputs"])
building.tests(
    "Samples",
    needs: [
        "Samples", "Addresses", "Structures", "Bytes", "ConfigLanguage", "ReferenceHAProxy",
        "RandomInputs",
    ])
building.tests(
    "StickTables",
    needs: ["StickTables", "Samples", "Addresses", "ReferenceHAProxy", "RandomInputs"])
building.tests(
    "Daemon", needs: ["Daemon", "RandomInputs", "Kernel", "Addresses", "ConfigLanguage"])
building.tests(
    "VRRPDaemon",
    needs: [
        "VRRPDaemon", "VRRPConfig", "VRRPProtocol", "Daemon", "Netlink", "Kernel", "Addresses",
        "RandomInputs", "PrivateNetworks",
    ])
building.tests(
    "VRRPTracking",
    needs: [
        "VRRPTracking", "Kernel", "Daemon", "Addresses", "Bytes", "RandomInputs", "FreePorts",
        "PrivateNetworks",
    ])
building.tests(
    "Proxy",
    needs: [
        "Proxy", "StickTables", "Samples", "Kernel", "Addresses", "Bytes", "Structures",
        "LoadTesting", "FreePorts",
    ])
building.tests(
    "Supervisor",
    needs: ["Supervisor", "Daemon", "Kernel", "Proxy", "StickTables", "CLinux", "FreePorts"])
building.tests("Balancing", needs: ["Balancing", "ReferenceHAProxy", "RandomInputs"])
building.tests(
    "ProxyConfig",
    needs: [
        "ProxyConfig", "ConfigLanguage", "Addresses", "Kernel", "Proxy", "ReferenceHAProxy",
    ], resources: [.copy("Names")])
building.tests(
    "Fetches",
    needs: [
        "Fetches", "Proxy", "ProxyConfig", "ConfigLanguage", "Kernel", "Addresses",
        "ReferenceHAProxy", "FreePorts",
    ])
building.tests(
    "Actions",
    needs: [
        "Actions", "Proxy", "ProxyConfig", "ConfigLanguage", "Kernel", "Addresses",
        "ReferenceHAProxy",
    ])
building.tests(
    "LoadTesting", needs: ["LoadTesting", "Kernel", "ConfigLanguage", "ProxyConfig"])

building.tests(
    "Logs",
    needs: [
        "Logs", "Proxy", "Fetches", "Samples", "Structures", "Daemon", "Kernel", "Addresses",
        "ReferenceHAProxy",
    ])
building.tests(
    "Admin",
    needs: ["Admin", "Proxy", "StickTables", "Daemon", "Kernel", "Addresses", "ReferenceHAProxy"])
building.tests(
    "Statistics", needs: ["Statistics", "Proxy", "Kernel", "Addresses", "ReferenceHAProxy"])
building.tests(
    "Tidy",
    needs: [
        "ProxyConfig", "ConfigLanguage", "Supervisor", "Daemon", "Statistics", "Logs", "Admin",
        "Proxy",
    ])

building.tests(
    "Conformance",
    needs: [
        "HTTP", "HTTPCases", "ReferenceHAProxy", "Addresses", "ConfigLanguage", "Proxy",
        "ProxyConfig",
    ],
    exclude: [
        "acl", "balance", "body", "captures", "cli", "errorfiles", "filters", "http",
        "http-after-response", "http-rules", "http-send-name-header", "log", "maps",
        "monitor", "retries", "reuse", "sample_fetches", "server", "stats", "stick", "switching",
        "tcp", "tcp-rules", "timeouts",
        "unique-id", "variables",
    ])

building.tests("VRRPScenario", needs: ["VRRPLab", "Addresses", "LoadTesting", "PrivateNetworks"])

let package = Package(
    name: "martlet",
    products: [
        .executable(name: "martlet", targets: ["martlet"]),
        .executable(name: "martlet-vrrp", targets: ["martlet-vrrp"]),
        .executable(name: "martlet-load", targets: ["martlet-load"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: building.targets
)
