// swift-tools-version:6.1
import PackageDescription

let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "reprise", path: "..")],
    targets: [
        .executableTarget(
            name: "measure",
            dependencies: [
                .product(name: "MCPWire", package: "reprise"),
                .product(name: "RepriseRecording", package: "reprise"),
                .product(name: "RepriseRedaction", package: "reprise"),
                .product(name: "RepriseReplay", package: "reprise"),
            ]),
        .executableTarget(
            name: "bare-pump", dependencies: [.product(name: "RepriseProxy", package: "reprise")]),
    ]
)
