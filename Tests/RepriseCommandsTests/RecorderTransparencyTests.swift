import Foundation
import RepriseRecording
import TestSupport
import Testing
import MCPCore

/// With the recorder in or out, both sides see the same.
@Suite(.ownThreads) struct RecorderTransparencyTests {
    @Test(
        "S-172: the bytes forwarded are the bytes read, and a recording without redaction gives every one of them back",
        arguments: [1, 2, 3, 4] as [UInt64])
    func randomBytesInRandomChunksPassUnchanged(seed: UInt64) throws {
        let folder = try TestFolder()
        var generator = SplitMix64(seed: seed)
        let process = try RunningProcess(Command.record(folder.file("a.jsonl"), redact: "none", ["cat"]))
        var sent: [UInt8] = []
        var ends: [Int] = []
        for _ in 0..<150 {
            var chunk = generator.bytes(Int.random(in: 1...4096, using: &generator))
            // Random bytes hold a line feed in 256; some chunks get more, and some JSON.
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                chunk[Int.random(in: 0..<chunk.count, using: &generator)] = 0x0A
            }
            if Bool.random(using: &generator) { chunk.replaceSubrange(0..<1, with: Array("\n{\"a\": 1 }\r\n[".utf8)) }
            chunk = Array(chunk.prefix(4096))
            try process.write(chunk)
            // The answer is back, so the next chunk is a read of its own on both pipes.
            let returned = try process.read(byteCount: chunk.count)
            #expect(returned.difference(from: chunk) == nil)
            sent += chunk
            ends.append(sent.count)
        }
        let finished = try process.finish()
        #expect(finished.ending == .exit(0))
        #expect(finished.output.isEmpty)
        let recording = try folder.recording("a.jsonl")
        #expect(recording.completion == .finished)
        for pipe in [Pipe.stdin, .stdout] {
            #expect(recording.bytes(pipe).difference(from: sent) == nil)
            // What stood at the end without a line feed ends with no read of its own.
            #expect(recording.readEnds(pipe) == ends)
        }
    }

    @Test("S-172: a quarter of a megabyte each way at once, as fast as it goes, comes through whole")
    func streamsAtFullSpeedPassUnchanged() throws {
        let folder = try TestFolder()
        var generator = SplitMix64(seed: 5)
        let sent = generator.bytes(1 << 18)
        let finished = try RunningProcess.run(
            Command.record(folder.file("a.jsonl"), redact: "none", ["cat"]), input: sent)
        #expect(finished.ending == .exit(0))
        #expect(finished.output.difference(from: sent) == nil)
        let recording = try folder.recording("a.jsonl")
        #expect(recording.bytes(.stdin).difference(from: sent) == nil)
        #expect(recording.bytes(.stdout).difference(from: sent) == nil)
        #expect(recording.readEnds(.stdout).last == sent.count)
    }

    @Test("pipes that the client made non-blocking are waited for like any other")
    func nonblockingPipesAreWaitedFor() throws {
        let folder = try TestFolder()
        var generator = SplitMix64(seed: 6)
        let sent = generator.bytes(1 << 18)
        let process = try RunningProcess(
            Command.record(folder.file("a.jsonl"), redact: "none", ["cat"]), isNonblocking: true)
        // The recorder finds nothing to read at first, and later nobody who reads.
        try process.waitForError("recording to")
        process.writeInBackground(sent)
        try process.waitForFullOutput()
        let finished = try process.finish()
        #expect(finished.ending == .exit(0))
        #expect(finished.output.difference(from: sent) == nil)
        let recording = try folder.recording("a.jsonl")
        #expect(recording.bytes(.stdout).difference(from: sent) == nil)
    }

    @Test("S-005, S-171: one message a line over pipes, to the server and back, and all of it recorded")
    func aSessionIsTheSameDirectlyAndThroughTheRecorder() throws {
        let folder = try TestFolder()
        let lines = [Line.initialize(1), Line.initialized, Line.request(2, "tools/list"), Line.call(3, "greet")]
        let input = Array((lines.joined(separator: "\n") + "\n").utf8)
        let direct = try RunningProcess.run(Command.demoServer, input: input)
        let recorded = try RunningProcess.run(
            Command.record(folder.file("a.jsonl"), Command.demoServer), input: input)
        #expect(recorded.output.difference(from: direct.output) == nil)
        #expect(recorded.ending == direct.ending)
        #expect(recorded.said == ["recording to \(folder.file("a.jsonl"))"])
        let recording = try folder.recording("a.jsonl")
        #expect(recording.bytes(.stdin) == input)
        #expect(recording.bytes(.stdout).difference(from: direct.output) == nil)
        #expect(recording.header.transport == "stdio")
        #expect(recording.header.target == .command(Command.demoServer))
        #expect(recording.outline.first == "open")
        #expect(recording.outline.suffix(2) == ["close exit 0", "finish"])
    }

    @Test("S-006: environment, arguments and working folder reach the server as the recorder got them")
    func environmentPassesThrough() throws {
        let folder = try TestFolder()
        let changes: [String: String?] = ["NODE_OPTIONS": "--max-old-space-size=4096", "EMPTY": "", "HOME": nil]
        let script = Command.shell("env | sort; pwd; printf '<%s>' \"$@\"", "sh", "a b", "", "--out", "ü")
        let direct = try RunningProcess.run(script, environment: changes, in: folder)
        let recorded = try RunningProcess.run(
            Command.record(folder.file("a.jsonl"), script), environment: changes, in: folder)
        #expect(direct.text.contains("\nNODE_OPTIONS=--max-old-space-size=4096\n"))
        #expect(direct.text.hasSuffix("\(folder.path)\n<a b><><--out><ü>"))
        #expect(Self.withoutShellVariables(recorded.text) == Self.withoutShellVariables(direct.text))
    }

    /// Without what a shell sets for itself.
    private static func withoutShellVariables(_ text: String) -> [Substring] {
        text.split(separator: "\n").filter { !$0.hasPrefix("_=") && !$0.hasPrefix("SHLVL=") }
    }

    @Test(
        "the server gets the signal mask and dispositions that the recorder was started with",
        .enabled(if: access("/proc/self/status", R_OK) == 0, "there is no /proc to look them up"),
        arguments: ["", "trap '' PIPE;", "trap '' HUP TERM;"])
    func signalStateIsInherited(setting: String) throws {
        let folder = try TestFolder()
        let status = ["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"]
        let script = Command.shell("\(setting) exec \"$@\"", "sh")
        let direct = try RunningProcess.run(script + status)
        let recorded = try RunningProcess.run(script + Command.record(folder.file("a.jsonl"), status))
        #expect(direct.text.contains("SigIgn:"))
        #expect(recorded.output.difference(from: direct.output) == nil)
    }

    @Test("standard error passes unchanged and is recorded")
    func standardErrorPassesUnchanged() throws {
        let folder = try TestFolder()
        let script = #"printf 'one\ntwo\r\n\377\376\n\nlast' >&2"#
        let recorded = try RunningProcess.run(
            Command.record(folder.file("a.jsonl"), redact: "none", Command.shell(script)))
        let said = "reprise: recording to \(folder.file("a.jsonl"))\n"
        #expect(recorded.output.isEmpty)
        #expect(recorded.error == said + "one\ntwo\r\n\u{FFFD}\u{FFFD}\n\nlast")
        let recording = try folder.recording("a.jsonl")
        #expect(recording.bytes(.stderr) == Array("one\ntwo\r\n".utf8) + [0xFF, 0xFE] + Array("\n\nlast".utf8))
        #expect(recording.frames(.stderr).count == 5)
    }
}
