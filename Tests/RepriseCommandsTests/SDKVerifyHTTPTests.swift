import Foundation
import RepriseRecording
import TestSupport
import Testing

/// Servers of the official SDK over HTTP, verified with what was recorded of them a moment before.
@Suite("SDK sessions: verify over HTTP", .serialized, .ownThreads, .needsSDK) struct SDKVerifyHTTPTests {
    /// How a server speaks HTTP.
    enum Style: String, CaseIterable, Sendable {
        case events = ""
        case json = "--json"
        /// The transport of MCP 2024-11-05.
        case old = "--sse"
    }

    /// A server of which a session is recorded, and which is then asked the same again.
    private static func record(
        _ script: String, _ version: String, _ style: Style = .events, in folder: TestFolder
    ) throws -> String {
        let file = folder.file("\(script).jsonl")
        let server = try SDKHTTPTarget(version, options: [style.rawValue])
        let recorder = try RunningProcess(
            [Program.reprise, "record", "--url", server.url, "--out", file], deadline: 120)
        try recorder.waitForError(" -> ")
        let words = recorder.errorSoFar.split(whereSeparator: \.isWhitespace)
        let url = try #require(words.first { $0.hasPrefix("http://") })
        let client = try RunningProcess.run(
            [
                SDK.python(version), SDK.program("everything_client.py"), "--transcript", folder.file("transcript"),
                "--script", script, "--url", String(url),
            ] + (style == .old ? ["--sse"] : []), deadline: 120)
        #expect(client.ending == .exit(0), "\(client.error)")
        kill(recorder.id, SIGINT)
        _ = try recorder.wait()
        return file
    }

    private static func verify(_ file: String, _ options: [String]) throws -> Finished {
        try RunningProcess.run([Program.reprise, "verify", file, "--stall", "60"] + options, deadline: 120)
    }

    @Test(
        "S-009, S-180: an unchanged server matches everywhere in a session of all that the protocol offers",
        arguments: [("1.30.0", .events), ("2.3.0", .events), ("2.3.0", .json), ("1.30.0", .old)] as [(String, Style)])
    func anUnchangedServerMatches(version: String, style: Style) throws {
        let folder = try TestFolder()
        let file = try Self.record("full", version, style, in: folder)
        let server = try SDKHTTPTarget(version, options: [style.rawValue])
        let finished = try Self.verify(file, ["--url", server.url])
        #expect(finished.ending == .exit(0), "\(finished.text)\(finished.error)")
        #expect(finished.text.wholeMatch(of: /same: [0-9]{3} MATCH\n/) != nil, "\(finished.text)")
        let session = SDKSession(try folder.recording("full.jsonl"))
        #expect(session.answered(.serverToClient, "sampling/createMessage") >= 5)
        #expect(session.answered(.serverToClient, "elicitation/create") == 3)
    }

    @Test(
        "S-009, S-180: streams that the server closes, of a call and of none, are resumed", arguments: SDK.versions,
        ["resume", "resume_standalone"])
    func closedStreamsAreResumed(version: String, script: String) throws {
        let folder = try TestFolder()
        let file = try Self.record(script, version, in: folder)
        let server = try SDKHTTPTarget(version)
        let finished = try Self.verify(file, ["--url", server.url])
        #expect(finished.ending == .exit(0), "\(finished.text)\(finished.error)")
    }

    @Test("S-180: over HTTP, too, exactly what was changed is found", arguments: SDKVerifyTests.Change.all)
    func oneChangeIsFound(change: SDKVerifyTests.Change) throws {
        let folder = try TestFolder()
        let file = try Self.record(change.session, "2.3.0", in: folder)
        let server = try SDKHTTPTarget("2.3.0", program: "changed_server.py", options: [change.name])
        let finished = try Self.verify(file, ["--url", server.url])
        #expect(finished.ending == .exit(change.verdicts.isEmpty ? 0 : 1), "\(finished.error)")
        let lines = finished.text.split(separator: "\n").filter { !$0.hasPrefix(" ") }.dropLast()
        // Verdict and what it is about, without the event between them.
        func withoutEvent(_ line: some StringProtocol) -> String {
            let words = line.split(separator: " ")
            return (words.prefix(1) + words.dropFirst(3)).joined(separator: " ")
        }
        #expect(lines.count == change.verdicts.count, "\(finished.text)")
        for (line, verdict) in zip(lines, change.verdicts) {
            #expect(withoutEvent(line).hasPrefix(withoutEvent(verdict)), "\(line)")
        }
    }

    /// The recordings over HTTP that are kept in the repository, by folder.
    static let kept = Dictionary(
        grouping: SDKRecordingTests.entries.filter {
            $0.folder.hasPrefix("everything-") && $0.name.hasSuffix(".http.jsonl")
        }, by: \.folder
    ).sorted { $0.key < $1.key }.map(\.value)

    @Test("S-009, S-180: an unchanged server matches every recording of it over HTTP", arguments: kept)
    func keptRecordings(entries: [SDKRecordingTests.Entry]) throws {
        let words = entries[0].folder.split(separator: "-")
        let style: Style = words[1] == "json" ? .json : words[1] == "sse" ? .old : .events
        let server = try SDKHTTPTarget(
            String(words[words.count - 1]), options: [style.rawValue],
            environment: ["EVERYTHING_GREETING": nil, "EVERYTHING_API_KEY": nil])
        for entry in entries {
            let finished = try Self.verify(entry.path, ["--url", server.url])
            #expect(finished.ending == .exit(0), "\(entry.testDescription): \(finished.text)\(finished.error)")
        }
    }

    @Test("S-180: a recording of stdio is played over HTTP")
    func acrossTransports() throws {
        let server = try SDKHTTPTarget("2.3.0")
        let path = "\(SDKRecordingTests.root)/everything-2.3.0/elicitation.stdio.jsonl"
        let finished = try Self.verify(path, ["--url", server.url])
        // Over HTTP the server has tools of its own.
        let lines = finished.text.split(separator: "\n").filter { !$0.hasPrefix(" ") }
        #expect(lines.count == 2, "\(finished.text)")
        #expect(lines.first?.hasPrefix("CHANGED event 12: result of tools/list: /result/tools/4: added") == true)
    }
}

/// A server of the SDK over HTTP, on a free port; gone when the value goes.
final class SDKHTTPTarget {
    let url: String
    private let process: RunningProcess

    /// What the scripts ask a server for, as the client's own servers get it.
    static let environment: [String: String?] = [
        "EVERYTHING_GREETING": "good morning", "EVERYTHING_API_KEY": "everything-key-0123456789abcdef",
    ]

    init(
        _ version: String, program: String = "everything_server.py", options: [String] = [],
        environment: [String: String?] = environment
    ) throws {
        let options = options.filter { !$0.isEmpty }
        process = try RunningProcess(
            [SDK.python(version), SDK.program(program)] + options + ["--http", "0"], environment: environment,
            deadline: 120)
        try process.waitForError("\n")
        let line = process.errorSoFar.split(separator: "\n").first { $0.hasPrefix("http://") }
        guard let line else { throw HarnessError("the server says no URL: \(process.errorSoFar)") }
        url = String(line)
    }

    deinit { kill(process.id, SIGKILL) }
}
