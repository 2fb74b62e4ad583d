// swift-tools-version:6.1
import PackageDescription

let package = Package(
    name: "reprise",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "reprise", targets: ["reprise"]),
        .library(name: "MCPWire", targets: ["MCPWire"]),
        .library(name: "RepriseRecording", targets: ["RepriseRecording"]),
        .library(name: "RepriseRedaction", targets: ["RepriseRedaction"]),
        .library(name: "RepriseReplay", targets: ["RepriseReplay"]),
        .library(name: "RepriseProxy", targets: ["RepriseProxy"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    ],
    targets: [
        // Above the line: no sockets, files, processes, real clock or real randomness (docs/ARCHITECTURE.md).
        .target(name: "MCPWire"),
        .target(name: "RepriseRecording", dependencies: ["MCPWire"]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"]), .brew(["pcre2"])]),
        .target(name: "RepriseRedaction", dependencies: ["RepriseRecording", "MCPWire", "CPCRE2"]),
        .target(name: "RepriseReplay", dependencies: ["RepriseRecording", "MCPWire"]),
        // Below the line.
        .target(
            name: "RepriseProxy",
            dependencies: [
                "RepriseReplay", "RepriseRedaction", "RepriseRecording", "MCPWire",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        .target(
            name: "RepriseCommands",
            dependencies: [
                "RepriseProxy", "RepriseReplay", "RepriseRedaction", "RepriseRecording", "MCPWire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(name: "reprise", dependencies: ["RepriseCommands"]),
        .target(name: "TestSupport", path: "Tests/TestSupport"),
        .testTarget(name: "MCPWireTests", dependencies: ["MCPWire", "TestSupport"]),
        .testTarget(name: "RepriseRecordingTests", dependencies: ["RepriseRecording", "TestSupport"]),
        .testTarget(name: "RepriseRedactionTests", dependencies: ["RepriseRedaction", "TestSupport"]),
        .testTarget(name: "RepriseReplayTests", dependencies: ["RepriseReplay", "TestSupport"]),
        .testTarget(name: "RepriseProxyTests", dependencies: ["RepriseProxy", "RepriseReplay", "RepriseRecording"]),
        // Drives the built program; depending on it has it built.
        .testTarget(
            name: "RepriseCommandsTests",
            dependencies: ["reprise", "RepriseCommands", "RepriseReplay", "RepriseRecording", "MCPWire", "TestSupport"]),
        .testTarget(name: "RepositoryTests"),
    ]
)
