import Foundation
import MCPWire
import RepriseRecording
import RepriseReplay
import TestSupport
import Testing

/// The recordings that are kept in the repository, each played to the client that it was recorded with.
@Suite("SDK sessions: recordings/") struct SDKRecordingTests {
    /// A file in recordings/ and what it takes to play it.
    struct Entry: CustomTestStringConvertible {
        var folder: String
        var name: String
        var path: String { "\(SDKRecordingTests.root)/\(folder)/\(name)" }
        var testDescription: String { "\(folder)/\(name)" }

        /// The client's script that the file is named for; nil where the name is no such thing.
        var script: String? {
            let suffix = isHTTP ? ".http.jsonl" : ".stdio.jsonl"
            guard name.hasSuffix(suffix) else { return nil }
            return String(name.dropLast(suffix.count).replacing("-", with: "_"))
        }

        var isHTTP: Bool { name.hasSuffix(".http.jsonl") }

        /// What the client has to be told besides the URL.
        var options: [String] {
            if folder.hasPrefix("everything-sse-") { return ["--sse"] }
            return folder.hasPrefix("protected-") ? ["--oauth", "client_secret_post"] : []
        }

        var recording: Recording {
            get throws { try RecordingReader.read(Array(try Data(contentsOf: URL(filePath: path)))) }
        }
    }

    /// The version of the SDK with which the sessions in a folder were recorded.
    static let clients = [
        "everything-1.30.0": "1.30.0", "everything-2.3.0": "2.3.0",
        "everything-json-1.30.0": "1.30.0", "everything-json-2.3.0": "2.3.0",
        "everything-sse-1.30.0": "1.30.0", "everything-sse-2.3.0": "2.3.0",
        "protected-1.30.0": "1.30.0", "protected-2.3.0": "2.3.0",
        "mcp-server-time": "2.3.0", "mcp-server-git": "2.3.0",
    ]

    static let root = [SDK.root, "recordings"].joined(separator: "/")

    /// Every file in the folders in recordings/, but those of `clients`, which `ClientsPageTests` look after.
    static let entries: [Entry] = {
        func names(_ path: String) -> [String] {
            (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? []
        }
        return names(root).filter { $0 != "README.md" && $0 != "clients" }.flatMap { folder in
            names("\(root)/\(folder)").map { Entry(folder: folder, name: $0) }
        }
    }()

    @Test func everyRecordingHasAClientAndAScript() throws {
        let scripts = try String(contentsOfFile: SDK.program("session_scripts.py"), encoding: .utf8)
        for entry in Self.entries {
            #expect(Self.clients[entry.folder] != nil, "no client is known for \(entry.testDescription)")
            let script = try #require(entry.script, "\(entry.testDescription)")
            let isThere = scripts.contains("\nasync def \(script)(client: Client)")
            #expect(isThere, "no script for \(entry.testDescription)")
        }
        let sessions = Dictionary(grouping: Self.entries, by: \.folder).mapValues { $0.map(\.name) }
        #expect(Set(sessions.keys) == Set(Self.clients.keys))
        // Both versions of the SDK went through the same scripts, one for each thing that the protocol offers.
        for server in ["everything", "everything-json", "everything-sse", "protected"] {
            #expect(sessions["\(server)-1.30.0"] == sessions["\(server)-2.3.0"])
        }
        #expect(sessions["everything-2.3.0", default: []].count >= 14)
    }

    @Test func everyRecordingIsFinishedUnchangedAndRedacted() throws {
        for entry in Self.entries {
            let recording = try entry.recording
            #expect(recording.completion == .finished, "\(entry.testDescription)")
            #expect(recording.header.redaction != .none, "\(entry.testDescription)")
            switch recording.header.target {
            case .command(let command):
                #expect(!entry.isHTTP)
                #expect(command.allSatisfy { !$0.hasPrefix("/") }, "\(entry.testDescription) holds an absolute path")
            case .url(let url):
                #expect(entry.isHTTP)
                #expect(url.hasPrefix("http://127.0.0.1:"), "\(entry.testDescription) is of another machine")
            }
        }
    }

    @Test(
        "S-172, S-180: a recording plays to the real client as it was recorded", .serialized, .ownThreads, .needsSDK,
        arguments: entries)
    func aRecordingPlaysToTheRealClient(entry: Entry) throws {
        let run = try play(entry)
        let session = SDKSession(try entry.recording)
        let lines = try run.transcript.split(separator: "\n").map { try JSONDocument(Array($0.utf8)) }
        let missing = session.stringsForTheClient.subtracting(lines.flatMap(\.strings))
        #expect(missing.isEmpty, "the client did not see \(missing.sorted())")
        func count(_ event: String) -> Int {
            lines.count { line in line.member("event", of: 0).map { line.text(at: $0) } == event }
        }
        // A request that was refused for want of a good token is sent once more.
        let refused = SDKExchanges(try entry.recording).count("POST", 401)
        #expect(count("call") + count("abandoned") == session.requests(.clientToServer).count - refused)
        let pings = session.calls(.serverToClient, "ping").count
        #expect(count("server request") + pings == session.requests(.serverToClient).count)
    }

    /// Runs the client against the replay of a recording, which has to match.
    private func play(_ entry: Entry) throws -> SDKRun {
        let folder = try TestFolder()
        let client = try #require(Self.clients[entry.folder])
        let script = try #require(entry.script)
        guard entry.isHTTP else {
            let server = [Program.reprise, "replay", entry.path]
            let run = try SDKRun.client(client, script: script, server: server, in: folder, as: "replayed")
            #expect(run.serverCode == 0)
            #expect(run.error.contains("the session matched its recording"), "\(run.error)")
            return run
        }
        let server = try HTTPProgram([Program.reprise, "replay", entry.path, "--listen", "127.0.0.1:0"])
        let run = try SDKHTTPClient.of(client).run(
            script: script, url: server.url, entry.options, in: folder, as: "replayed")
        let replay = try server.stop()
        #expect(replay.ending == .exit(0))
        #expect(replay.error.contains("matched its recording"), "\(replay.error)")
        return run
    }
}
