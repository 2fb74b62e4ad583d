import MCPWire
import TestSupport
import Testing

/// `reprise diff`, as text and as JSON.
@Suite(.ownThreads) struct DiffTests {
    private func diff(_ first: String, _ second: String, _ options: String...) throws -> Finished {
        let folder = try TestFolder()
        try folder.write(first, to: "a.jsonl")
        try folder.write(second, to: "b.jsonl")
        return try RunningProcess.run([Program.reprise, "diff", "a.jsonl", "b.jsonl"] + options, in: folder)
    }

    private static let changed = SampleRecording.text.replacingOccurrences(of: #""text":"5""#, with: #""text":"6""#)

    @Test("equal recordings: exit code 0; times and request ids do not count")
    func equalRecordings() throws {
        let other = SampleRecording.text.replacingOccurrences(of: #""id":"a""#, with: #""id":77"#)
            .replacingOccurrences(of: #"{"t":5000,"#, with: #"{"t":5001,"#)
        for second in [SampleRecording.text, other] {
            let finished = try diff(SampleRecording.text, second)
            #expect(finished.ending == .exit(0))
            #expect(finished.text == "same: 6 messages\n")
            #expect(finished.error.isEmpty)
        }
    }

    @Test("a changed answer: exit code 1, the events and the place")
    func aChangedAnswer() throws {
        let finished = try diff(SampleRecording.text, Self.changed)
        #expect(finished.ending == .exit(1))
        #expect(finished.error.isEmpty)
        #expect(
            finished.text == """
                ~ event 7 / 7: result of tools/call "add"
                    /result/content/0/text: "5" -> "6"
                1 difference, 6 messages in both

                """)
    }

    @Test("a message that is missing or more, and another end of the server")
    func missingMessagesAndEnds() throws {
        let without =
            ([SampleRecording.header] + SampleRecording.events.filter { !$0.contains("notifications/") })
            .joined(separator: "\n").replacingOccurrences(of: #""close","code":0"#, with: #""close","signal":9"#) + "\n"
        let removed = try diff(SampleRecording.text, without)
        #expect(removed.ending == .exit(1))
        #expect(
            removed.text == """
                - event 4: notifications/initialized
                ~ end of the server: exit code 0 -> signal 9
                2 differences, 5 messages in both

                """)
        let added = try diff(without, SampleRecording.text)
        #expect(added.text.hasPrefix("+ event 4: notifications/initialized\n"))
        #expect(added.text.contains("~ end of the server: signal 9 -> exit code 0\n"))
    }

    @Test("as JSON: one valid document that begins with its schema")
    func aDiffAsJSON() throws {
        let same = try diff(SampleRecording.text, SampleRecording.text, "--format", "json")
        #expect(same.ending == .exit(0))
        #expect(
            same.text
                == #"{"schema":1,"first":"a.jsonl","second":"b.jsonl","same":true,"paired":6,"differences":[]}"# + "\n")
        let finished = try diff(SampleRecording.text, Self.changed, "--format", "json")
        #expect(finished.ending == .exit(1))
        #expect(
            finished.text
                == #"{"schema":1,"first":"a.jsonl","second":"b.jsonl","same":false,"paired":6,"differences":[{"kind":"#
                + #""changed","first":7,"second":7,"what":"result of tools/call \"add\"","places":[{"pointer":"#
                + #""/result/content/0/text","from":"\"5\"","to":"\"6\""}]}]}"# + "\n")
        _ = try JSONScanner.summary(of: finished.output.span)
    }
}
