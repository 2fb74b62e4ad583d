import Foundation
import MCPCore
import MCPTransports
import Testing

/// Servers of the official Python SDK, in the environments that scripts/setup-test-environments makes.
enum SDK {
    /// The versions that there are environments of.
    static let versions = ["1.30.0", "2.3.0"]

    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// The command line of a program of Tests/Programs.
    static func command(_ version: String, _ program: String = "everything_server.py") -> [String] {
        ["\(root)/.build/python/mcp-\(version)/bin/python", "\(root)/Tests/Programs/\(program)"]
    }

    /// Why the tests cannot run here; nil where every environment is complete.
    static let reasonToSkip: String? = {
        let folder = "\(root)/.build/python"
        let isComplete = versions.allSatisfy {
            FileManager.default.isReadableFile(atPath: "\(folder)/mcp-\($0)/complete")
        }
        guard !isComplete else { return nil }
        let reason = try? String(contentsOfFile: "\(folder)/UNAVAILABLE", encoding: .utf8)
        return reason?.trimmingCharacters(in: .newlines)
            ?? "The Python environments are missing; run make test, which makes them."
    }()
}

extension Trait where Self == ConditionTrait {
    /// Skips with the reason where the environments of the SDK are missing.
    static var needsSDK: Self { .enabled(if: SDK.reasonToSkip == nil, "\(SDK.reasonToSkip ?? "")") }
}

/// A program that was built with these tests; it lies beside the test bundle.
func builtProgram(_ name: String) -> String {
    let places = [CommandLine.arguments[0], Bundle.main.executablePath ?? ""] + Bundle.allBundles.map(\.bundlePath)
    let folders = places.map { URL(filePath: $0).deletingLastPathComponent().path }
    return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
        ?? "\(folders[0])/\(name)"
}

extension ServerConfiguration {
    /// A server that is started with a whole command line.
    static func stdio(command: [String], environment: [String: String] = [:]) -> ServerConfiguration {
        .stdio(command[0], Array(command.dropFirst()), environment: environment)
    }
}
