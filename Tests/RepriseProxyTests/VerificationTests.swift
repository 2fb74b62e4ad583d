import MCPTransports
import RepriseProxy
import RepriseRecording
import RepriseReplay
import Testing

/// The verification as a library: one call in anybody's test.
@Suite struct VerificationTests {
    private static func recording() throws -> Recording {
        let header =
            #"{"reprise":1,"start":"2026-01-02T03:04:05Z","recorder":"reprise","transport":"stdio","#
            + #""target":{"command":["server"]},"redaction":"none"}"#
        let lines = [
            header, #"{"t":1,"c":1,"e":"open"}"#,
            #"{"t":2,"c":1,"d":"c2s","e":"line","json":{"jsonrpc":"2.0","id":1,"method":"tools/list"}}"#,
            #"{"t":3,"c":1,"d":"s2c","e":"line","json":{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}}"#,
            #"{"t":4,"c":1,"d":"c2s","e":"end","pipe":"stdin"}"#,
        ]
        return try RecordingReader.read(Array(lines.joined(separator: "\n").utf8) + [0x0A])
    }

    private static func server(_ result: String) -> Verification.Target {
        let script = "read -r line && printf '%s\\n' \"$0\" && cat"
        return .command(["sh", "-c", script, #"{"jsonrpc":"2.0","id":1,"result":\#(result)}"#])
    }

    @Test("S-180: a report can be expected to match, and says where it does not")
    func aReportCanBeExpectedToMatch() async throws {
        let recording = try Self.recording()
        let report = try await Verification.run(recording, against: Self.server(#"{"tools":[]}"#))
        #expect(report.isMatch, "\(report)")

        let other = try await Verification.run(recording, against: Self.server(#"{"tools":[1]}"#))
        #expect(!other.isMatch)
        #expect(
            "\(other)" == """
                CHANGED event 3: result of tools/list: /result/tools/0: added 1
                different: 0 MATCH, 1 CHANGED
                """)
    }

    @Test("a server that cannot be started, and one that is gone at once")
    func noServer() async throws {
        let recording = try Self.recording()
        await #expect(throws: ServerProcess.StartError.self) {
            try await Verification.run(recording, against: .command(["no-such-server"]))
        }
        await #expect(throws: Verification.Failure.endedAtOnce(.exit(code: 3))) {
            try await Verification.run(recording, against: .command(["sh", "-c", "exit 3"]))
        }
        await #expect(throws: Verification.Failure.noCommand) {
            try await Verification.run(recording, against: .command([]))
        }
    }

    @Test("a server that reads nothing and says much is not waited for while writing to it")
    func noDeadlock() async throws {
        var recording = try Self.recording()
        guard case .line(var frame) = recording.events[1].kind else { return }
        let text = String(repeating: "x", count: 1 << 20)
        frame.payload = .bytes(
            Array(#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"x":"\#(text)"}}}"#.utf8))
        recording.events[1].kind = .line(frame)
        let script = #"i=0; while [ $i -lt 3000 ]; do echo '{"jsonrpc":"2.0","method":"n"}'; i=$((i+1)); done; "#
        let answer = #"echo '{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}'; cat >/dev/null"#
        let report = try await Verification.run(recording, against: .command(["sh", "-c", script + answer]))
        #expect(report.count(of: .match) == 1)
        #expect(report.count(of: .extra) == 3000)
    }
}
