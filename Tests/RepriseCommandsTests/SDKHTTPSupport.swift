import Foundation
import RepriseRecording
import RepriseReplay
import TestSupport
import Testing

/// A test client that runs one session after the other over HTTP, since Python takes long to load the SDK.
final class SDKHTTPClient: Sendable {
    private let version: String
    private let lock = NSLock()
    private nonisolated(unsafe) var process: RunningProcess?

    private static let clients = SDK.versions.map { SDKHTTPClient($0) }

    private init(_ version: String) { self.version = version }

    /// The client of a version, which all tests share.
    static func of(_ version: String) throws -> SDKHTTPClient {
        guard let client = clients.first(where: { $0.version == version }) else {
            throw HarnessError("no client of version \(version)")
        }
        return client
    }

    /// Runs a script against a server that is there already; throws if the client does not come to the script's end.
    func run(
        script: String, url: String, _ options: [String] = [], in folder: TestFolder, as name: String
    ) throws -> SDKRun {
        let transcript = folder.file("\(name).transcript")
        let arguments = ["--transcript", transcript, "--secrets", folder.file("\(name).secrets"), "--script", script]
        let job = String(decoding: try JSONEncoder().encode(arguments + ["--url", url] + options), as: UTF8.self)
        let answer = try lock.withLock {
            let program = [SDK.python(version), SDK.program("everything_client.py"), "--jobs"]
            let process = try self.process ?? RunningProcess(program, deadline: 600)
            self.process = process
            try process.send(job)
            return try process.readLine()
        }
        guard answer == "null" else { throw HarnessError("script \(script): \(answer ?? "the client has ended")") }
        return SDKRun(transcript: try String(contentsOfFile: transcript, encoding: .utf8), error: "")
    }
}

/// A test server of the official SDK that is spoken to over HTTP, with a list of the calls that it has executed.
final class SDKHTTPServer: @unchecked Sendable {
    /// What its answers come as.
    enum Answers: String, CaseIterable {
        case json = "JSON"
        case events = "SSE"
        /// All on one stream, as in the transport of 2024-11-05.
        case firstTransport = "2024-11-05"

        /// The option of the server, and for the last one of the client, too.
        var options: [String] {
            switch self {
            case .json: ["--json"]
            case .events: []
            case .firstTransport: ["--sse"]
            }
        }
    }

    /// One call of a tool that the server has executed.
    struct Execution: Decodable, Hashable {
        var session: Int
        var request: Int
        var tool: String
    }

    /// Where it is.
    var url: String { program.url }
    private let program: HTTPProgram
    private let folder: TestFolder

    private static let lock = NSLock()
    private nonisolated(unsafe) static var servers: [[String]: SDKHTTPServer] = [:]
    private static let environment: [String: String?] = [
        "EVERYTHING_GREETING": "good morning", "EVERYTHING_API_KEY": "everything-key-0123456789abcdef",
    ]

    private init(_ command: [String]) throws {
        folder = try TestFolder()
        program = try HTTPProgram(
            command + ["--executions", folder.file("executions")], environment: Self.environment)
    }

    /// The server with a command line, which all tests share; it ends with the process of the tests.
    static func of(
        _ version: String, _ answers: Answers, program: String = "everything_server.py", _ options: [String] = []
    ) throws -> SDKHTTPServer {
        let fixed = ["--http", "0", "--until-end-of-input"]
        let command = [SDK.python(version), SDK.program(program)] + fixed + answers.options + options
        return try lock.withLock {
            let server = try servers[command] ?? SDKHTTPServer(command)
            servers[command] = server
            return server
        }
    }

    /// The calls that were executed so far.
    var executions: [Execution] {
        get throws {
            try folder.bytes(of: "executions").split(separator: 0x0A)
                .map { try JSONDecoder().decode(Execution.self, from: Data($0)) }
        }
    }
}

/// The same script run over HTTP directly, through the recorder, and against the replay of what was recorded.
struct SDKHTTPRuns {
    var direct: SDKRun
    var recorded: SDKRun
    var replayed: SDKRun
    /// How the recorder and the replay ended.
    var recorder: Finished
    var replay: Finished
    /// The calls that the server has executed in each run.
    var executions:
        (direct: [SDKHTTPServer.Execution], recorded: [SDKHTTPServer.Execution], replayed: [SDKHTTPServer.Execution])
    /// The file that the recorder wrote.
    var path: String

    /// `options` are those of the client; its own token, if there is one, is for the replay alone.
    init(
        client version: String, server: SDKHTTPServer, script: String, _ options: [String] = [],
        ownToken: String? = nil,
        in folder: TestFolder
    ) throws {
        let path = folder.file("session.jsonl")
        let client = try SDKHTTPClient.of(version)
        var counts = [try server.executions.count]
        direct = try client.run(script: script, url: server.url, options, in: folder, as: "direct")
        counts.append(try server.executions.count)
        let record = try HTTPProgram(
            [Program.reprise, "record", "--url", server.url, "--listen", "127.0.0.1:0", "--out", path],
            inFrontOf: server.url)
        recorded = try client.run(script: script, url: record.url, options, in: folder, as: "recorded")
        recorder = try record.stop()
        counts.append(try server.executions.count)
        let replay = try HTTPProgram(
            [Program.reprise, "replay", path, "--listen", "127.0.0.1:0"], inFrontOf: server.url)
        let own = ownToken.map { ["--token", $0] } ?? options
        replayed = try client.run(script: script, url: replay.url, own, in: folder, as: "replayed")
        self.replay = try replay.stop()
        let all = try server.executions
        executions = (
            Array(all[counts[0]..<counts[1]]), Array(all[counts[1]..<counts[2]]), Array(all[counts[2]...])
        )
        self.path = path
    }
}

/// The exchanges of a recorded session over HTTP, with questions about what it contains.
struct SDKExchanges: CustomTestStringConvertible {
    let exchanges: [HTTPLog.Exchange]

    init(_ recording: Recording) { exchanges = HTTPLog(recording).exchanges }

    /// Short, since a failed expectation shows it.
    var testDescription: String { "\(exchanges.count) exchanges" }

    /// The exchanges with a method and a status.
    func count(_ method: String, _ status: Int) -> Int {
        exchanges.count { $0.request.method == method && $0.response?.status == status }
    }

    /// The POST requests that were answered with a type of content.
    func posts(answeredWith type: String) -> Int {
        exchanges.count { exchange in
            exchange.request.method == "POST" && exchange.response?.status == 200
                && exchange.response?.fields.first("content-type")?.hasPrefix(type) == true
        }
    }

    /// The requests that go on with a stream that was broken off.
    var resumed: [HTTPLog.Exchange] { exchanges.filter { $0.lastEventID != nil } }

    /// The sessions that the exchanges belong to.
    var sessions: Set<Int> { Set(exchanges.compactMap(\.session)) }
}
