import Foundation
import MCPCore
import MCPTransports
import TestSupport
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

extension ServerConfiguration {
    /// A server that is started with a whole command line.
    static func stdio(command: [String], environment: [String: String] = [:]) -> ServerConfiguration {
        .stdio(command[0], Array(command.dropFirst()), environment: environment)
    }
}

extension ConnectionPolicy {
    /// For servers in Python, which take long to start on a busy machine.
    static var patient: ConnectionPolicy {
        var policy = withoutFirstRetries
        policy.connectTimeout = .seconds(600)
        return policy
    }
}

extension HTTPProgram {
    /// A server of the SDK over HTTP, which ends with the process of the tests at the latest.
    static func sdk(
        _ version: String, _ program: String = "everything_server.py", options: [String] = []
    ) throws -> HTTPProgram {
        try HTTPProgram(SDK.command(version, program) + ["--http", "0", "--until-end-of-input"] + options)
    }
}
