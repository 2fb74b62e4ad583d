import Foundation
import MCPCore
import MCPWire
import RepriseRecording
import RepriseReplay
import Testing

@testable import RepriseSimulation

/// Real recordings as servers of the simulated network, played to a client that says what the recorded one said.
@Suite struct RecordedServerTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("recordings")
        .resolvingSymlinksInPath()

    private static func recording(_ path: String) throws -> Recording {
        let data = try Data(contentsOf: folder.appendingPathComponent(path))
        return try RecordingReader.read(Array(data))
    }

    private static let paths: [String] = {
        let files = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        // What foreign clients did in scenarios need not be a session that goes on: some never say a message.
        return files.filter { $0.hasSuffix(".jsonl") && !$0.hasPrefix("clients/") }.sorted()
    }()

    /// Plays the client of `lines` to `server`: says everything in recorded order, and expects the recorded answers.
    private static func play(
        _ lines: Recording, to server: RecordedServer, seed: UInt64, link: Link = Link(),
        observe: ((WireEvent) -> Void)? = nil
    ) throws -> [StreamEvent] {
        nonisolated(unsafe) let observe = observe
        return try Simulation(seed: seed).run { simulation in
            let network = Network(simulation)
            network.observe = observe
            network.add(server, named: "recorded", link: link)
            let stream = try await network.connector(client: 0).connect(to: ServerConfiguration(name: "recorded"))
            for frame in MessageLog(lines).frames {
                if frame.direction == .clientToServer {
                    try await stream.send(frame.bytes.last == 0x0A ? frame.bytes.dropLast() : frame.bytes)
                } else {
                    let expected = frame.bytes.last == 0x0A ? frame.bytes.dropLast() : frame.bytes
                    let event = await stream.next()
                    guard event == .message(expected) else {
                        Issue.record("event \(frame.event): \(String(describing: event))")
                        break
                    }
                }
            }
            // What a server does after its last message, such as exiting.
            try await simulation.sleep(until: simulation.now.advanced(by: .seconds(10)))
            await stream.close()
            var rest: [StreamEvent] = []
            while let event = await stream.next() { rest.append(event) }
            return rest
        }
    }

    @Test("every recording is a server that its own client cannot tell from the recorded one", arguments: paths)
    func everyRecordingIsAServer(path: String) throws {
        let recording = try Self.recording(path)
        let server = try RecordedServer(recording)
        let sessions = try MessageSessions.of(recording)
        for (index, session) in sessions.enumerated() {
            let rest = try Self.play(session, to: server, seed: UInt64(index))
            #expect(rest == (path.contains("crash.stdio") ? [.closed(.exited(code: 3))] : []))
        }
        let reports = server.reports
        #expect(reports.count == sessions.count)
        for report in reports { #expect(report.isSame, "\(report)") }
    }

    @Test func callsAreCountedAndEachConnectionBeginsAnew() throws {
        let recording = try Self.recording("everything-2.3.0/basic.stdio.jsonl")
        let log = MessageLog(recording)
        let calls = log.messages.indices.filter { log.messages[$0].message.method == "tools/call" }
        let echoes = calls.count { log.title(of: $0).hasSuffix("\"echo\"") }
        #expect(echoes > 0)
        let server = try RecordedServer(recording)
        var effects: [String] = []
        for seed in UInt64(1)...2 {
            _ = try Self.play(recording, to: server, seed: seed, link: Link(latency: .milliseconds(20))) { event in
                if case .effect(let tool) = event.what { effects.append(tool) }
            }
        }
        #expect(effects.count == 2 * calls.count)
        #expect(server.effectCount(of: "echo") == 2 * echoes)
        #expect(server.effectCount(of: "nothing") == 0)
        #expect(server.reports.map(\.isSame) == [true, true])
    }

    @Test func whatDiffersIsReportedAndAnswered() throws {
        let recording = try Self.recording("everything-2.3.0/basic.stdio.jsonl")
        let server = try RecordedServer(recording)
        let answer = try Simulation(seed: 1).run { simulation in
            let network = Network(simulation)
            network.add(server, named: "recorded")
            let stream = try await network.connector(client: 0).connect(to: ServerConfiguration(name: "recorded"))
            try await stream.send(call(7, tool: "no such tool"))
            return await stream.next()
        }
        guard case .message(let bytes) = answer else {
            Issue.record("\(String(describing: answer))")
            return
        }
        #expect(Message.read(bytes.span).kind == .error)
        #expect(server.effectCount(of: "no such tool") == 0)
        let report = try #require(server.reports.first)
        #expect(report.mismatches.count == 1)
        #expect(report.matchedCount == 0)
        #expect(report.neverCame.first?.what == "initialize")
    }

    @Test func whatTheClientLeavesOutStallsInVirtualTime() throws {
        let recording = try Self.recording("everything-2.3.0/roots.stdio.jsonl")
        let server = try RecordedServer(recording, stall: .seconds(3))
        let log = MessageLog(recording)
        let end = try Simulation(seed: 1).run { simulation in
            let network = Network(simulation)
            network.add(server, named: "recorded")
            let stream = try await network.connector(client: 0).connect(to: ServerConfiguration(name: "recorded"))
            // Everything but the answers to the server's own requests, so that what waits for those stalls.
            for frame in log.frames where frame.direction == .clientToServer {
                let message = Message.read(frame.bytes.span)
                if message.method != nil { try await stream.send(Array(frame.bytes[message.range])) }
            }
            try await simulation.sleep(until: .at(100))
            return simulation.now
        }
        #expect(end == .at(100))
        let report = try #require(server.reports.first)
        #expect(report.mismatches.contains { if case .stalled = $0.kind { true } else { false } })
        #expect(report.neverSent.isEmpty)
    }

    @Test func aRecordingOfAnotherTransportIsRefused() throws {
        var recording = try Self.recording("everything-2.3.0/basic.stdio.jsonl")
        recording.header.transport = "ws"
        #expect(throws: ReplayError.transport("ws")) { try RecordedServer(recording) }
        recording.header.transport = "http"
        #expect(throws: ReplayError.nothingToReplay) { try RecordedServer(recording) }
    }
}
