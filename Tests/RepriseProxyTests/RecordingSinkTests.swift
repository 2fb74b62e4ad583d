import Foundation
import RepriseRecording
import RepriseReplay
import Testing

@testable import RepriseProxy

/// What a sink makes of a session that ends in order, and of one in which the recorder itself went wrong.
@Suite struct RecordingSinkTests {
    /// The recording of a session whose standard input ended so many times.
    private func recording(inputEndCount: Int) throws -> Recording {
        let path = FileManager.default.temporaryDirectory.path + "/reprise-sink-\(UUID().uuidString).jsonl"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let header = Header(
            start: "2026-01-01T00:00:00Z", recorder: "test", transport: "stdio", target: .command(["server"]),
            redaction: .none)
        let sink = RecordingSink(
            file: try RecordingFile(creating: path), header: header, redactor: nil,
            recorder: StdioRecorder(lineByteCountMax: 100))
        sink.open()
        for _ in 0..<inputEndCount { sink.end(.stdin) }
        sink.finish(.exit(code: 0))
        return try RecordingReader.read(try readFile(path))
    }

    @Test func aSessionThatEndsInOrderIsFinished() throws {
        let recording = try recording(inputEndCount: 1)
        #expect(recording.completion == .finished)
        #expect(recording.events.dropLast().map(\.kind) == [.open, .end(.stdin), .close(.exit(code: 0))])
    }

    @Test func aRecordingThatABugInTheRecorderEndedDoesNotClaimToBeComplete() throws {
        let recording = try recording(inputEndCount: 2)
        #expect(recording.completion == .unfinished)
        #expect(recording.events.map(\.kind) == [.open, .end(.stdin)])
    }
}
