import Foundation
import MCPCore
import RepriseRecording
import RepriseSimulation
import RepriseTesting
import Testing

/// A small client for tests: it asks one thing after the other.
enum TestClient {
    static let description = ServerDescription(tools: [ToolDescription(name: "add", result: ["sum": 5])])

    static func request(_ id: Int, _ method: String, _ params: String = "{}") -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#
    }

    /// The session that tests record and replay.
    static let session = [
        request(
            1, "initialize",
            #"{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}"#),
        #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        request(2, "tools/list"),
        request(3, "tools/call", #"{"name":"add","arguments":{"a":2,"b":3}}"#),
    ]

    /// Sends each message to the server of the present test, awaits the answers to requests, and gives them.
    @discardableResult
    static func run(_ messages: [String] = session) async throws -> [String] {
        let stream = try await TestServer.current.connect()
        var answers: [String] = []
        for message in messages {
            try await stream.send(Array(message.utf8))
            guard message.contains(#""id":"#) else { continue }
            guard case .message(let answer) = await stream.next() else { break }
            answers.append(String(decoding: answer, as: UTF8.self))
        }
        await stream.close()
        return answers
    }

    /// What a test with that trait and body would show.
    static func issues(
        _ trait: RecordingTrait, _ body: @escaping @Sendable () async throws -> Void
    ) async throws -> [Issue] {
        try await RepriseTestingTests.issues {
            guard let test = Test.current else { return }
            try await trait.provideScope(for: test, testCase: Test.Case.current, performing: body)
        }
    }
}

/// A folder for one test; gone when the value goes.
final class TestFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/reprise-testing-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    func bytes(of name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: file(name)))) }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: file(name)))
    }

    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}
