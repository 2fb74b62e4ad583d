import RepriseRecording
import RepriseReplay
import Testing
import MCPCore

/// The same recording and input give the same actions, however the input is cut.
@Suite struct ReplayDeterminismTests {
    /// Calls of three methods with progress, notifications, questions of the server and one secret, in random order.
    private static func dialogue(_ random: inout SplitMix64) -> String {
        var lines = ["c> 0 initialize {}", "s> 0 =", "c> - notifications/initialized"]
        var open: [Int] = []
        for id in 1...40 {
            let method = ["a", "b", "c"][random.below(3)]
            lines.append(
                "c> \(id) \(method) {\"n\":\(random.below(3)),\"k\":\"reprise-secret-1\",\"_meta\":{\"progressToken\":\(id)}}"
            )
            open.append(id)
            if random.below(3) == 0 {
                lines.append("s> - notifications/progress {\"progressToken\":\(id),\"progress\":1}")
            }
            if random.below(4) == 0 { lines += ["s> \(id) roots/list", "c> \(id) = {\"roots\":[\(id)]}"] }
            while !open.isEmpty, random.below(2) == 0 {
                let answered = open.remove(at: random.below(open.count))
                lines.append("s> \(answered) = {\"of\":\(answered),\"k\":\"reprise-secret-1\"}")
            }
        }
        lines += open.map { "s> \($0) = {\"of\":\($0)}" }
        return lines.joined(separator: "\n") + "\nc> <end>\ns> <end>"
    }

    @Test("S-174: the same inputs give the same actions", arguments: 0..<10 as Range<UInt64>)
    func theSameInputsGiveTheSameActions(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let recorded = Self.dialogue(&random)
        // What the client says live: the same with another secret, or with some of it missing and strange things in it.
        let client = recorded.split(separator: "\n").filter { $0.hasPrefix("c>") }
        let faithful = client.joined(separator: "\n").replacing("reprise-secret-1", with: "live")
        let unfaithful = client.filter { _ in random.below(5) > 0 }
            .flatMap { random.below(6) == 0 ? [$0, "c> 7 d {\"n\":1}", "@ 90000000"] : [$0] }.joined(separator: "\n")
        for (live, isSame) in [(faithful, true), (unfaithful, false)] {
            var transcripts: Set<String> = []
            for chunkByteCount in [Int.max, Int.max, 1, 7] {
                var playbook = try Playbook(recorded)
                playbook.play(live, chunkByteCount: chunkByteCount)
                let report = playbook.replayer.report
                #expect(report.isSame == isSame, "\(report)")
                transcripts.insert(playbook.text + "\n\(report)")
            }
            #expect(transcripts.count == 1)
        }
    }

    @Test("S-173: a replayed session is the recorded one", arguments: 0..<10 as Range<UInt64>)
    func aReplayedSessionIsTheRecordedOne(seed: UInt64) throws {
        var random = SplitMix64(seed: seed &+ 100)
        let recorded = Self.dialogue(&random)
        var playbook = try Playbook(recorded)
        playbook.play(recorded)
        let server = { (text: String) in text.split(separator: "\n").filter { $0.hasPrefix("s>") } }
        #expect(server(playbook.text) == server(Dialogue.expanded(recorded)))
        #expect(playbook.replayer.isFinished)
    }

    @Test func manyLinesInOneReadAreTakenOneAfterTheOther() throws {
        let recorded = "c> 1 a\ns> 1 =\nc> 2 b\ns> 2 =\nc> 3 a\ns> 3 = {\"second\":1}"
        var playbook = try Playbook(recorded)
        let said = ["5 a", "6 a", "7 b"].map { Dialogue.message($0) + "\n" }.joined()
        playbook.send(bytes(said))
        #expect(playbook.text == Dialogue.expanded("s> 5 =\ns> 7 =\ns> 6 = {\"second\":1}"))
        #expect(playbook.replayer.report.isSame)
    }

    @Test func emptyReadsAndReadsAfterTheEndAreNoCrash() throws {
        var playbook = try Playbook("c> 1 a\ns> 1 =\nc> <end>\ns> <end>")
        playbook.send([])
        playbook.play("c> 1 a\nc> <end>\nc> <end>")
        playbook.send(bytes("{}\n\n\u{0}\n"))
        #expect(playbook.replayer.report.matchedCount == 1)
        #expect(playbook.replayer.isFinished)
    }
}
