import Foundation
import MCPCore
import MCPTransports
import MCPWire
import TestSupport
import Testing

/// Servers of the official SDK, spoken to by the client library over real pipes and sockets.
@Suite(.needsSDK, .liveThreads) struct SDKServerTests {
    @Test("tools are listed and called", arguments: SDK.versions, ["stdio", "events", "json"])
    func toolsAreListedAndCalled(version: String, way: String) async throws {
        let server: HTTPProgram? =
            way == "stdio"
            ? nil : try HTTPProgram.sdk(version, options: way == "json" ? ["--json"] : [])
        let configuration: ServerConfiguration = server.map { .http($0.url) } ?? .stdio(command: SDK.command(version))
        try await withClient(configuration, policy: .patient) { client in
            let names = try await client.tools.map(\.name)
            #expect(names.count > 20)
            #expect(Set(names).isSuperset(of: ["echo", "add", "big"]))
            let sum = try await client.callTool("add", ["a": 1, "b": 2])
            #expect(sum["content"]?.elements?.first?["text"] == "3")
            let big = try await client.callTool("big", ["bytes": 3_000_000])
            #expect(big["content"]?.elements?.first?["text"]?.text?.utf8.count == 3_000_000)
            await #expect(throws: ConnectionError.refused(code: 418, message: "no coffee")) {
                try await client.callTool("protocol_error", ["code": 418, "message": "no coffee"])
            }
        }
    }

    @Test("the README's example lists the tools of a server and calls one", arguments: SDK.versions, [false, true])
    func theExampleListsAndCalls(version: String, isHTTP: Bool) throws {
        let server = isHTTP ? try HTTPProgram.sdk(version) : nil
        let example = [Program.built("ExampleClient")] + (server.map { [$0.url] } ?? SDK.command(version))
        let finished = try RunningProcess.run(example, deadline: 300)
        #expect(finished.ending == .exit(0), "\(finished.error)")
        let lines = finished.text.split(separator: "\n")
        #expect(Set(lines).isSuperset(of: ["echo", "add", "weather"]))
        #expect(lines.last?.contains(#""text":"3""#) == true, "\(finished.text)")
    }

    @Test("every revision with a handshake is spoken", arguments: ProtocolRevision.legacy, [false, true])
    func everyRevisionIsSpoken(revision: ProtocolRevision, isHTTP: Bool) async throws {
        let command = SDK.command("1.30.0")
        let server = isHTTP ? try HTTPProgram.sdk("1.30.0") : nil
        let configuration: ServerConfiguration = server.map { .http($0.url) } ?? .stdio(command: command)
        try await withClient(configuration, policy: .patient, revision: revision) { client in
            #expect(try await client.tools.count > 20)
            let answer = try await client.callTool("echo", ["text": .string(revision.rawValue)])
            #expect(answer["content"]?.elements?.first?["text"]?.text == revision.rawValue)
        }
    }

    @Test func theReadmeShowsWhatTheExampleDoes() throws {
        func uses(_ path: String) throws -> [String] {
            let lines = try String(contentsOfFile: "\(SDK.root)/\(path)", encoding: .utf8).split(separator: "\n")
                .map { $0.trimmingCharacters(in: .whitespaces) }
            let first = try #require(lines.firstIndex { $0.hasPrefix("try await withClient") })
            return Array(lines[first..<(first + 4)])
        }
        let shown = try uses("README.md")
        #expect(shown == (try uses("Tests/ExampleClient/ExampleClient.swift")))
        #expect(shown.last == "}")
    }
}
