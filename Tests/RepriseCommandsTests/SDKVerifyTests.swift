import Foundation
import RepriseRecording
import TestSupport
import Testing

/// Servers of the official SDK, unchanged and with one thing changed, verified with what was recorded of them.
@Suite("SDK sessions: verify", .ownThreads, .needsSDK) struct SDKVerifyTests {
    private static let environment: [String: String?] = [
        "EVERYTHING_GREETING": "good morning", "EVERYTHING_API_KEY": "everything-key-0123456789abcdef",
    ]

    private static func verify(
        _ path: String, _ server: [String], stall: String = "60"
    ) throws -> Finished {
        let command = [Program.reprise, "verify", path, "--stall", stall, "--"] + server
        return try RunningProcess.run(command, environment: environment, deadline: 120)
    }

    /// The recordings of the servers that say the same every time.
    static let entries = SDKRecordingTests.entries.filter {
        $0.folder.hasPrefix("everything-") && $0.script != nil && !$0.isHTTP
    }

    @Test("S-180: an unchanged server matches every recording of it, in every message", arguments: entries)
    func anUnchangedServerMatches(entry: SDKRecordingTests.Entry) throws {
        let version = try #require(SDKRecordingTests.clients[entry.folder])
        let finished = try Self.verify(entry.path, SDK.server(version))
        #expect(finished.ending == .exit(0), "\(finished.text)\(finished.error)")
        let log = SDKSession(try entry.recording).log
        let count = log.messages.indices.count {
            log.direction(of: $0) == .serverToClient && log.messages[$0].message.method != "ping"
        }
        // And the end of the process.
        #expect(finished.text == "same: \(count + 1) MATCH\n")
    }

    /// A change of the server, the session that shows it, and what is to be found in lines that begin so.
    struct Change: Sendable, CustomTestStringConvertible {
        var name: String
        var session: String
        var verdicts: [String]
        var testDescription: String { name }

        static let all = [
            Change(name: "nothing", session: "basic", verdicts: []),
            Change(
                name: "answer", session: "basic",
                verdicts: [
                    #"CHANGED event 44: result of tools/call "add": /result/content/0/text: "42" -> "43""#,
                    #"CHANGED event 46: result of tools/call "add": /result/content/0/text: "0.30000000000000004" -> "1.3""#,
                ]),
            Change(
                name: "tool", session: "basic",
                verdicts: [
                    #"CHANGED event 14: result of tools/list: /result/tools/3: removed {"#,
                    #"ERROR-SHAPE-CHANGED event 52: result of tools/call "contents": /result: removed {"#,
                ]),
            Change(
                name: "error", session: "errors",
                verdicts: [#"ERROR-SHAPE-CHANGED event 24: error of tools/call "protocol_error": /result: added {"#]),
            Change(name: "order", session: "progress", verdicts: ["REORDERED event 15: notifications/progress"]),
        ]
    }

    @Test(
        "S-180: a changed answer, a missing tool, an error turned into a result, a reordered notification: exactly those",
        arguments: Change.all, SDK.versions)
    func oneChangeIsFound(change: Change, version: String) throws {
        let path = "\(SDKRecordingTests.root)/everything-\(version)/\(change.session).stdio.jsonl"
        let finished = try Self.verify(path, Self.changed(change.name, version))
        #expect(finished.ending == .exit(change.verdicts.isEmpty ? 0 : 1), "\(finished.error)")
        let lines = finished.text.split(separator: "\n").filter { !$0.hasPrefix(" ") }.dropLast()
        #expect(lines.count == change.verdicts.count, "\(finished.text)")
        for (line, verdict) in zip(lines, change.verdicts) { #expect(line.hasPrefix(verdict), "\(line)") }
    }

    private static let basic = "\(SDKRecordingTests.root)/everything-2.3.0/basic.stdio.jsonl"

    @Test("S-180: a server that dies in the middle: what it still owed, and how it ended")
    func death() throws {
        let finished = try Self.verify(Self.basic, Self.changed("dies", "2.3.0"))
        #expect(finished.ending == .exit(1))
        #expect(finished.text.contains(#"MISSING event 44: result of tools/call "add""#), "\(finished.text)")
        #expect(finished.text.contains("the server ended before event 44; "))
        #expect(finished.text.contains("end of the server: (whole value): exit code 0 -> exit code 7"))
    }

    @Test("S-180: a server that hangs in four calls at once: the session goes on without their answers")
    func hang() throws {
        let path = "\(SDKRecordingTests.root)/everything-2.3.0/concurrent.stdio.jsonl"
        let finished = try Self.verify(path, Self.changed("hangs", "2.3.0"), stall: "10")
        #expect(finished.ending == .exit(1))
        #expect(finished.said.count { $0.hasPrefix("stalled: the server owes event ") } == 1, "\(finished.said)")
        // When its input ends, the server answers with errors what it had not answered.
        let late = finished.text.split(separator: "\n").filter { $0.contains("(it did not come in time)") }
        #expect(late.count == 4, "\(finished.text)")
        #expect(late.allSatisfy { $0.contains(#"result of tools/call "add""#) }, "\(finished.text)")
    }

    private static func changed(_ change: String, _ version: String) -> [String] {
        [SDK.python(version), SDK.program("changed_server.py"), change]
    }
}
