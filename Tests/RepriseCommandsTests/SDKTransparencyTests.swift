import RepriseRecording
import TestSupport
import Testing

/// A session of official SDK programs is the same directly, through the recorder, and from the replay.
@Suite("SDK sessions: transparency", .serialized, .ownThreads, .needsSDK) struct SDKTransparencyTests {
    /// Versions of the SDK on the two sides.
    struct Pair: CustomTestStringConvertible {
        var client: String
        var server: String
        var testDescription: String { "client \(client), server \(server)" }

        static let all = SDK.versions.flatMap { client in SDK.versions.map { Pair(client: client, server: $0) } }
    }

    /// Checks what must be the same, and that the replay found nothing to complain of.
    private func expectTransparency(_ runs: SDKThreeRuns) {
        #expect(runs.recorded.difference(from: runs.direct) == nil)
        #expect(runs.replayed.difference(from: runs.direct) == nil)
        #expect(runs.replayed.serverCode == 0)
        #expect(runs.replayed.error.contains("the session matched its recording"), "\(runs.replayed.error)")
    }

    @Test(
        "S-171, S-172: the client sees the same, byte for byte, in a session of all that the protocol offers",
        arguments: Pair.all)
    func theTranscriptOfAFullSessionIsTheSameThreeTimes(pair: Pair) throws {
        let folder = try TestFolder()
        let runs = try SDKThreeRuns(client: pair.client, server: pair.server, script: "full", in: folder)
        expectTransparency(runs)

        let recording = try folder.recording("session.jsonl")
        #expect(recording.completion == .finished)
        expectEverything(in: SDKSession(recording))
        #expect(recording.events.contains { if case .stderr = $0.kind { true } else { false } })

        let inspection = try RunningProcess.run([Program.reprise, "inspect", runs.path])
        #expect(inspection.ending == .exit(0))
        #expect(inspection.text.contains("everything-client 1.0.0 <-> everything 1.0.0, MCP 2025-11-25"))
        #expect(!inspection.text.contains("WARNING"))
    }

    /// What a full session has to contain for the test above to mean something.
    private func expectEverything(in session: SDKSession) {
        for list in ["tools/list", "resources/list", "prompts/list"] { #expect(session.pages(of: list) > 0) }
        #expect(session.calls(.serverToClient, "notifications/progress").count > 100)
        #expect(session.answered(.serverToClient, "sampling/createMessage") >= 5)
        #expect(session.errorCodes(of: .clientToServer) == ["-1"])
        #expect(session.answered(.serverToClient, "elicitation/create") == 3)
        #expect(session.answered(.serverToClient, "roots/list") == 2)
        #expect(session.calls(.clientToServer, "notifications/roots/list_changed").count == 1)
        #expect(session.answered(.serverToClient, "ping") > 0)
        #expect(session.answered(.clientToServer, "ping") > 0)
        #expect(session.answered(.clientToServer, "logging/setLevel") == 2)
        #expect(session.calls(.serverToClient, "notifications/message").count > 10)
        #expect(session.answersOutOfOrder >= 2)
        // Method not found, invalid params, and codes that tools choose.
        #expect(session.errorCodes(of: .serverToClient).isSuperset(of: ["-32601", "-32602", "-32050", "418"]))
        #expect(session.failedToolCalls > 0)
        for text in ["🦊", "👩‍👩‍👧‍👦", "שלום", "\u{2028}", "\u{1}", "\u{FFFF}", "𝔘"] {
            #expect(session.bothSidesSent(text), "\(text.debugDescription)")
        }
        #expect(session.largestResult > 1 << 20)
        #expect(!session.calls(.clientToServer, "notifications/cancelled").isEmpty)
        for list in ["tools", "prompts", "resources"] {
            #expect(session.calls(.serverToClient, "notifications/\(list)/list_changed").count == 1)
        }
        #expect(session.calls(.serverToClient, "notifications/resources/updated").count == 1)
        #expect(session.placeholderCount > 20)
    }

    @Test(
        "S-171, S-172: the client sees the same when the server dies in the middle of a call", arguments: SDK.versions)
    func theTranscriptOfACrashIsTheSameThreeTimes(version: String) throws {
        let folder = try TestFolder()
        let runs = try SDKThreeRuns(client: version, server: version, script: "crash", in: folder)
        expectTransparency(runs)
        #expect(runs.direct.serverCode == 3)
        #expect(runs.recorded.serverCode == 3)
        #expect(runs.direct.saw("about to crash"))

        let recording = try folder.recording("session.jsonl")
        #expect(recording.completion == .finished)
        #expect(recording.events.contains { $0.kind == .close(.exit(code: 3)) })
        let session = SDKSession(recording)
        #expect(session.calls(.clientToServer, "tools/call").count == 2)
        #expect(session.answered(.clientToServer, "tools/call") == 1)
    }
}
