// swift-tools-version:6.1
import PackageDescription

let package = Package(
    name: "reprise",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "reprise", targets: ["reprise"]),
        .library(name: "MCPWire", targets: ["MCPWire"]),
        .library(name: "MCPCore", targets: ["MCPCore"]),
        .library(name: "RepriseRecording", targets: ["RepriseRecording"]),
        .library(name: "RepriseRedaction", targets: ["RepriseRedaction"]),
        .library(name: "RepriseReplay", targets: ["RepriseReplay"]),
        .library(name: "RepriseSimulation", targets: ["RepriseSimulation"]),
        .library(name: "RepriseScenarios", targets: ["RepriseScenarios"]),
        .library(
            name: "RepriseTesting",
            targets: ["RepriseTesting", "RepriseSimulation", "RepriseRecording", "MCPCore", "MCPWire"]),
        .library(name: "MCPTransports", targets: ["MCPTransports", "MCPCore", "MCPWire"]),
        .library(name: "RepriseProxy", targets: ["RepriseProxy"]),
        .library(name: "RepriseRehearsal", targets: ["RepriseRehearsal"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        // Above the line: no sockets, files, processes, real clock or real randomness (docs/ARCHITECTURE.md).
        .target(name: "MCPWire"),
        .target(
            name: "MCPCore", dependencies: ["MCPWire", .product(name: "HTTPTypes", package: "swift-http-types")]),
        .target(name: "RepriseRecording", dependencies: ["MCPWire"]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"]), .brew(["pcre2"])]),
        .target(name: "RepriseRedaction", dependencies: ["RepriseRecording", "MCPWire", "CPCRE2"]),
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
        // The Swift Testing surface; it builds without SwiftNIO, NIOSSL and PCRE2.
        .target(
            name: "RepriseTesting",
            dependencies: [
                "RepriseScenarios", "RepriseSimulation", "RepriseReplay", "RepriseRecording", "MCPCore", "MCPWire",
            ]),
        // Below the line.
        .systemLibrary(name: "CProcess"),
        .target(
            name: "MCPTransports",
            dependencies: [
                "MCPCore", "MCPWire", "CProcess",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        .target(
            name: "RepriseProxy",
            dependencies: [
                "RepriseReplay", "RepriseRedaction", "RepriseRecording", "MCPTransports", "MCPWire",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        .target(
            name: "RepriseRehearsal",
            dependencies: [
                "RepriseScenarios", "RepriseProxy", "RepriseSimulation", "RepriseReplay", "RepriseRecording",
                "MCPTransports", "MCPCore", "MCPWire",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        .target(
            name: "RepriseCommands",
            dependencies: [
                "RepriseRehearsal", "RepriseProxy", "RepriseScenarios", "RepriseSimulation", "RepriseReplay",
                "RepriseRedaction",
                "RepriseRecording", "MCPTransports", "MCPCore", "MCPWire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(name: "reprise", dependencies: ["RepriseCommands"]),
        .testTarget(name: "MCPWireTests", dependencies: ["MCPWire", "MCPCore"]),
        .testTarget(name: "RepriseRecordingTests", dependencies: ["RepriseRecording", "MCPCore"]),
        .testTarget(name: "RepriseRedactionTests", dependencies: ["RepriseRedaction", "MCPCore"]),
        .testTarget(name: "RepriseReplayTests", dependencies: ["RepriseReplay", "MCPCore"]),
        .testTarget(name: "MCPCoreTests", dependencies: ["RepriseSimulation", "MCPCore", "MCPWire"]),
        .testTarget(
            name: "RepriseSimulationTests",
            dependencies: ["RepriseSimulation", "RepriseReplay", "RepriseRecording", "MCPCore", "MCPWire"]),
        .testTarget(
            name: "RepriseScenariosTests",
            dependencies: ["RepriseScenarios", "RepriseSimulation", "RepriseRecording", "MCPCore", "MCPWire"]),
        .testTarget(
            name: "RepriseTestingTests",
            dependencies: ["RepriseTesting", "RepriseScenarios", "RepriseSimulation", "MCPCore", "MCPWire"]),
        // What several test targets share to run programs.
        .target(name: "TestSupport", dependencies: ["CProcess"], path: "Tests/TestSupport"),
        // The README's example of the client library, run by its tests.
        .executableTarget(
            name: "ExampleClient", dependencies: ["MCPTransports", "MCPCore"], path: "Tests/ExampleClient"),
        .testTarget(
            name: "MCPTransportsTests",
            dependencies: [
                "TestSupport", "ExampleClient", "reprise", "MCPTransports", "MCPCore", "MCPWire",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]),
        .testTarget(
            name: "RepriseRehearsalTests",
            dependencies: [
                "TestSupport", "RepriseRehearsal", "RepriseScenarios", "RepriseSimulation", "RepriseRecording",
                "MCPTransports", "MCPCore", "MCPWire",
            ]),
        .testTarget(
            name: "RepriseProxyTests",
            dependencies: ["RepriseProxy", "RepriseReplay", "RepriseRecording", "MCPTransports"]),
        // Drives the built program; depending on it has it built.
        .testTarget(
            name: "RepriseCommandsTests",
            dependencies: [
                "TestSupport", "reprise", "RepriseCommands", "RepriseReplay", "RepriseRecording", "MCPWire", "MCPCore",
            ]),
        .testTarget(name: "RepositoryTests", dependencies: ["TestSupport"]),
    ]
)
