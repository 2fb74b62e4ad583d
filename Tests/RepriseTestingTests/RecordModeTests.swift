import Foundation
import MCPCore
import RepriseRecording
import RepriseSimulation
import Synchronization
import Testing

@testable import RepriseTesting

/// When a test's recording is made anew, and what is never written.
@Suite struct RecordModeTests {
    private static let source = RecordingSource.double(TestClient.description)

    /// Another server than that of ``source``.
    private static let other = RecordingSource.double(
        ServerDescription(tools: [ToolDescription(name: "add", result: ["sum": 6])]))

    private static func run(
        _ folder: TestFolder, _ mode: RecordMode, _ source: RecordingSource?,
        _ messages: [String] = TestClient.session
    ) async throws -> [Issue] {
        try await TestClient.issues(.recording(folder.file("a.jsonl"), mode: mode, from: source)) {
            try await TestClient.run(messages)
        }
    }

    @Test("never: a missing recording fails with the command that makes it, and no file is written")
    func neverWritesNothing() async throws {
        let folder = try TestFolder()
        let found = try await Self.run(folder, .never, Self.source)
        try #require(found.count == 1)
        #expect(found[0].text.contains(/^there is no recording at .*\/a\.jsonl; to make it:\n/))
        #expect(
            found[0].lastLine
                == #"REPRISE_RECORD=missing swift test --filter 'RepriseTestingTests.RecordModeTests/"#
                + #"neverWritesNothing\(\)'"#)
        let without = try await Self.run(folder, .never, nil)
        #expect(without.first?.lastLine.contains(/^reprise record --out .*\/a\.jsonl -- COMMAND…$/) ?? false)
        #expect(folder.names.isEmpty)
    }

    @Test("never: a recording that fails is left as it is")
    func neverLeavesWhatFails() async throws {
        let folder = try TestFolder()
        _ = try await Self.run(folder, .missing, Self.source)
        let before = try folder.bytes(of: "a.jsonl")
        let found = try await Self.run(folder, .never, Self.source, Array(TestClient.session.dropLast()))
        #expect(found.count == 1)
        #expect(try folder.bytes(of: "a.jsonl") == before)
    }

    @Test("S-173: missing records once, in version 1, and replays from then on")
    func missingRecordsOnce() async throws {
        let folder = try TestFolder()
        #expect(try await Self.run(folder, .missing, Self.source).isEmpty)
        let bytes = try folder.bytes(of: "a.jsonl")
        let recording = try RecordingReader.read(bytes)
        #expect(recording.completion == .finished)
        #expect(recording.header.transport == "stdio")
        #expect(recording.header.start.contains(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/))
        let messages = recording.events.filter { $0.frame != nil }
        #expect(messages.map { $0.direction?.rawValue } == ["c2s", "s2c", "c2s", "c2s", "s2c", "c2s", "s2c"])
        let mode = try FileManager.default.attributesOfItem(atPath: folder.file("a.jsonl"))[.posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(try await Self.run(folder, .missing, Self.other).isEmpty)
        #expect(try folder.bytes(of: "a.jsonl") == bytes)
        #expect(folder.names == ["a.jsonl"])
    }

    @Test("failed records anew only what fails")
    func failedRecordsWhatFails() async throws {
        let folder = try TestFolder()
        #expect(try await Self.run(folder, .failed, Self.source).isEmpty)
        let first = try folder.bytes(of: "a.jsonl")
        #expect(try await Self.run(folder, .failed, Self.other).isEmpty)
        #expect(try folder.bytes(of: "a.jsonl") == first)
        let changed = TestClient.session.map { $0.replacing(#""b":3"#, with: #""b":4"#) }
        #expect(try await Self.run(folder, .failed, Self.other, changed).isEmpty)
        #expect(try folder.bytes(of: "a.jsonl") != first)
        #expect(try await Self.run(folder, .never, nil, changed).isEmpty)
        // Without a source there is nothing to do but to say what fails.
        #expect(try await Self.run(folder, .failed, nil).count == 1)
    }

    @Test("all records in every run, but keeps the old recording when the test fails")
    func allRecordsAlways() async throws {
        let folder = try TestFolder()
        #expect(try await Self.run(folder, .all, Self.source).isEmpty)
        let first = try folder.bytes(of: "a.jsonl")
        #expect(String(decoding: first, as: UTF8.self).contains(#"{"sum":5}"#))
        #expect(try await Self.run(folder, .all, Self.other).isEmpty)
        let second = try folder.bytes(of: "a.jsonl")
        #expect(String(decoding: second, as: UTF8.self).contains(#"{"sum":6}"#))
        let found = try await TestClient.issues(
            .recording(folder.file("a.jsonl"), mode: .all, from: Self.source)
        ) {
            try await TestClient.run()
            Issue.record("it fails")
        }
        #expect(found.count == 1)
        #expect(try folder.bytes(of: "a.jsonl") == second)
        let without = try await Self.run(folder, .all, nil)
        #expect(without.first?.text.contains("name a source") ?? false)
    }

    @Test("S-179: a session in which something looks like a secret is not written")
    func secretsAreNotWritten() async throws {
        let password = TestClient.request(3, "tools/call", #"{"name":"add","arguments":{"pass_word":"hunter2"}}"#)
        let bearer = TestClient.request(3, "tools/call", #"{"name":"add","arguments":{"a":["Bearer abcdefghij"]}}"#)
        for (message, place) in [(password, "/params/arguments/pass_word"), (bearer, "/params/arguments/a/0")] {
            let folder = try TestFolder()
            let found = try await Self.run(folder, .all, Self.source, Array(TestClient.session.dropLast()) + [message])
            #expect(found.count == 1)
            #expect(found.first?.text.contains("\(place) of event 7 looks like a secret") ?? false, "\(found)")
            #expect(folder.names.isEmpty)
        }
    }

    @Test("a second connection does not fit into a test's recording")
    func oneConnectionIsRecorded() async throws {
        let folder = try TestFolder()
        let found = try await TestClient.issues(.recording(folder.file("a.jsonl"), mode: .all, from: Self.source)) {
            try await TestClient.run()
            try await TestClient.run()
        }
        #expect(found.first?.text.contains("the test connected 2 times") ?? false)
        #expect(folder.names.isEmpty)
    }

    @Test("a live source is recorded in real time, and what it recorded is replayed in virtual time")
    func aLiveSourceIsRecorded() async throws {
        let folder = try TestFolder()
        let times = Mutex<[Bool]>([])
        for _ in 0..<2 {
            let source = RecordingSource.live { EchoConnector() }
            let found = try await TestClient.issues(
                .recording(folder.file("a.jsonl"), mode: .missing, from: source)
            ) {
                let isVirtual = try TestServer.current.time is SimulationClock
                times.withLock { $0.append(isVirtual) }
                let answers = try await TestClient.run([TestClient.request(1, "tools/list")])
                #expect(answers == [#"{"jsonrpc":"2.0","id":1,"result":{}}"#])
            }
            #expect(found.isEmpty, "\(found)")
        }
        #expect(times.withLock { $0 } == [false, true])
    }

    @Test("REPRISE_RECORD takes the four words and no other")
    func theEnvironmentChooses() throws {
        #expect(try RecordMode.chosen([:]) == nil)
        for mode in RecordMode.allCases { #expect(try RecordMode.chosen(["REPRISE_RECORD": mode.rawValue]) == mode) }
        let error = try #require(throws: (any Error).self) { try RecordMode.chosen(["REPRISE_RECORD": "always"]) }
        #expect("\(error)" == #"REPRISE_RECORD is "always", but takes one of never, missing, failed, all"#)
    }
}

/// A live server that answers every request with an empty result.
private struct EchoConnector: MessageConnector {
    func connect(to server: ServerConfiguration) async throws(TransportFailure) -> any MessageStream { Stream() }

    private final class Stream: MessageStream {
        let answers = Mutex<[[UInt8]]>([])

        func send(_ message: [UInt8]) async throws(TransportFailure) {
            answers.withLock { $0.append(Array(#"{"jsonrpc":"2.0","id":1,"result":{}}"#.utf8)) }
        }

        func next() async -> StreamEvent? {
            answers.withLock { $0.isEmpty ? nil : .message($0.removeFirst()) }
        }

        func close() async {}
    }
}
