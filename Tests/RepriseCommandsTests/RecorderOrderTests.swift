import MCPWire
import RepriseRecording
import RepriseReplay
import TestSupport
import Testing

/// The order of events is the order of causes.
@Suite(.ownThreads) struct RecorderOrderTests {
    @Test("S-173: no answer stands before its request in 10,000 pipelined calls")
    func noAnswerStandsBeforeItsRequest() throws {
        let folder = try TestFolder()
        let count = 10_000
        let process = try RunningProcess(Command.record(folder.file("a.jsonl"), redact: "none", ["cat"]), deadline: 60)
        // More than the pipes hold: calls of a chunk are answered while the rest of it waits to be forwarded.
        let calls = (1...count).map { Line.call($0, "echo", #"{"text":"pipelined"}"#) }
        process.writeInBackground(calls.flatMap { Array(($0 + "\n").utf8) })
        let finished = try process.finish()
        #expect(finished.output.count { $0 == 0x0A } == count)
        let recording = try folder.recording("a.jsonl")
        var asked = 0, answered = 0, tooEarly = 0, others = 0, last: Int64 = 0, backwards = 0
        for event in recording.events {
            if event.time < last { backwards += 1 }
            last = event.time
            guard case .line(let frame) = event.kind, case .bytes(let bytes) = frame.payload else { continue }
            if event.direction == .clientToServer {
                if asked >= count || bytes != Array(calls[asked].utf8) { others += 1 }
                asked += 1
            } else {
                if answered >= count || bytes != Array(calls[answered].utf8) { others += 1 }
                answered += 1
                if answered > asked { tooEarly += 1 }
            }
        }
        #expect(others == 0)
        #expect(asked == count)
        #expect(answered == count)
        #expect(tooEarly == 0)
        #expect(backwards == 0)
    }

    @Test("S-173: every event has a time, a connection and a direction where there is one")
    func everyEventHasItsTimeConnectionAndDirection() throws {
        let folder = try TestFolder()
        let finished = try RunningProcess.run(
            Command.record(folder.file("a.jsonl"), Command.shell("read line; echo \"$line\"; echo x >&2; exit 3")),
            input: Array("{}\n".utf8))
        #expect(finished.ending == .exit(3))
        let recording = try folder.recording("a.jsonl")
        #expect(
            recording.outline.sorted()
                == [
                    "close exit 3", "end stderr", "end stdin", "end stdout", "finish", "line c2s", "line s2c", "open",
                    "stderr",
                ].sorted())
        for event in recording.events {
            if case .finish = event.kind { continue }
            #expect(event.connection == 1)
            let hasDirection = event.direction != nil
            switch event.kind {
            case .line, .stderr, .end: #expect(hasDirection)
            default: #expect(!hasDirection)
            }
        }
    }
}
