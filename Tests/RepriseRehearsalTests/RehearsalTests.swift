import Foundation
import MCPCore
import MCPTransports
import RepriseScenarios
import Synchronization
import Testing

@testable import RepriseRehearsal

/// Clients of a few lines, good and bad, each a shell script that gets the server's URL as `$1`.
@Suite struct RehearsalTests {
    private func play(
        _ script: String, _ text: String = search, begin: String = "cold", until: String = "1s"
    ) throws -> RehearsalResult {
        let scenario = try SampleScenario.overHTTP(text, begin: begin, until: until)
        return try Rehearsal(scenario, seed: 1, options: RehearsalOptions(program: [])) { _, _, _, _ in PlainService() }
            .run(["bash", "-c", script, "client"])
    }

    private static let search = "expect: {wire: {files: {tools/call: [0s]}}, effects: {files: {search: 1}}}"

    /// Bash has sockets of its own, so that no other program is needed.
    private static func post(_ method: String) -> String {
        let body = #"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\#(method)\"}"#
        return "host=${1#http://}; host=${host%%/*}; body=\"\(body)\"; exec 3<>/dev/tcp/${host%:*}/${host#*:}; "
            + "printf 'POST /mcp HTTP/1.1\\r\\nHost: %s\\r\\n' $host >&3; "
            + "printf 'Content-Length: %d\\r\\n\\r\\n%s' ${#body} \"$body\" >&3; "
            + "cat <&3; "
    }

    @Test func aClientThatDoesWhatIsExpectedHolds() throws {
        let result = try play(Self.post("tools/call") + "sleep 60")
        #expect(result.verdict == .held, "\(result)")
        #expect(result.output.contains(#""result":{"content":[]}"#))
        #expect(result.output.contains("connection: close"))
        #expect(result.remarks == [])
    }

    @Test func aClientThatDoesSomethingElseIsBroken() throws {
        let result = try play(Self.post("tools/list"))
        #expect(result.verdict == .broken)
        #expect(result.mismatches.count == 3)
        #expect(result.remarks.contains { $0.contains("ended by itself at 0") && $0.contains("exit code 0") })
    }

    @Test func aClientMayConnectMoreThanOnce() throws {
        let result = try play(Self.post("tools/call") + Self.post("tools/call"))
        #expect(result.verdict == .broken)
        #expect(result.mismatches.count == 2, "\(result.mismatches)")
    }

    @Test func aClientThatNeverConnectsIsNotJudged() throws {
        let result = try play("echo hello; exit 3")
        #expect(result.verdict == .notJudged)
        #expect(result.output == "hello\n")
        #expect(result.remarks.contains { $0.contains("ended by itself before the scenario began, with exit code 3") })
        #expect(
            result.remarks.contains {
                $0.hasPrefix("the client never connected: no whole request came to http://127.0.0.1:")
            })
    }

    @Test func aClientThatCannotBeStartedIsAnError() throws {
        let scenario = try SampleScenario.overHTTP(Self.search)
        #expect(throws: ServerProcess.StartError.self) {
            try Rehearsal(scenario, seed: 1, options: RehearsalOptions(program: [])).run(["/nowhere/client"])
        }
    }

    @Test func aClientThatIgnoresTheEndIsKilledWithAllItStarted() throws {
        let result = try play(
            "trap '' TERM; " + Self.post("tools/call") + "sleep 1000 & echo; echo $!; wait; sleep 1000")
        let child = try #require(result.output.split(separator: "\n").last.flatMap { pid_t($0) })
        #expect(result.verdict == .held)
        // The group is killed together; what is left of the child is a moment in which nobody has taken its status.
        for _ in 0..<1000 where kill(child, 0) == 0 && !Self.isZombie(child) { usleep(1000) }
        #expect(kill(child, 0) != 0 || Self.isZombie(child))
    }

    private static func isZombie(_ process: pid_t) -> Bool {
        let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        return status?.split(separator: ")").last?.hasPrefix(" Z") ?? true
    }

    @Test func muchOutputIsShortenedInTheMiddle() throws {
        let result = try play("echo begin; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo end")
        #expect(result.output.hasPrefix("begin\n"))
        #expect(result.output.hasSuffix("end\n"))
        #expect(result.output.contains("bytes left out"))
        #expect(result.output.utf8.count < 3 * ClientOutput.partByteCountMax)
    }

    @Test func aClientThatFloodsIsTurnedAway() throws {
        let result = try play(
            "host=${1#http://}; host=${host%%/*}; ulimit -n 600; "
                + "for i in {10..400}; do eval \"exec $i<>/dev/tcp/${host%:*}/${host#*:}\"; done; sleep 0.3; "
                + "for i in {390..400}; do head -1 <&$i; done; " + Self.post("tools/call"))
        #expect(result.output.contains("503"))
        #expect(result.remarks.contains { $0.contains("flooded") }, "\(result.remarks)")
    }

    @Test func theBodiesOfAllRequestsTogetherAreBounded() throws {
        let result = try play(
            "host=${1#http://}; host=${host%%/*}; "
                + "for i in {10..13}; do eval \"exec $i<>/dev/tcp/${host%:*}/${host#*:}\"; "
                + #"(printf 'POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n'; "#
                + "head -c 9000000 /dev/zero) >&$i; done; head -1 <&13; "
                + Self.post("tools/call") + "sleep 60")
        #expect(result.output.contains("503"), "\(result)")
        #expect(result.output.contains(#""result":{"content":[]}"#), "\(result)")
        #expect(result.verdict == .held)
        #expect(result.remarks.contains { $0.contains("flooded") }, "\(result.remarks)")
    }

    @Test func whatWasStillToComeWhenTheRunWasStoppedIsNotJudged() throws {
        let scenario = try SampleScenario.overHTTP(
            "expect: {wire: {files: {tools/call: [0s, 50s]}}, effects: {files: {search: 2}}}", until: "60s")
        let asked = Mutex(0)
        let result = try Rehearsal(scenario, seed: 1, options: RehearsalOptions(program: [])) { _, _, _, _ in
            PlainService()
        }
        .run(["bash", "-c", Self.post("tools/call") + "sleep 60", "client"]) {
            asked.withLock {
                $0 += 1
                return $0 > 100
            }
        }
        #expect(result.verdict == .held, "\(result)")
        #expect(result.horizon < Instant(nanoseconds: 50_000_000_000))
        #expect(result.notJudged.contains { $0.hasPrefix("wire files tools/call, the last 1") })
    }

    @Test(arguments: [
        #"printf 'no HTTP at all\r\n\r\n'"#,
        #"printf 'POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n'; head -c 20000000 /dev/zero"#,
        #"printf 'GET / HTTP/1.1\r\nHost: a\r\n'; head -c 200000 /dev/zero | tr '\0' x"#,
    ])
    func whatIsNoRequestIsRefusedAndNothingEnds(_ garbage: String) throws {
        let result = try play(
            "host=${1#http://}; host=${host%%/*}; exec 4<>/dev/tcp/${host%:*}/${host#*:}; "
                + "(\(garbage)) >&4 2>/dev/null; head -1 <&4; " + Self.post("tools/call") + "sleep 60")
        #expect(result.verdict == .held, "\(result)")
        #expect(result.output.contains("HTTP/1.1 4"))
    }

    @Test func theClientIsToldWhatToDo() throws {
        let result = try play(
            #"echo "$REPRISE_SCENARIO $REPRISE_BEGIN $REPRISE_STEPS"; echo "$REPRISE_SERVERS $1""#,
            """
            client:
              - {at: 1.5s, call: search, server: files, id: first, arguments: {query: a}, timeout: 2s}
              - {at: 3s, disable: files}
            expect: {wire: {files: {tools/call: [1.5s]}}}
            """, until: "5s")
        let lines = result.output.split(separator: "\n")
        #expect(
            lines.first == """
                sample cold [{"at":1500,"action":"call","server":"files","tool":"search","arguments":{"query":"a"},\
                "count":1,"timeout":2000},{"at":3000,"action":"disable","server":"files"}]
                """)
        let url = try #require(lines.last?.split(separator: " ").last)
        #expect(url.hasPrefix("http://127.0.0.1:") && url.hasSuffix("/mcp"))
        #expect(lines.last == #"{"files":{"url":"\#(url)","isProtected":false}} \#(url)"#)
    }
}
