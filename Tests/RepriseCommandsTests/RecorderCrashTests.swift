import Foundation
import RepriseRecording
import TestSupport
import Testing

/// What is left when the recorder is killed.
@Suite(.ownThreads) struct RecorderCrashTests {
    /// What the client says in a session with the demo server, which answers each line with one line.
    private static let session =
        [Line.initialize(1), Line.request(2, "tools/list")]
        + (3...8).map { Line.call($0, "add", #"{"a":\#($0),"b":3}"#) } + [
            Line.call(9, "ask"),
            #"{"jsonrpc":"2.0","id":"ask-1","result":{"role":"assistant","content":{"type":"text","text":"Hi"}}}"#,
            Line.call(10, "fail"), Line.call(11, "missing"), Line.call(12, "greet"),
        ]

    @Test(
        "S-007: killed after each event of a session in turn, the file holds all but the event in flight, and reads",
        arguments: 0...2 * session.count)
    func aKillCostsNoMoreThanTheEventInFlight(eventCount: Int) throws {
        let folder = try TestFolder()
        let process = try RunningProcess(Command.record(folder.file("a.jsonl"), Command.demoServer))
        try process.deadline.wait("the first event") { try folder.bytes(of: "a.jsonl").count { $0 == 0x0A } == 2 }
        var passed: [Pipe: [[UInt8]]] = [.stdin: [], .stdout: []]
        for event in 0..<eventCount {
            let line = Self.session[event / 2]
            if event.isMultiple(of: 2) {
                try process.send(line)
                passed[.stdin]?.append(Array((line + "\n").utf8))
            } else {
                let answer = try #require(try process.readLine())
                passed[.stdout]?.append(Array((answer + "\n").utf8))
            }
        }
        kill(process.id, SIGKILL)
        #expect(try process.wait() == .signal(SIGKILL))
        // The server has seen the end of its input: neither it nor anything else is left.
        try process.waitUntilAllAreGone()

        let recording = try folder.recording("a.jsonl")
        #expect(recording.completion == .unfinished)
        // Each answer shows that its line has passed; an unanswered one may stand in the recorder's input, unread.
        passed[.stdin]?.removeLast(eventCount % 2)
        for (pipe, lines) in passed {
            let kept = recording.frames(pipe).compactMap(\.wireBytes)
            // One event of each direction may have been in flight; and there may be more than we know of.
            let isEnough = kept.starts(with: lines.dropLast())
            #expect(isEnough, "\(pipe): \(kept.count) of \(lines.count) lines")
        }
    }

    @Test("S-007: a server that ignores the end of its input is told by SIGTERM, which the recorder passes on")
    func aStubbornServerCanBeEnded() throws {
        let folder = try TestFolder()
        let process = try RunningProcess(
            Command.record(folder.file("a.jsonl"), Command.shell("echo ready; exec sleep 600")))
        #expect(try process.readLine() == "ready")
        process.closeInput()
        kill(process.id, SIGTERM)
        #expect(try process.wait() == .signal(SIGTERM))
        try process.waitUntilAllAreGone()
        #expect(try folder.recording("a.jsonl").outline.contains("close signal 15"))
    }

    @Test("S-007: a client that closes its end ends the session", arguments: [true, false])
    func aClientThatGoesAwayEndsTheSession(closesOutputToo: Bool) throws {
        let folder = try TestFolder()
        let process = try RunningProcess(Command.record(folder.file("a.jsonl"), Command.demoServer))
        try process.send(Line.initialize(1))
        #expect(try process.readLine()?.hasPrefix("{") == true)
        process.closeInput()
        if closesOutputToo { process.closeOutput() }
        #expect(try process.wait() == .exit(0))
        try process.waitUntilAllAreGone()
        let recording = try folder.recording("a.jsonl")
        #expect(recording.completion == .finished)
        #expect(recording.outline.contains("end stdin"))
    }

    @Test("a client that stops listening breaks the server's pipe, as it would directly")
    func aClientThatStopsListeningBreaksThePipe() throws {
        let folder = try TestFolder()
        let process = try RunningProcess(Command.record(folder.file("a.jsonl"), ["yes"]))
        #expect(try process.readLine() == "y")
        process.closeOutput()
        #expect(try process.wait() == .signal(SIGPIPE))
        let recording = try folder.recording("a.jsonl")
        #expect(recording.completion == .finished)
        #expect(recording.notes.first?.hasPrefix("the reader of stdout has gone") == true)
    }
}
