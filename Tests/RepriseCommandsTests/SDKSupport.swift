import Foundation
import TestSupport
import Testing

/// The test programs on the official Python SDK, in the environments that scripts/setup-test-environments makes.
enum SDK {
    /// The versions that there are environments of.
    static let versions = ["1.30.0", "2.3.0"]

    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    static func python(_ version: String) -> String { "\(root)/.build/python/mcp-\(version)/bin/python" }

    static func program(_ name: String) -> String { "\(root)/Tests/Programs/\(name)" }

    /// The command line of the server that has everything.
    static func server(_ version: String) -> [String] { [python(version), program("everything_server.py")] }

    /// Why the tests cannot run here; nil where every environment is complete.
    static let reasonToSkip: String? = {
        let folder = "\(root)/.build/python"
        let isComplete = versions.allSatisfy { access("\(folder)/mcp-\($0)/complete", R_OK) == 0 }
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

/// What one run of the SDK's client came to.
struct SDKRun: CustomTestStringConvertible {
    /// What the client saw, a line an event.
    var transcript: String
    /// Exit code of the command that the client took for its server; nil when the client had to kill it.
    var serverCode: Int?
    /// What the client and its server wrote to standard error.
    var error: String

    /// Runs a script of the test client against a server; throws if the client does not come to the script's end.
    static func client(
        _ version: String, script: String, server: [String], in folder: TestFolder, as name: String
    ) throws -> SDKRun {
        let transcript = folder.file("\(name).transcript")
        let code = folder.file("\(name).code")
        // The SDK tells nobody how its server ended.
        let noting = ["sh", "-c", #""$@"; echo $? >"$0""#, code]
        let command =
            [SDK.python(version), SDK.program("everything_client.py"), "--transcript", transcript]
            + ["--script", script, "--"] + noting + server
        let finished = try RunningProcess.run(command, deadline: 120)
        guard finished.ending == .exit(0) else {
            throw HarnessError("the client of script \(script) ended with \(finished.ending): \(finished.error)")
        }
        return SDKRun(
            transcript: try String(contentsOfFile: transcript, encoding: .utf8),
            serverCode: (try? String(contentsOfFile: code, encoding: .utf8)).flatMap { Int($0.dropLast()) },
            error: finished.error)
    }

    /// Short, since a failed expectation shows it.
    var testDescription: String { "a transcript of \(transcript.utf8.count) bytes" }

    /// Whether a text stands in the transcript.
    func saw(_ text: String) -> Bool { transcript.contains(text) }

    /// The first line in which two transcripts differ, for a failure that can be read; nil when they are the same.
    func difference(from other: SDKRun) -> String? {
        guard transcript != other.transcript else { return nil }
        let ours = transcript.split(separator: "\n", omittingEmptySubsequences: false)
        let theirs = other.transcript.split(separator: "\n", omittingEmptySubsequences: false)
        let line = zip(ours, theirs).prefix { $0 == $1 }.count
        func shown(_ lines: [Substring]) -> Substring { line < lines.count ? lines[line].prefix(500) : "(at its end)" }
        return "line \(line + 1): \(shown(theirs)) became \(shown(ours))"
    }
}

/// The same script run directly, through the recorder, and against the replay of what was recorded.
struct SDKThreeRuns {
    var direct: SDKRun
    var recorded: SDKRun
    var replayed: SDKRun
    /// The file that the recorder wrote.
    var path: String

    init(client: String, server: String, script: String, in folder: TestFolder) throws {
        let path = folder.file("session.jsonl")
        let command = SDK.server(server)
        func run(_ name: String, _ server: [String]) throws -> SDKRun {
            try SDKRun.client(client, script: script, server: server, in: folder, as: name)
        }
        direct = try run("direct", command)
        recorded = try run("recorded", [Program.reprise, "record", "--out", path, "--"] + command)
        replayed = try run("replayed", [Program.reprise, "replay", path])
        self.path = path
    }
}
