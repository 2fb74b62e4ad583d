import Foundation
import MCPCore
import MCPTransports
import MCPWire
import TestSupport
import Testing

/// Whole sessions with servers of the official SDK: directly, through the recorder, and with its recording in their place.
@Suite(.needsSDK, .liveThreads) struct SDKSessionTests {
    /// Checks that a session was seen, and that nothing was left out of it.
    private func check(_ log: SessionLog) {
        #expect(log.lines("states") == ["pending", "connected"])
        #expect(log.lines("progress of progress").count == 5)
        #expect(log.lines("sampling/createMessage").count == 2)
        #expect(log.lines("elicitation/create").count == 2)
        #expect(log.lines("roots/list").count == 1)
        #expect(log.lines("notifications/message").count == 4)
        #expect(log.lines("slow").map { $0.contains("1 is released") } == [true])
        #expect(log.lines("cancelled") == [#"cancel_me: cancelled(server: "server")"#])
        #expect(log.lines("calls").count == 25)
        #expect(log.lines("calls").contains { $0.hasPrefix("await_cancelled: ") && $0.contains("2 was cancelled") })
        #expect(log.lines("calls").contains { $0.hasPrefix("added: ") && $0.contains("the added tool answers") })
        #expect(log.lines("tools").last?.hasSuffix(" added") == true)
    }

    @Test(
        "S-002: a session over stdio is seen as it is through the recorder, from the replay, and over HTTP",
        arguments: SDK.versions)
    func aSessionIsSeenTheSame(version: String) async throws {
        let folder = try TestFolder()
        let stdio = folder.file("stdio.jsonl")
        let everything: (Session) async throws -> Void = { try await $0.everything() }
        let command = SDK.command(version)
        let direct = try await Session.run(.stdio(command: command), everything)
        check(direct)
        let recorded = try await Session.run(
            .stdio(command: [Program.reprise, "record", "--out", stdio, "--"] + command), everything)
        #expect(recorded.difference(from: direct) == nil)
        let replayed = try await Session.run(.stdio(command: [Program.reprise, "replay", stdio]), everything)
        #expect(replayed.difference(from: direct) == nil)

        for options in [[], ["--json"]] {
            let server = try HTTPProgram.sdk(version, options: options)
            let overHTTP = try await Session.run(.http(server.url), everything)
            // Where answers are JSON the SDK has no way for what belongs to a call, such as progress, and drops it.
            if options.isEmpty { #expect(overHTTP.difference(from: direct) == nil) }
            let http = folder.file("http\(options.count).jsonl")
            let recorder = try HTTPProgram(
                [Program.reprise, "record", "--url", server.url, "--listen", "127.0.0.1:0", "--out", http],
                inFrontOf: server.url)
            let recorded = try await Session.run(.http(recorder.url), everything)
            try recorder.stop()
            #expect(recorded.difference(from: overHTTP) == nil)
            let replay = try HTTPProgram(
                [Program.reprise, "replay", http, "--listen", "127.0.0.1:0"], inFrontOf: server.url)
            let replayed = try await Session.run(.http(replay.url), everything)
            try replay.stop()
            #expect(replayed.difference(from: overHTTP) == nil)
        }
    }

    @Test(
        "streams of calls and of pushes that a server closes are resumed, and the session is ended",
        arguments: SDK.versions)
    func closedStreamsAreResumed(version: String) async throws {
        let folder = try TestFolder()
        let file = folder.file("session.jsonl")
        let server = try HTTPProgram.sdk(version)
        let script: (Session) async throws -> Void = { session in
            await session.call("answer_while_away")
            await session.call("answer_on_return", ["times": 3])
            await session.call("close_standalone_stream")
            try await session.log.wait(for: "notifications/resources/updated", count: 3)
        }
        let direct = try await Session.run(.http(server.url), script)
        #expect(
            direct.lines("calls").map { $0.split(separator: ":")[0] }
                == ["answer_while_away", "answer_on_return", "close_standalone_stream"])
        #expect(direct.lines("calls").allSatisfy { $0.contains("content") })
        #expect(direct.lines("progress of answer_while_away").count == 3)
        #expect(direct.lines("progress of answer_on_return").count == 6)
        #expect(direct.lines("notifications/resources/updated").count == 3)
        #expect(direct.lines("notices") == [])
        let recorder = try HTTPProgram(
            [Program.reprise, "record", "--url", server.url, "--listen", "127.0.0.1:0", "--out", file],
            inFrontOf: server.url)
        let recorded = try await Session.run(.http(recorder.url), script)
        try recorder.stop()
        #expect(recorded.difference(from: direct) == nil)
        let recording = try String(contentsOfFile: file, encoding: .utf8)
        #expect(recording.matches(of: /"last-event-id"/.ignoresCase()).count == 5)
        #expect(recording.matches(of: /"method":"DELETE"/).count == 1)
        let replay = try HTTPProgram(
            [Program.reprise, "replay", file, "--listen", "127.0.0.1:0"], inFrontOf: server.url)
        let replayed = try await Session.run(.http(replay.url), script)
        try replay.stop()
        #expect(replayed.difference(from: direct) == nil)
    }
}
