import Foundation
import MCPCore
import MCPTransports
import MCPWire
import Testing

/// Servers of the official SDK, spoken to by the client library over real pipes and sockets.
@Suite(.needsSDK) struct SDKServerTests {
    @Test("tools are listed and called", arguments: SDK.versions, ["stdio", "events", "json"])
    func toolsAreListedAndCalled(version: String, way: String) async throws {
        let server: RunningProgram? =
            way == "stdio"
            ? nil : try RunningProgram(SDK.command(version) + ["--http", "0"] + (way == "json" ? ["--json"] : []))
        let configuration: ServerConfiguration = server.map { .http($0.url) } ?? .stdio(command: SDK.command(version))
        try await withClient(configuration) { client in
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
        let server = isHTTP ? try RunningProgram(SDK.command(version) + ["--http", "0"]) : nil
        let example = Process()
        let output = Pipe()
        example.executableURL = URL(filePath: builtProgram("ExampleClient"))
        example.arguments = server.map { [$0.url] } ?? SDK.command(version)
        example.standardOutput = output
        try example.run()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        example.waitUntilExit()
        #expect(example.terminationStatus == 0)
        let lines = said.split(separator: "\n")
        #expect(Set(lines).isSuperset(of: ["echo", "add", "weather"]))
        #expect(lines.last?.contains(#""text":"3""#) == true, "\(said)")
    }
}
