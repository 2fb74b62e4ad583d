// swift-tools-version:6.1
import PackageDescription

// What `make mutants` builds, in a copy of Sources: scenarios and what they run on, without the modules that take long.
let package = Package(
    name: "mutants",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .target(name: "MCPWire"),
        .target(
            name: "MCPCore", dependencies: ["MCPWire", .product(name: "HTTPTypes", package: "swift-http-types")]),
        .target(name: "RepriseRecording", dependencies: ["MCPWire"]),
        .target(name: "RepriseReplay", dependencies: ["RepriseRecording", "MCPWire"]),
        .target(
            name: "RepriseSimulation",
            dependencies: [
                "RepriseReplay", "RepriseRecording", "MCPCore", "MCPWire",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]),
        .target(
            name: "RepriseScenarios",
            dependencies: [
                "RepriseSimulation", "RepriseReplay", "RepriseRecording", "MCPCore", "MCPWire",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Yams", package: "Yams"),
            ]),
        .executableTarget(name: "scenarios", dependencies: ["RepriseScenarios"], path: "Runner"),
    ]
)
