// swift-tools-version:6.1
import PackageDescription

// A package as a stranger would write it: it depends on one product of Reprise and builds without SwiftNIO.
// `make test` builds it, runs it, and looks at what was built (scripts/test-example).
let package = Package(
    name: "example",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "reprise", path: "../..")],
    targets: [
        .testTarget(
            name: "ExampleTests", dependencies: [.product(name: "RepriseTesting", package: "reprise")],
            exclude: ["scenarios", "recordings"])
    ]
)
