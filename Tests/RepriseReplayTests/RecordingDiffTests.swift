import RepriseRecording
import Testing

@testable import RepriseReplay

/// What differs between two recorded sessions.
@Suite struct RecordingDiffTests {
    private static let session = """
        c> 0 initialize {"protocolVersion":"2025-06-18","clientInfo":{"name":"a"}}
        s> 0 = {"protocolVersion":"2025-06-18"}
        c> - notifications/initialized
        c> 1 tools/list {"_meta":{"progressToken":"p"}}
        s> - notifications/progress {"progressToken":"p","progress":1}
        s> 1 = {"tools":[{"name":"add","v":1},{"name":"ask","v":1},{"name":"sub","v":1}]}
        c> 2 tools/call {"name":"add"}
        s> 9 roots/list
        c> 9 = {"roots":[]}
        s> 2 = {"content":[{"type":"text","text":"5"}]}
        c> <end>
        s> <end>
        """

    /// What differs between the session and the one that these replacements make of it, a line each.
    private func differences(_ replacements: (String, String)..., exits: (Int32?, Int32?) = (0, 0)) -> [String] {
        var other = Self.session
        for (old, new) in replacements {
            #expect(other.contains(old))
            other = other.replacing(old, with: new)
        }
        return differences(Self.session, other, exits: exits)
    }

    private func differences(_ first: String, _ second: String, exits: (Int32?, Int32?) = (nil, nil)) -> [String] {
        let recordings = (Dialogue.recording(first, exit: exits.0), Dialogue.recording(second, exit: exits.1))
        return RecordingDiff(recordings.0, recordings.1).entries.flatMap { entry -> [String] in
            switch entry {
            case .removed(let event, let what): ["\(what) at \(event) removed"]
            case .added(let event, let what): ["\(what) at \(event) added"]
            case .moved(let first, let second, let what): ["\(what) moved from \(first) to \(second)"]
            case .changed(_, _, let what, let differences): differences.map { "\(what) \($0)" }
            case .ended(let first, let second): ["ended: \(first), \(second)"]
            case .answered(_, _, let what, let from, let to): ["\(what): \(from), \(to)"]
            }
        }
    }

    @Test func aRecordingIsTheSameAsItself() {
        #expect(differences() == [])
        let recording = Dialogue.recording(Self.session)
        #expect(RecordingDiff(recording, recording).pairedCount == 10)
    }

    @Test func idsTokensTimesAndWhoAskedDoNotCount() {
        #expect(
            differences(
                ("2 tools/call", "\"x\" tools/call"), ("2 = ", "\"x\" = "), ("\"p\"", "17"),
                ("\"name\":\"a\"", "\"name\":\"b\""),
                ("9 roots", "\"r\" roots"), ("9 = ", "\"r\" = "), ("c> 1 ", "@ 900000\nc> 1 ")) == [])
        #expect(
            differences(
                "c> 1 a\nc> - notifications/cancelled {\"requestId\":1}",
                "c> 5 a\nc> - notifications/cancelled {\"requestId\":5}")
                == [])
    }

    @Test func aChangedAnswerIsNamedByItsPlace() {
        #expect(
            differences(("\"text\":\"5\"", "\"text\":\"6\"")) == [
                #"result of tools/call "add" /result/content/0/text: "5" -> "6""#
            ])
        #expect(differences(("\"roots\":[]", "\"roots\":[1]")) == ["result of roots/list /result/roots/0: added 1"])
    }

    @Test func aChangedCallIsOneChangeAndItsAnswerStaysBound() {
        #expect(
            differences(("\"name\":\"add\"}\ns> 9", "\"name\":\"sub\"}\ns> 9"), ("\"text\":\"5\"", "\"text\":\"1\""))
                == [
                    #"tools/call "add" /params/name: "add" -> "sub""#,
                    #"result of tools/call "add" /result/content/0/text: "5" -> "1""#,
                ])
    }

    @Test func aMissingToolIsOneDifference() {
        let tool = #"{"name":"ask","v":1}"#
        #expect(differences((tool + ",", "")) == ["result of tools/list /result/tools/1: removed \(tool)"])
        #expect(
            differences((tool + ",", ""), (#""name":"sub","v":1"#, #""name":"sub","v":2"#)) == [
                "result of tools/list /result/tools/1: removed \(tool)",
                "result of tools/list /result/tools/1/v: 1 -> 2",
            ])
    }

    @Test func anErrorThatBecameAResultIsBoth() {
        #expect(
            differences("c> 1 a\ns> 1 ! {\"code\":-1,\"message\":\"m\"}", "c> 1 a\ns> 1 = {\"ok\":true}") == [
                #"error of a /result: added {"ok":true}"#, #"error of a /error: removed {"code":-1,"message":"m"}"#,
            ])
    }

    @Test func messagesOfOneSideAloneAreRemovedOrAdded() {
        let progress = "s> - notifications/progress {\"progressToken\":\"p\",\"progress\":1}\n"
        #expect(differences((progress, "")) == ["notifications/progress at 6 removed"])
        #expect(
            differences((progress, progress + progress.replacing("\"progress\":1", with: "\"progress\":2"))) == [
                "notifications/progress at 7 added"
            ])
        #expect(differences(("c> - notifications/initialized\n", "")) == ["notifications/initialized at 4 removed"])
        #expect(differences("c> 1 a\ns> 1 =", "c> 1 a") == ["result of a at 3 removed"])
        #expect(differences("c> 1 a", "c> 1 a\ns> 1 =") == ["result of a at 3 added"])
        #expect(
            differences("c> 1 a\ns> 1 =", "s> 1 =") == [
                "a at 2 removed", "result of a at 3 removed", "result for no request at 2 added",
            ])
    }

    @Test func aMessageAtAnotherPlaceHasMoved() {
        let dialogue = "c> - a\nc> - b\nc> - c\nc> - d"
        #expect(differences(dialogue, "c> - b\nc> - c\nc> - d\nc> - a") == ["a moved from 2 to 5"])
        #expect(differences(dialogue, "c> - a\nc> - d\nc> - b\nc> - c") == ["d moved from 5 to 3"])
        // Answers in another order than their requests.
        let answers = differences("c> 1 a\nc> 2 b\ns> 1 =\ns> 2 =", "c> 1 a\nc> 2 b\ns> 2 =\ns> 1 =")
        #expect(answers == ["result of a moved from 4 to 5"])
    }

    @Test func ofAReversedOrderAllButOneHaveMoved() {
        let names = ["a", "b", "c", "d", "e"]
        for count in 2...5 {
            let lines = names.prefix(count).map { "c> - " + $0 }
            let found = differences(lines.joined(separator: "\n"), lines.reversed().joined(separator: "\n"))
            #expect(found.count == count - 1)
            #expect(found.allSatisfy { $0.contains("moved") })
        }
    }

    @Test func framesThatAreNoMessagesAreComparedByTheirBytes() {
        #expect(differences("s> hello\nc> 1 a", "s> hello\nc> 1 a") == [])
        #expect(
            differences("s> hello", "s> hallo") == [
                #"malformed: not JSON: unexpected 'h' at byte 0 (whole value): "hello\n" -> "hallo\n""#
            ])
        #expect(differences("s> hello", "s> {}").count == 2)
    }

    @Test func anotherEndIsNamed() {
        #expect(differences(exits: (0, 1)) == ["ended: exit code 0, exit code 1"])
        #expect(differences(exits: (3, nil)) == ["ended: exit code 3, not recorded"])
        var killed = Dialogue.recording(Self.session)
        killed.events.append(Event(time: 1, connection: 1, kind: .close(.signal(9))))
        let diff = RecordingDiff(Dialogue.recording(Self.session, exit: 0), killed)
        #expect(diff.entries == [.ended(first: "exit code 0", second: "signal 9")])
    }

    @Test func recordingsOfFiveThousandMessagesThatShareNothingAreCompared() {
        let count = 5000
        func dialogue(_ name: String, answer: String) -> String {
            (0..<count / 2).map { "c> \($0) \(name)\($0)\ns> \($0) = {\"\(answer)\":\($0)}" }.joined(separator: "\n")
        }
        let first = Dialogue.recording(dialogue("a", answer: "x"))
        let other = RecordingDiff(first, Dialogue.recording(dialogue("b", answer: "x")))
        #expect(other.entries.count == 2 * count)
        #expect(other.pairedCount == 0)
        let changed = RecordingDiff(first, Dialogue.recording(dialogue("a", answer: "y")))
        #expect(changed.entries.count == count / 2)
        #expect(changed.pairedCount == count)
        let params = (0..<count).map { "c> - m {\"n\":\($0)}" }
        let shuffled = RecordingDiff(
            Dialogue.recording(params.joined(separator: "\n")),
            Dialogue.recording(params.reversed().joined(separator: "\n")))
        #expect(shuffled.pairedCount == count)
    }
}
