import Foundation
import RepriseRecording
import TestSupport
import Testing

/// What is large stays whole on its way, and small in memory.
@Suite(.ownThreads) struct RecorderBoundsTests {
    @Test("200 MB to a reader that has stopped reading keep memory flat, and do not hold up the other direction")
    func aStoppedReaderKeepsMemoryFlat() throws {
        let folder = try TestFolder()
        let size = 200_000_000
        // What the client writes comes back on standard error, while standard output is stuck.
        let script = "exec 4<&0; cat <&4 >&2 & yes '{\"jsonrpc\":\"2.0\",\"method\":\"n\"}' | head -c \(size); wait"
        let process = try RunningProcess(Command.record(folder.file("a.jsonl"), redact: "none", Command.shell(script)))
        let taken = try process.read(byteCount: 1 << 20)
        #expect(taken.count == 1 << 20)
        try process.waitForFullOutput()
        for number in 1...3 {
            try process.send("still there \(number)")
            try process.waitForError("still there \(number)\n")
        }
        if let peak = Children.peakMemory(of: process.id) {
            #expect(peak < 150_000_000)
        }
        process.closeOutput()
        process.closeInput()
        _ = try process.wait()
        let recording = try folder.recording("a.jsonl")
        #expect(Array(recording.bytes(.stdout).prefix(taken.count)).difference(from: taken) == nil)
        #expect(recording.bytes(.stdout).count < size / 10)
    }

    @Test("a line beyond the limit is forwarded whole, and recorded in pieces")
    func aLineBeyondTheLimitIsRecordedInPieces() throws {
        let folder = try TestFolder()
        let limit = 16 << 20, size = 17 << 20
        let process = try RunningProcess(
            Command.record(
                folder.file("a.jsonl"), redact: "none",
                Command.shell("head -c \(size) /dev/zero | tr '\\0' a; echo; echo next")),
            deadline: 90)
        let output = try process.readToEnd()
        #expect(output.count == size + 6)
        let line = [UInt8](repeating: 0x61, count: size)
        #expect(output.difference(from: line + Array("\nnext\n".utf8)) == nil)
        #expect(try process.finish().ending == .exit(0))
        let recording = try folder.recording("a.jsonl")
        #expect(recording.frames(.stdout).map(\.wireByteCount) == [limit, size - limit + 1, 5])
        #expect(recording.frames(.stdout).map(\.isContinued) == [true, false, false])
        #expect(recording.bytes(.stdout).difference(from: output) == nil)
    }

    @Test("a line beyond the limit is kept as length and digest under redaction")
    func aLineBeyondTheLimitIsOmittedUnderRedaction() throws {
        let folder = try TestFolder()
        let limit = 16 << 20, size = 17 << 20
        let process = try RunningProcess(
            Command.record(folder.file("a.jsonl"), Command.shell("head -c \(size) | wc -c; echo end >&2; read next")),
            deadline: 90)
        process.writeInBackground([UInt8](repeating: 0x61, count: size) + Array("\n".utf8))
        let finished = try process.finish()
        #expect(finished.text == "\(size)\n")
        let recording = try folder.recording("a.jsonl")
        let kept = recording.frames(.stdin).map { frame in
            if case .omitted(let byteCount, let sha256) = frame.payload { (byteCount, sha256.count) } else { (0, 0) }
        }
        #expect(kept.map(\.0) == [limit, size - limit])
        #expect(kept.map(\.1) == [64, 64])
        #expect(recording.frames(.stdin).map(\.wireByteCount) == [limit, size - limit + 1])
    }
}
