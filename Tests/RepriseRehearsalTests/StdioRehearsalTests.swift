import Foundation
import MCPCore
import MCPWire
import RepriseScenarios
import RepriseSimulation
import Synchronization
import TestSupport
import Testing

@testable import RepriseRehearsal

/// A stdio server as its client finds it, with the command that the client starts in this process.
@Suite struct StdioRehearsalTests {
    private static func scenario(_ text: String) throws -> Scenario {
        try Scenario(
            yaml: """
                scenario: sample
                title: A sample.
                until: 2s
                servers:
                  files: {transport: stdio, tools: [search]}
                \(text)
                """, path: "sample.yaml")
    }

    @Test func framesSayWhatTheyAre() {
        #expect(StdioPeer.Frame.output([7, 8]).encoded == [0, 0, 0, 2, 7, 8])
        #expect(StdioPeer.Frame.exit(code: 3).encoded == [255, 255, 255, 255, 3])
    }

    @Test func theClientGetsACommandAndItsMessagesAreJudged() throws {
        let options = RehearsalOptions(program: ["/nowhere/reprise"])
        let stage = try StdioStage(
            Self.scenario("faults: [{cut: 5, server: files, method: ping, direction: s2c}]"), seed: 1,
            clock: RehearsalClock(speed: 1), options)
        #expect(stage.targets.prefix(2) == ["/nowhere/reprise", "stdio-peer"])
        let socket = try #require(stage.targets.last)
        #expect(
            try Self.talk(socket, #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#, until: 0x0A).contains("search"))
        // The second command is another connection; five bytes of the answer come, and it ends.
        let cut = try Self.talk(socket, #"{"jsonrpc":"2.0","id":2,"method":"ping"}"#, until: nil)
        #expect(cut == "\u{0}\u{0}\u{0}\u{5}{\"jso\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{1}")
        let events = try stage.stop().events.compactMap(\.observation).map(\.channel.description)
        #expect(
            events.filter { $0.hasPrefix("wire") } == [
                "wire files connect", "wire files tools/list", "wire files close", "wire files connect",
                "wire files ping",
            ])
        #expect(!FileManager.default.fileExists(atPath: socket))
    }

    /// Sends a line to a socket and gives what comes, up to a byte or to the end.
    private static func talk(_ socket: String, _ line: String, until end: UInt8?) throws -> String {
        let script = """
            import socket, sys
            s = socket.socket(socket.AF_UNIX)
            s.connect(sys.argv[1])
            s.sendall(sys.argv[2].encode() + b"\\n")
            got = b""
            while not got.endswith(sys.argv[3].encode() or b"never"):
                chunk = s.recv(65536)
                if not chunk:
                    break
                got += chunk
            sys.stdout.buffer.write(got)
            """
        return try RunningProcess.run(["python3", "-c", script, socket, line, end.map { _ in "\n" } ?? ""]).text
    }

    @Test func whatIsNoSingleDeclaredStdioServerIsNotPlayed() throws {
        #expect(StdioStage.obstacle(to: try Self.scenario("")) == nil)
        #expect(StdioStage.obstacle(to: try SampleScenario.overHTTP("")) != nil)
        #expect(Rehearsal.obstacle(to: try Self.scenario("clients: 2")) != nil)
    }
}
