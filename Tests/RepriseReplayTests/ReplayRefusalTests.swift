import RepriseRecording
import RepriseReplay
import Testing

/// Recordings that can be read but not replayed on stdio.
@Suite struct ReplayRefusalTests {
    @Test(arguments: ["http", "ws", "sdk", ""])
    func aRecordingOfAnotherTransportIsRefused(transport: String) {
        let recording = Dialogue.recording("c> 1 a\ns> 1 =", transport: transport)
        #expect(throws: ReplayError.transport(transport)) { try StdioReplayer(recording) }
    }

    @Test func anUnknownKindIsRefusedByItsEvent() {
        var recording = Dialogue.recording("c> 1 a\ns> 1 =")
        recording.events.insert(Event(time: 1, kind: .unknown("sse")), at: 2)
        let error = ReplayError.unknownKind(event: 3, kind: "sse")
        #expect(throws: error) { try StdioReplayer(recording) }
        #expect(error.description.contains("event 3") && error.description.contains("\"sse\""))
    }

    @Test(arguments: ["", "e> only standard error", "c> <end>\ns> <end>"])
    func aRecordingWithoutMessagesIsRefused(dialogue: String) {
        #expect(throws: ReplayError.nothingToReplay) { try StdioReplayer(Dialogue.recording(dialogue)) }
    }

    @Test func notesAndStandardErrorAreNoObstacle() throws {
        var recording = Dialogue.recording("e> starting\nc> 1 a\ne> working\ns> 1 =", exit: 0)
        recording.events.append(Event(time: 9, kind: .note("the client closed first")))
        recording.events.append(Event(time: 9, kind: .finish(eventCount: 1, sha256: "")))
        var playbook = try Playbook(recording)
        playbook.expect("c> 1 a\ns> 1 =")
    }
}
