import RepriseReplay
import Testing

/// Messages come in their recorded order also where they come on different streams.
@Suite struct HTTPReplayOrderTests {
    @Test("S-180: an answer comes after those that were recorded before it, on whatever stream")
    func answersKeepTheirOrderAcrossStreams() throws {
        var playbook = try HTTPPlaybook(
            """
            1 > POST 1 wait
            1 < 200 sse
            2 > POST 2 meanwhile
            2 < 200 json
            2 < 2 = {}
            2 < end
            1 < 1 = {"waited":true}
            1 < end
            """)
        playbook.play("1 > POST 1 wait")
        #expect(playbook.text.split(separator: "\n").last == "1 < 200 sse")
        playbook.play("2 > POST 2 meanwhile")
        let expected = "2 < 200 json\n2 < 2 = {}\n2 < end\n1 < 1 = {\"waited\":true}\n1 < end"
        #expect(playbook.text.hasSuffix(HTTPDialogue.expanded(expected)), "\(playbook.text)")
        #expect(playbook.replayer.report.isSame)
    }

    @Test("S-180: a stream that its client left holds nothing back")
    func aStreamThatWasLeftHoldsNothingBack() throws {
        var playbook = try HTTPPlaybook(
            """
            1 > GET
            1 < 200 sse
            1 < id=1 - notifications/message {"n":1}
            2 > POST 2 a
            2 < 200 json
            1 < id=2 - notifications/message {"n":2}
            2 < 2 = {}
            2 < end
            """)
        playbook.play("1 > GET\n1 > gone\n2 > POST 2 a")
        #expect(playbook.text.contains("2 < end"))
    }

    @Test("S-180: a call that never comes holds back what was answered after it until the session stalls")
    func aCallThatNeverComesIsGivenUp() throws {
        var playbook = try HTTPPlaybook(
            """
            1 > POST 1 never
            1 < 200 sse
            2 > POST 2 a
            2 < 200 json
            1 < 1 =
            2 < 2 =
            2 < end
            3 > POST 3 a
            3 < 200 json
            3 < 3 =
            3 < end
            """)
        playbook.play("2 > POST 2 a")
        #expect(!playbook.text.contains("2 < end"))
        playbook.play("@ 5000000")
        #expect(playbook.text.contains("2 < end"))
        // What was given up once is not waited for again.
        playbook.play("3 > POST 3 a")
        #expect(playbook.text.contains("3 < end"))
        #expect(playbook.replayer.report.mismatches.count == 1)
    }
}
