import Foundation
import MCPWire
import RepriseRecording
import TestSupport
import Testing

/// `reprise replay` in place of the server of a live client.
@Suite(.ownThreads) struct ReplayServerTests {
    /// A folder with the sample session in `a.jsonl`, or another recording.
    private func folder(_ events: [String] = SampleRecording.events) throws -> TestFolder {
        let folder = try TestFolder()
        try folder.write(([SampleRecording.header] + events).joined(separator: "\n") + "\n", to: "a.jsonl")
        return folder
    }

    private func line(_ direction: String, _ time: Int, _ json: String) -> String {
        #"{"t":\#(time),"c":1,"d":"\#(direction)","e":"line","json":\#(json)}"#
    }

    @Test("the same client gets the same answers, byte for byte, and exit code 0")
    func theSameClientGetsTheSameAnswers() throws {
        let folder = try folder()
        let input = Array((SampleRecording.clientLines.joined(separator: "\n") + "\n").utf8)
        let finished = try RunningProcess.run(Command.replay("a.jsonl"), input: input, in: folder)
        #expect(finished.ending == .exit(0))
        #expect(finished.text == SampleRecording.serverLines.joined(separator: "\n") + "\n")
        #expect(
            finished.said == [
                "a.jsonl: no finish line: the recorder was killed or could not write to the end",
                "replay of a.jsonl: the session matched its recording: 4 client messages",
            ])
    }

    @Test("S-171: the recording of a replay equals the recording")
    func theRecordingOfAReplayEqualsTheRecording() throws {
        let folder = try TestFolder()
        let lines = [
            Line.initialize(1), Line.request(2, "tools/list"), Line.call(3, "add", #"{"a":2,"b":3}"#),
            Line.call(4, "ask"),
            #"{"jsonrpc":"2.0","id":"ask-1","result":{"role":"assistant","content":{"type":"text","text":"Hi"}}}"#,
            Line.call(5, "greet"), Line.call(6, "missing"),
        ]
        func session(_ command: [String]) throws -> Finished {
            let process = try RunningProcess(command)
            var answers = ""
            for line in lines {
                try process.send(line)
                answers += try #require(try process.readLine()) + "\n"
            }
            var finished = try process.finish()
            finished.output = Array(answers.utf8) + finished.output
            return finished
        }
        let live = try session(Command.record(folder.file("a.jsonl"), Command.demoServer))
        let replayed = try session(
            Command.record(folder.file("b.jsonl"), Command.replay(folder.file("a.jsonl"))))
        #expect(replayed.ending == .exit(0))
        #expect(replayed.text == live.text)
        let diff = try RunningProcess.run(
            [Program.reprise, "diff", folder.file("a.jsonl"), folder.file("b.jsonl")])
        #expect(diff.text == "same: 14 messages\n")
        #expect(try folder.recording("b.jsonl").completion == .finished)
    }

    @Test("S-180: a changed argument is answered with an error that says what differs, and so does standard error")
    func aMissIsExplained() throws {
        let folder = try folder()
        let process = try RunningProcess(Command.replay("a.jsonl"), in: folder)
        try process.send(SampleRecording.clientLines[0])
        #expect(try process.readLine() == SampleRecording.serverLines[0])
        try process.send(SampleRecording.clientLines[1])
        try process.send(SampleRecording.clientLines[2].replacingOccurrences(of: #""b":3"#, with: #""b":4"#))
        let answer = Array(try #require(try process.readLine()).utf8)
        let message = Message.read(answer.span)
        #expect(message.kind == .error)
        #expect(message.id == MessageID(text: Array(#""a""#.utf8)))
        let finished = try process.finish()
        #expect(finished.ending == .exit(1))
        #expect(finished.output.isEmpty)
        let explanation = """
            no recorded message matches tools/call (id "a")
              nearest is event 5; first difference, recorded -> live:
              /params/arguments/b: 3 -> 4
            """
        let document = try JSONDocument(answer)
        let error = try #require(document.member("error", of: 0))
        let text = try #require(document.member("message", of: error))
        #expect(document.text(at: text) == "reprise: " + explanation)
        #expect(finished.error.contains("reprise: \(explanation)\n"))
        #expect(
            finished.error.hasSuffix(
                """
                reprise: replay of a.jsonl: the session differs from its recording: 2 client messages matched
                1. no recorded message matches tools/call (id "a")
                     nearest is event 5; first difference, recorded -> live:
                     /params/arguments/b: 3 -> 4
                never came from the client: event 5 tools/call, event 8 a frame that is no message
                never sent to the client: event 7 result of tools/call

                """))
    }

    @Test("S-180: one call more than recorded is a miss that says so")
    func oneCallMoreThanRecorded() throws {
        let folder = try folder()
        let process = try RunningProcess(Command.replay("a.jsonl"), in: folder)
        for (index, line) in SampleRecording.clientLines.dropLast().enumerated() {
            try process.send(line)
            if index != 1 { #expect(try process.readLine()?.contains("result") == true) }
        }
        try process.send(SampleRecording.clientLines[2].replacingOccurrences(of: #""id":"a""#, with: #""id":9"#))
        let answer = try #require(try process.readLine())
        #expect(answer.hasPrefix(#"{"jsonrpc":"2.0","id":9,"error":{"code":-32603,"message":"reprise: "#))
        let finished = try process.finish()
        #expect(finished.ending == .exit(1))
        #expect(finished.error.contains("event 5 is equal, but was used already"))
    }

    @Test("S-180: a client that leaves early gets a summary of what was never consumed")
    func aClientThatLeavesEarly() throws {
        let folder = try folder()
        for closesOutput in [false, true] {
            let process = try RunningProcess(Command.replay("a.jsonl"), in: folder)
            try process.send(SampleRecording.clientLines[0])
            #expect(try process.readLine() == SampleRecording.serverLines[0])
            if closesOutput { process.closeOutput() }
            let finished = try process.finish()
            #expect(finished.ending == .exit(1))
            #expect(finished.output.isEmpty)
            #expect(
                finished.said.last
                    == "replay of a.jsonl: the session differs from its recording: 1 client messages matched")
            #expect(
                finished.error.contains(
                    "\nnever came from the client: event 4 notifications/initialized, event 5 tools/call, event 8 "))
            #expect(finished.error.hasSuffix("\nnever sent to the client: event 7 result of tools/call\n"))
        }
    }

    @Test("a client that waits for what cannot come gets it after --stall, and is told")
    func aStall() throws {
        let folder = try folder([
            line("c2s", 1, Line.call(1, "ask")),
            line("s2c", 2, #"{"jsonrpc":"2.0","id":"q","method":"sampling/createMessage","params":{}}"#),
            line("c2s", 3, #"{"jsonrpc":"2.0","id":"q","result":{}}"#),
            line("s2c", 4, #"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#),
        ])
        let process = try RunningProcess(Command.replay("a.jsonl", "--stall", "0.2"), in: folder)
        try process.send(Line.call(1, "ask"))
        #expect(try process.readLine()?.contains("sampling/createMessage") == true)
        // The client does not answer the server's question.
        #expect(try process.readLine() == #"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#)
        let finished = try process.finish()
        #expect(finished.ending == .exit(1))
        #expect(
            finished.error.contains(
                "reprise: stalled: event 4 waits for event 3 from the client; released without it\n"))
        #expect(finished.error.contains("never came from the client: event 3 answer to \"q\""))
    }

    @Test("a signal ends the replay with its summary", arguments: [SIGTERM, SIGINT, SIGHUP, SIGQUIT])
    func aSignalEndsTheReplay(signal: Int32) throws {
        let folder = try folder()
        let process = try RunningProcess(Command.replay("a.jsonl"), in: folder)
        try process.send(SampleRecording.clientLines[0])
        #expect(try process.readLine() == SampleRecording.serverLines[0])
        kill(process.id, signal)
        #expect(try process.wait() == .exit(1))
        try process.waitForError("the session differs from its recording: 1 client messages matched")
    }

    @Test("a client that sends everything before it reads anything gets everything")
    func aClientThatReadsLate() throws {
        let count = 400
        let filler = String(repeating: "x", count: 1000)
        let folder = try folder(
            (1...count).flatMap { number in
                [
                    line("c2s", number * 2, Line.call(number, "echo", #"{"n":\#(number)}"#)),
                    line("s2c", number * 2 + 1, #"{"jsonrpc":"2.0","id":\#(number),"result":{"text":"\#(filler)"}}"#),
                ]
            })
        let process = try RunningProcess(Command.replay("a.jsonl"), in: folder)
        // 400 KB of answers do not fit into the pipe: the replay must go on reading meanwhile.
        for number in 1...count { try process.send(Line.call(number, "echo", #"{"n":\#(number)}"#)) }
        try process.waitUntilTaken()
        for number in 1...count {
            #expect(try process.readLine() == #"{"jsonrpc":"2.0","id":\#(number),"result":{"text":"\#(filler)"}}"#)
        }
        #expect(try process.finish().ending == .exit(0))
    }

    @Test("cuts come back: two messages in one read, one message in two")
    func cutsComeBack() throws {
        let folder = try TestFolder()
        let first = #"{"jsonrpc":"2.0","method":"a"}"#, second = #"{"jsonrpc":"2.0","method":"b"}"#
        try folder.write(
            [
                SampleRecording.header, line("c2s", 1, Line.call(1, "x")),
                #"{"t":2,"c":1,"d":"s2c","e":"line","cuts":[],"json":\#(first)}"#, line("s2c", 2, second),
                #"{"t":3,"c":1,"d":"s2c","e":"line","cuts":[[10,5],[31,0]],"json":\#(first)}"#,
                line("s2c", 4, #"{"jsonrpc":"2.0","id":1,"result":{}}"#),
            ].joined(separator: "\n") + "\n", to: "a.jsonl")
        let output = [first, second, first, #"{"jsonrpc":"2.0","id":1,"result":{}}"#].joined(separator: "\n") + "\n"
        guard let strace = Program.find("strace") else {
            let process = try RunningProcess(Command.replay("a.jsonl"), in: folder)
            try process.send(Line.call(1, "x"))
            let written = try process.read(byteCount: output.utf8.count)
            #expect(String(decoding: written, as: UTF8.self) == output)
            return
        }
        let process = try RunningProcess(
            [strace, "-f", "-e", "trace=write", "-o", folder.file("trace")] + Command.replay("a.jsonl"), in: folder)
        try process.send(Line.call(1, "x"))
        let written = try process.read(byteCount: output.utf8.count)
        #expect(String(decoding: written, as: UTF8.self) == output)
        #expect(try process.finish().ending == .exit(0))
        let trace = String(decoding: try folder.bytes(of: "trace"), as: UTF8.self)
        let counts = trace.matches(of: /write\(1, .* = ([0-9]+)/).map { Int($0.1) }
        #expect(counts == [62, 10, 21, 37])
    }
}
