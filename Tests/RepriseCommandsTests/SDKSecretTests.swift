import Foundation
import RepriseRecording
import TestSupport
import Testing

/// Secrets in sessions of official SDK programs stay out of the recording, and the recording is still played.
@Suite("SDK sessions: secrets", .serialized, .ownThreads, .needsSDK) struct SDKSecretTests {
    @Test(
        "S-179: no secret that the client brings is in the recording, and the replay answers the real ones",
        arguments: SDK.versions)
    func theClientsSecretsStayOut(version: String) throws {
        let folder = try TestFolder()
        let runs = try SDKThreeRuns(client: version, server: version, script: "secrets", in: folder)
        #expect(runs.recorded.difference(from: runs.direct) == nil)
        #expect(runs.replayed.difference(from: runs.direct) == nil)
        #expect(runs.replayed.serverCode == 0)

        let file = File(text: String(decoding: try folder.bytes(of: "session.jsonl"), as: UTF8.self))
        for secret in try Self.samples(version, in: folder).flatMap(\.parts) + ["hunter2-hunter2"] {
            #expect(runs.direct.saw(secret), "\(secret) was not in the session")
            #expect(!file.holds(secret), "\(secret)")
        }
        // What only looks like a secret, or like the placeholder of one, is as it was.
        #expect(file.holds(#""reprise-secret-1":"reprise-secret-1","progressToken":1,"max_tokens":100"#))

        let session = SDKSession(try folder.recording("session.jsonl"))
        // Eight samples with nine secrets, some again: each time to the server and back.
        #expect(session.placeholderCount == 2 * 13)
        #expect(try Set(Self.placeholders(in: folder)).count == 11)
    }

    @Test(
        "S-179: no secret that only the server knows is in the recording, and a replay gives placeholders that serve",
        arguments: SDK.versions)
    func theServersSecretsStayOut(version: String) throws {
        let folder = try TestFolder()
        let runs = try SDKThreeRuns(client: version, server: version, script: "server_secrets", in: folder)
        #expect(runs.recorded.difference(from: runs.direct) == nil)
        #expect(runs.replayed.serverCode == 0)
        #expect(runs.replayed.error.contains("the session matched its recording"), "\(runs.replayed.error)")

        let file = File(text: String(decoding: try folder.bytes(of: "session.jsonl"), as: UTF8.self))
        let issued = "9f8e7d6c5b4a39281706f5e4d3c2b1a0"
        let environment = "everything-key-0123456789abcdef"
        for secret in [issued, environment] {
            #expect(runs.direct.saw(secret))
            #expect(!file.holds(secret), "\(secret)")
        }
        // The client saw the same, but for what no recording can give back.
        var expected = runs.direct
        expected.transcript = expected.transcript
            .replacing("sk-issued-" + issued, with: "reprise-secret-1").replacing(environment, with: "reprise-secret-3")
        #expect(runs.replayed.difference(from: expected) == nil)
    }

    /// A recording as text; short where a failed expectation shows it.
    private struct File: CustomTestStringConvertible {
        var text: String
        var testDescription: String { "a recording of \(text.utf8.count) bytes" }

        func holds(_ part: String) -> Bool { text.contains(part) }
    }

    /// What `secret_samples()` of the test programs makes.
    private struct Sample {
        var name: String
        var text: String

        /// The secrets in it, in pieces that no escape cuts.
        var parts: [String] {
            switch name {
            case "bearer": [String(text.split(separator: " ").last ?? "")]
            case "jwt": text.split(separator: ".").dropFirst().map(String.init)
            case "pem": [String(text.split(separator: "\n")[1])]
            case "url":
                [
                    String(text.split(separator: "@")[0].split(separator: ":").last ?? ""),
                    String(text.split(separator: "=").last ?? ""),
                ]
            default: [text]
            }
        }
    }

    private static func samples(_ version: String, in folder: TestFolder) throws -> [Sample] {
        let script = "import json, sys; sys.path.insert(0, sys.argv[1]); import session_scripts; "
        let finished = try RunningProcess.run([
            SDK.python(version), "-c", script + "print(json.dumps(session_scripts.secret_samples()))", SDK.program(""),
        ])
        let samples = try JSONDecoder().decode([String: String].self, from: Data(finished.output))
        #expect(samples.count == 8)
        return samples.sorted { $0.key < $1.key }.map { Sample(name: $0.key, text: $0.value) }
    }

    /// The placeholders of the session as they are written.
    private static func placeholders(in folder: TestFolder) throws -> [[UInt8]] {
        SDKSession(try folder.recording("session.jsonl")).log.frames.flatMap { frame in
            frame.placeholders.map { Array(frame.bytes[$0]) }
        }
    }
}
