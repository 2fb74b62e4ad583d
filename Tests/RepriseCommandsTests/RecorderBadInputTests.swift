import Foundation
import RepriseRecording
import TestSupport
import Testing

/// What is no proper message is forwarded and recorded as it is.
@Suite(.ownThreads) struct RecorderBadInputTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        var testDescription: String { name }

        init(_ name: String, _ bytes: [UInt8]) {
            self.name = name
            self.bytes = bytes
        }

        init(_ name: String, _ text: String) { self.init(name, Array(text.utf8)) }
    }

    static let samples = [
        Sample("not JSON", "hello\n"),
        Sample("half a message", "{\"jsonrpc\":\"2.0\",\n"),
        Sample("invalid UTF-8", Array("{\"a\":\"".utf8) + [0xC3, 0x28, 0xFF] + Array("\"}\n".utf8)),
        Sample(
            "a byte order mark", [0xEF, 0xBB, 0xBF] + Array("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}\n".utf8)),
        Sample("CRLF", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}\r\n{}\r\n"),
        Sample("a bare CR", "{\"a\":1}\r{\"b\":\r2}\n"),
        Sample("a lone surrogate", #"{"jsonrpc":"2.0","id":1,"method":"\ud83d"}"# + "\n"),
        Sample("NUL", "\0{\"a\":\"\0\"}\0\n\0\n"),
        Sample("duplicate keys", #"{"jsonrpc":"2.0","id":1,"id":2,"method":"a","method":"b"}"# + "\n"),
        Sample(
            "10,000 levels deep",
            [UInt8](repeating: 0x5B, count: 10_000) + [UInt8](repeating: 0x5D, count: 10_000) + [0x0A]),
        Sample("empty lines", "\n\n \n\r\n\t\n"),
        Sample("white space around a message", "  {\"jsonrpc\":\"2.0\",\"method\":\"a\"}\t \n"),
        Sample("no line feed at the end", #"{"jsonrpc":"2.0","method":"a"}"#),
        Sample("junk first", "Starting server...\n\u{1B}[32mready\u{1B}[0m\n{\"jsonrpc\":\"2.0\",\"method\":\"a\"}\n"),
        Sample("a batch", #"[{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","method":"b"},7]"# + "\n[]\n"),
        Sample(
            "numbers of every spelling",
            #"{"jsonrpc":"2.0","id":123456789012345678901234567890,"result":-0.0e+1}"# + "\n"),
        Sample("line separators", "{\"a\":\"\u{2028}\u{2029}\u{85}\"}\n"),
        Sample("nothing", ""),
    ]

    @Test("S-172: bad input is forwarded, and recorded verbatim", arguments: samples, ["none", "standard"])
    func badInputIsForwardedAndRecorded(sample: Sample, redact: String) throws {
        let folder = try TestFolder()
        let finished = try RunningProcess.run(
            Command.record(folder.file("a.jsonl"), redact: redact, ["cat"]), input: sample.bytes)
        #expect(finished.ending == .exit(0))
        #expect(finished.output.difference(from: sample.bytes) == nil)
        #expect(finished.said.count == 1)
        let recording = try folder.recording("a.jsonl")
        #expect(recording.completion == .finished)
        for pipe in [Pipe.stdin, .stdout] {
            let frames = recording.frames(pipe)
            #expect(frames.reduce(0) { $0 + $1.wireByteCount } == sample.bytes.count)
            let isOmitted = frames.contains { $0.wireBytes == nil }
            // Only what is not UTF-8 cannot be looked through for secrets.
            #expect(isOmitted == (redact == "standard" && sample.name == "invalid UTF-8"))
            if !isOmitted { #expect(recording.bytes(pipe).difference(from: sample.bytes) == nil) }
        }
        let inspected = try RunningProcess.run([Program.reprise, "inspect", folder.file("a.jsonl")])
        #expect(inspected.ending == .exit(0))
        #expect(inspected.error.isEmpty)
    }

    @Test("two messages in one read stay in one read, also in the replay")
    func twoMessagesInOneRead() throws {
        let folder = try TestFolder()
        let both = "{\"jsonrpc\":\"2.0\",\"method\":\"a\"}\n{\"jsonrpc\":\"2.0\",\"method\":\"b\"}\n"
        let process = try RunningProcess(
            Command.record(folder.file("a.jsonl"), Command.shell("printf '%s' \"$0\"; read line", both)))
        #expect(try process.read(byteCount: both.utf8.count) == Array(both.utf8))
        #expect(try process.finish().output.isEmpty)
        let recording = try folder.recording("a.jsonl")
        #expect(recording.frames(.stdout).map(\.cuts) == [[], nil])
        #expect(recording.readEnds(.stdout) == [both.utf8.count])
    }

    @Test("one message in many reads has a cut at the end of each")
    func oneMessageInManyReads() throws {
        let folder = try TestFolder()
        let process = try RunningProcess(Command.record(folder.file("a.jsonl"), ["cat"]))
        let pieces = ["{\"jsonrpc\":", "\"2.0\",\"met", "hod\":\"ü", "\"}", "\n"]
        for piece in pieces {
            try process.write(Array(piece.utf8))
            #expect(try process.read(byteCount: piece.utf8.count) == Array(piece.utf8))
        }
        #expect(try process.finish().ending == .exit(0))
        let recording = try folder.recording("a.jsonl")
        for pipe in [Pipe.stdin, .stdout] {
            #expect(recording.frames(pipe).count == 1)
            #expect(recording.readEnds(pipe) == [11, 21, 29, 31, 32])
            let ages = recording.frames(pipe)[0].cuts?.map(\.age) ?? []
            #expect(ages == ages.sorted(by: >))
        }
    }

    @Test("a server that exits before it answers, or in the middle of a line")
    func aServerThatExitsTooEarly() throws {
        let folder = try TestFolder()
        for (name, answer) in [("none", ""), ("half", "{\"jsonrpc\":\"2.0\",\"id\":1,\"res")] {
            let script = "read line; printf '%s' \"$0\"; exit 9"
            let process = try RunningProcess(
                Command.record(folder.file("\(name).jsonl"), Command.shell(script, answer)))
            try process.send(Line.initialize(1))
            #expect(try process.readToEnd() == Array(answer.utf8))
            #expect(try process.finish().ending == .exit(9))
            let recording = try folder.recording("\(name).jsonl")
            #expect(recording.completion == .finished)
            #expect(recording.bytes(.stdout) == Array(answer.utf8))
            #expect(recording.bytes(.stdin) == Array((Line.initialize(1) + "\n").utf8))
        }
    }

    @Test("what the client had said of a line when the server exited is kept")
    func aServerThatExitsWhileTheClientSpeaks() throws {
        let folder = try TestFolder()
        let process = try RunningProcess(
            Command.record(folder.file("a.jsonl"), Command.shell("head -c 9 >&2; exit 8")))
        try process.write(Array("{\"jsonrpc".utf8))
        #expect(try process.wait() == .exit(8))
        let recording = try folder.recording("a.jsonl")
        #expect(recording.bytes(.stdin) == Array("{\"jsonrpc".utf8))
        #expect(recording.outline.suffix(2) == ["close exit 8", "finish"])
    }
}
