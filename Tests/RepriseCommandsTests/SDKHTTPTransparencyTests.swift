import RepriseRecording
import RepriseReplay
import TestSupport
import Testing

/// A session of official SDK programs over HTTP is the same directly, through the recorder, and from the replay.
@Suite("SDK sessions over HTTP: transparency", .serialized, .ownThreads, .needsSDK) struct SDKHTTPTransparencyTests {
    /// Versions of the SDK on the two sides, and what the server's answers come as.
    struct Pair: CustomTestStringConvertible {
        var client: String
        var server: String
        var answers: SDKHTTPServer.Answers
        var testDescription: String { "client \(client), server \(server), \(answers.rawValue)" }

        static let all = SDKHTTPServer.Answers.allCases.flatMap { answers in
            SDK.versions.flatMap { client in
                SDK.versions.map { Pair(client: client, server: $0, answers: answers) }
            }
        }

        /// Those over Streamable HTTP.
        static let streamable = all.filter { $0.answers != .firstTransport }
    }

    /// Checks what must be the same, and that neither the recorder nor the replay found anything to complain of.
    static func expectTransparency(_ runs: SDKHTTPRuns) {
        #expect(runs.recorded.difference(from: runs.direct) == nil)
        #expect(runs.recorder.ending == .exit(0), "\(runs.recorder.error)")
        #expect(runs.replayed.difference(from: runs.direct) == nil)
        #expect(runs.replay.ending == .exit(0), "\(runs.replay.error)")
        #expect(runs.replay.error.contains("matched"), "\(runs.replay.error)")
    }

    /// Checks that what the recorder saw of calls is what the server executed, each once, and the same as directly.
    static func expectEachCallOnce(_ runs: SDKHTTPRuns, _ session: SDKSession, _ exchanges: SDKExchanges) {
        let (direct, recorded, replayed) = runs.executions
        #expect(recorded.map(\.tool).sorted() == direct.map(\.tool).sorted())
        #expect(Set(recorded).count == recorded.count, "a call was executed twice")
        // A request that was refused for want of a good token is sent once more, with the same id.
        let refused = Set(exchanges.exchanges.filter { $0.response?.status == 401 }.map(\.number))
        let log = session.log
        let calls = session.calls(.clientToServer, "tools/call").filter { call in
            log.frames[log.messages[call].frame].exchange.map { !refused.contains($0) } ?? false
        }
        let ids = calls.compactMap { log.messages[$0].message.id?.description }
        #expect(ids.sorted() == recorded.map { "\($0.request)" }.sorted())
        #expect(replayed.isEmpty, "the replay reached the server")
    }

    @Test(
        "S-009, S-171, S-172, S-173: over HTTP the client sees the same in a session of all that the protocol offers",
        arguments: Pair.streamable)
    func theTranscriptOfAFullSessionIsTheSameThreeTimes(pair: Pair) throws {
        let folder = try TestFolder()
        let server = try SDKHTTPServer.of(pair.server, pair.answers)
        // Between versions a shorter one will do.
        let script = pair.client == pair.server ? "full" : "brief"
        let runs = try SDKHTTPRuns(client: pair.client, server: server, script: script, in: folder)
        Self.expectTransparency(runs)

        let recording = try folder.recording("session.jsonl")
        #expect(recording.completion == .finished)
        let session = SDKSession(recording)
        let exchanges = SDKExchanges(recording)
        Self.expectEachCallOnce(runs, session, exchanges)
        if script == "full" { expectEverything(in: session, pair.answers) }

        #expect(exchanges.sessions == [1])
        #expect(exchanges.count("GET", 200) == 1)
        #expect(exchanges.count("DELETE", 200) == 1)
        #expect(exchanges.count("POST", 202) > 10)
        let requests = session.requests(.clientToServer).count
        #expect(exchanges.posts(answeredWith: "application/json") == (pair.answers == .json ? requests : 0))
        #expect(exchanges.posts(answeredWith: "text/event-stream") == (pair.answers == .json ? 0 : requests))
        #expect(exchanges.resumed.isEmpty)

        let inspection = try RunningProcess.run([Program.reprise, "inspect", runs.path])
        #expect(inspection.ending == .exit(0))
        #expect(inspection.text.contains("everything-client 1.0.0 <-> everything 1.0.0, MCP 2025-11-25"))
        #expect(!inspection.text.contains("WARNING"))
    }

    /// What a full session has to contain for the test above to mean something.
    private func expectEverything(in session: SDKSession, _ answers: SDKHTTPServer.Answers) {
        for list in ["tools/list", "resources/list", "prompts/list"] { #expect(session.pages(of: list) > 0) }
        // Where answers are JSON the SDK has no way for what belongs to a call.
        let progress = session.calls(.serverToClient, "notifications/progress").count
        #expect(answers == .json ? progress >= 4 : progress > 100)
        #expect(session.answered(.serverToClient, "sampling/createMessage") >= 5)
        #expect(session.errorCodes(of: .clientToServer) == ["-1"])
        #expect(session.answered(.serverToClient, "elicitation/create") == 3)
        #expect(session.answered(.serverToClient, "roots/list") == 2)
        #expect(session.answered(.serverToClient, "ping") > 0)
        #expect(session.answered(.clientToServer, "ping") > 0)
        #expect(session.answersOutOfOrder >= 2)
        #expect(session.errorCodes(of: .serverToClient).isSuperset(of: ["-32601", "-32602", "-32050", "418"]))
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
        "S-172, S-173: a client that returns to the stream of a call gets the same from the recorder and the replay",
        arguments: Pair.all.filter { $0.answers == .events })
    func theTranscriptOfResumedCallsIsTheSameThreeTimes(pair: Pair) throws {
        let folder = try TestFolder()
        let server = try SDKHTTPServer.of(pair.server, pair.answers)
        let runs = try SDKHTTPRuns(client: pair.client, server: server, script: "resume", in: folder)
        Self.expectTransparency(runs)
        #expect(runs.direct.saw("while the client is still away"))
        #expect(runs.direct.saw("back for the 2. time"))

        let recording = try folder.recording("session.jsonl")
        let exchanges = SDKExchanges(recording)
        Self.expectEachCallOnce(runs, SDKSession(recording), exchanges)
        let resumed = exchanges.resumed
        #expect(resumed.count == 3)
        #expect(resumed.allSatisfy { $0.request.method == "GET" && $0.response?.status == 200 })
        // The ids are those that the server made, and each return names another.
        #expect(Set(resumed.compactMap(\.lastEventID)).count == 3)
    }

    @Test(
        "S-172, S-173: a client that returns to the stream of no call gets the same from the recorder and the replay",
        arguments: Pair.streamable.filter { $0.client == $0.server })
    func theTranscriptOfAResumedStandaloneStreamIsTheSameThreeTimes(pair: Pair) throws {
        let folder = try TestFolder()
        let server = try SDKHTTPServer.of(pair.server, pair.answers)
        let runs = try SDKHTTPRuns(client: pair.client, server: server, script: "resume_standalone", in: folder)
        Self.expectTransparency(runs)

        let recording = try folder.recording("session.jsonl")
        let session = SDKSession(recording)
        let exchanges = SDKExchanges(recording)
        Self.expectEachCallOnce(runs, session, exchanges)
        #expect(session.calls(.serverToClient, "notifications/resources/updated").count == 3)
        #expect(exchanges.count("GET", 200) == 2)
        #expect(exchanges.resumed.map(\.lastEventID) == ["_GET_stream-2"])
    }

    @Test(
        "S-171, S-172, S-173: over the transport of 2024-11-05 the client sees the same",
        arguments: Pair.all.filter { $0.answers == .firstTransport && $0.client == $0.server })
    func theTranscriptOverTheFirstTransportIsTheSameThreeTimes(pair: Pair) throws {
        let folder = try TestFolder()
        let server = try SDKHTTPServer.of(pair.server, pair.answers)
        let runs = try SDKHTTPRuns(
            client: pair.client, server: server, script: "full", pair.answers.options, in: folder)
        Self.expectTransparency(runs)

        let recording = try folder.recording("session.jsonl")
        let session = SDKSession(recording)
        let exchanges = SDKExchanges(recording)
        Self.expectEachCallOnce(runs, session, exchanges)
        #expect(exchanges.sessions == [1])
        #expect(exchanges.count("GET", 200) == 1)
        #expect(exchanges.posts(answeredWith: "text/event-stream") == 0)
        #expect(exchanges.count("POST", 202) > session.requests(.clientToServer).count)
    }
}
