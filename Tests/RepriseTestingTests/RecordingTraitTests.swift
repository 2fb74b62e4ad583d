import Foundation
import MCPCore
import RepriseRecording
import RepriseSimulation
import RepriseTesting
import Testing

/// A recording as the server of a test: what passes, and how what differs is told.
@Suite struct RecordingTraitTests {
    /// The client's lines of a kept recording.
    private static func clientLines(_ path: String) throws -> [String] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: path)
        return try RecordingReader.read(Array(try Data(contentsOf: file))).events.compactMap { event in
            guard case .line(let frame) = event.kind, event.direction == .clientToServer,
                case .bytes(let bytes) = frame.payload
            else { return nil }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    @Test(
        "a test with a recording talks to it in virtual time",
        .recording("../../recordings/mcp-server-time/time.stdio.jsonl"))
    func aKeptRecordingIsTheServer() async throws {
        let server = try TestServer.current
        let lines = try Self.clientLines("../../recordings/mcp-server-time/time.stdio.jsonl")
        try await server.time.sleep(until: Instant(nanoseconds: 86_400_000_000_000))
        #expect(server.time.now == Instant(nanoseconds: 86_400_000_000_000))
        let answers = try await TestClient.run(lines)
        #expect(answers.count == lines.count { $0.contains(#""id":"#) })
        #expect(answers.allSatisfy { $0.contains(#""result""#) || $0.contains(#""error""#) })
    }

    /// A folder with a recording of ``TestClient/session``.
    private static func recorded() async throws -> TestFolder {
        let folder = try TestFolder()
        let trait: RecordingTrait = .recording(
            folder.file("a.jsonl"), mode: .missing, from: .double(TestClient.description))
        let found = try await TestClient.issues(trait) { try await TestClient.run() }
        #expect(found.isEmpty, "\(found)")
        return folder
    }

    @Test(
        "S-180: what differs is an issue at the test's line, with the first mismatch and the command as its last line")
    func whatDiffersIsAnIssueAtTheTest() async throws {
        let folder = try await Self.recorded()
        let found = try await TestClient.issues(.recording(folder.file("a.jsonl"))) {
            try await TestClient.run(
                TestClient.session.map { $0.replacing(#""b":3"#, with: #""b":4"#) })
        }
        try #require(found.count == 1)
        #expect(found[0].sourceLocation == Test.current?.sourceLocation)
        #expect(
            found[0].text.contains("/a.jsonl: no recorded message matches tools/call (id 3)\n"))
        #expect(found[0].text.contains("/params/arguments/b: 3 -> 4"))
        #expect(
            found[0].lastLine
                == "swift test --filter 'RepriseTestingTests.RecordingTraitTests/whatDiffersIsAnIssueAtTheTest"
                + #"\(\)'"#)
    }

    @Test("S-180: what was recorded and never came is an issue")
    func whatNeverCameIsAnIssue() async throws {
        let folder = try await Self.recorded()
        let found = try await TestClient.issues(.recording(folder.file("a.jsonl"))) {
            try await TestClient.run(Array(TestClient.session.dropLast()))
        }
        try #require(found.count == 1)
        #expect(found[0].text.contains("never came from the client: event 7 tools/call"), "\(found[0].text)")
        let unused = try await TestClient.issues(.recording(folder.file("a.jsonl"))) {}
        #expect(unused.map(\.text).first?.contains("the test did not connect to its server") ?? false)
    }

    @Test("an expectation that fails in such a test stands at its own line and ends with the command")
    func expectationsStandAtTheirLines() async throws {
        let folder = try await Self.recorded()
        let line = #line + 3
        let found = try await TestClient.issues(.recording(folder.file("a.jsonl"))) {
            try await TestClient.run()
            #expect(Bool(false), "as it happens")
        }
        try #require(found.count == 1)
        #expect(found[0].sourceLocation?.line == line)
        #expect(found[0].text.hasPrefix("as it happens\n"))
        #expect(found[0].lastLine.hasPrefix("swift test --filter '"))
    }

    @Test("errors, deadlocks and escapes are issues at the test's line")
    func whatEndsATestIsAnIssue() async throws {
        let folder = try await Self.recorded()
        let path = folder.file("a.jsonl")
        let thrown = try await TestClient.issues(.recording(path)) { throw ConnectionError.notInManagerContext }
        #expect(thrown.first?.error as? ConnectionError == .notInManagerContext)
        let stuck = try await TestClient.issues(.recording(path)) {
            let stream = try await TestServer.current.connect()
            _ = await stream.next()
        }
        #expect(stuck.first?.text.hasPrefix("deadlock at 0 s") ?? false, "\(stuck)")
        #expect(stuck.first?.text.contains("waits for") ?? false)
        let outside = try await TestClient.issues(.recording(path)) {
            let time = try TestServer.current.time
            await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    _ = time.now
                    continuation.resume()
                }
            }
        }
        #expect(outside.contains { $0.text.contains("escaped from virtual time") }, "\(outside)")
    }

    @Test("a recording that cannot be read, or not be replayed, is an issue that names it")
    func unreadableRecordingsAreIssues() async throws {
        let folder = try TestFolder()
        try folder.write("{\"log\":1}\n", to: "a.jsonl")
        let found = try await TestClient.issues(.recording(folder.file("a.jsonl"))) { try await TestClient.run() }
        #expect(found.count == 1)
        #expect(found.first?.text.contains("/a.jsonl: not a recording") ?? false, "\(found)")
    }

    @Test("a test without the trait has no server, and is told so")
    func withoutTheTraitThereIsNoServer() throws {
        let error = try #require(throws: (any Error).self) { try TestServer.current }
        #expect("\(error)".contains(".recording("))
    }
}
