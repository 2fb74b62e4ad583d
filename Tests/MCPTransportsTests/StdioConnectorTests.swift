import Foundation
import MCPCore
import MCPTransports
import MCPWire
import Synchronization
import Testing

/// Servers as programs that are started and ended, seen through their streams of messages.
@Suite struct StdioConnectorTests {
    private func connect(
        _ script: String, _ connector: StdioConnector = StdioConnector(grace: .milliseconds(300)),
        _ more: [JSONValue.Member] = []
    ) async throws -> any MessageStream {
        let target = [JSONValue.Member("command", "sh"), .init("args", ["-c", .string(script)])] + more
        return try await connector.connect(
            to: ServerConfiguration(name: "script", transport: .stdio, target: .object(target)))
    }

    private func texts(_ stream: any MessageStream, _ count: Int) async -> [String] {
        var texts: [String] = []
        while texts.count < count, case .message(let bytes) = await stream.next() {
            texts.append(String(decoding: bytes, as: UTF8.self))
        }
        return texts
    }

    /// Whether a process is there that has not ended.
    private func isAlive(_ id: String) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8) else { return false }
        return status.split(separator: ") ").last?.first != "Z"
    }

    @Test("S-005: messages pass as lines in both directions, and a server's end comes after all that it said")
    func messagesPassAsLines() async throws {
        let stream = try await connect(#"while read line; do echo "<$line>"; done; printf 'last'; exit 7"#)
        try await stream.send(Array("{\"a\":\n1}".utf8))
        try await stream.send(Array("[]".utf8))
        #expect(await texts(stream, 2) == ["<{\"a\": 1}>", "<[]>"])
        await stream.close()
        #expect(await stream.next() == nil)
    }

    @Test func theEndOfAServerIsReportedAfterItsLastLine() async throws {
        for (script, failure) in [
            ("echo 1; echo; printf 2; exit 7", TransportFailure.exited(code: 7)),
            ("echo 1; echo 2; kill -9 $$", .exited(code: nil)),
            ("echo 1; echo 2; exec sleep 10000 >&-", .closed),
            // What a server leaves behind holds its output open.
            ("echo 1; echo 2; sleep 10000 & exit 3", .exited(code: 3)),
        ] {
            let stream = try await connect(script)
            #expect(await texts(stream, 2) == ["1", "2"])
            #expect(await stream.next() == .closed(failure))
            await stream.close()
        }
    }

    @Test("S-006: the child sees its env, and the rest of the parent's environment")
    func theChildSeesItsEnvironment() async throws {
        let stream = try await connect(
            "echo $NODE_OPTIONS; echo $PATH; pwd", StdioConnector(),
            [.init("env", ["NODE_OPTIONS": "--max-old-space-size=4096"]), .init("cwd", "/usr")])
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        #expect(await texts(stream, 3) == ["--max-old-space-size=4096", path, "/usr"])
        await stream.close()
    }

    @Test("S-188: a child has the descriptors 0, 1 and 2 only, and is the leader of a group of its own")
    func aChildHasThreeDescriptors() async throws {
        // Left open for every child.
        let left = dup(0)
        defer { close(left) }
        #expect(fcntl(left, F_GETFD) & FD_CLOEXEC == 0)
        let stream = try await connect(
            "for n in $(seq 3 \(left + 10)); do test -e /proc/$$/fd/$n && echo $n; done; "
                + "echo $$; cut -d' ' -f5 /proc/$$/stat; id -u; ulimit -n")
        let texts = await texts(stream, 4)
        try #require(texts.count == 4)
        let id = texts[0]
        #expect(texts[1] == id)
        #expect(texts[2] == "\(getuid())")
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #expect(texts[3] == "\(limit.rlim_cur)" || texts[3] == "unlimited")
        await stream.close()
    }

    @Test(
        "S-007: after close no process is left: the end of input, then SIGTERM, then SIGKILL",
        arguments: [
            // Ends with its input.
            "echo $$; cat",
            // Needs SIGTERM, as does what it started.
            "sleep 10000 & echo $$ $!; exec sleep 10001",
            // Ignores all that can be ignored.
            "trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & echo $$ $!; while :; do sleep 1; done",
            // Is gone itself, and has left something behind that takes no notice.
            "(trap '' TERM; while :; do sleep 1; done) & echo $!; exit 0",
        ])
    func noProcessIsLeft(script: String) async throws {
        let stream = try await connect(script)
        let ids = await texts(stream, 1).first?.split(separator: " ").map(String.init) ?? []
        try #require(!ids.isEmpty)
        #expect(ids.contains(where: isAlive))
        await stream.close()
        #expect(!ids.contains(where: isAlive))
        #expect(await stream.next() == nil)
    }

    @Test("S-007: a child sees the end of its input when its parent is gone, other children notwithstanding")
    func noChildHoldsTheInputOfAnother() async throws {
        let first = try await connect("cat; echo gone >&2; exit 4")
        let second = try await connect("cat")
        // The second was started while the first one's pipes were open, and would keep them open had it inherited them.
        await first.close()
        #expect(await first.next() == nil)
        try await second.send(Array("1".utf8))
        #expect(await texts(second, 1) == ["1"])
        await second.close()
    }

    @Test(
        "a command that cannot be started says why",
        arguments: [
            (#"{"command":"no-such-command"}"#, #"cannot start "no-such-command""#),
            (#"{"command":"/"}"#, #"cannot start "/""#),
            (#"{"command":"cat","cwd":"/no/such/folder"}"#, "no folder /no/such/folder"),
            (#"{"command":"cat","env":{"PATH":"/no"}}"#, #"cannot start "cat""#),
        ])
    func aCommandThatCannotBeStarted(target: String, reason: String) async throws {
        let configuration = ServerConfiguration(
            name: "script", transport: .stdio, target: try JSONValue(Array(target.utf8)))
        await #expect {
            try await StdioConnector().connect(to: configuration)
        } throws: { error in
            guard case .misconfigured(let text) = error as? TransportFailure else { return false }
            return text.contains(reason)
        }
    }

    @Test func standardErrorIsHandedOnInBoundedLines() async throws {
        let lines = Mutex<[String]>([])
        let connector = StdioConnector(grace: .milliseconds(300)) { server, line in
            lines.withLock { $0.append("\(server): \(line.prefix(3))\(line.utf8.count)") }
        }
        let stream = try await connect(
            "echo one >&2; head -c 70000 /dev/zero | tr '\\0' x >&2; echo >&2; printf end >&2; echo done", connector)
        #expect(await texts(stream, 1) == ["done"])
        guard case .closed = await stream.next() else {
            Issue.record("the server goes on")
            return
        }
        await stream.close()
        #expect(lines.withLock(\.self) == ["script: one3", "script: xxx65536", "script: xxx4464", "script: end3"])
    }

    #if os(Linux)
        @Test func aFloodIsReadNoFasterThanItIsTaken() async throws {
            let line = #"{"jsonrpc":"2.0","method":"notifications/flood"}"#
            let stream = try await connect("echo $$; exec yes '\(line)'")
            let id = try #require(await texts(stream, 1).first)
            for taken in 1...100_000 {
                guard case .message = await stream.next() else {
                    Issue.record("the flood has ended")
                    break
                }
                guard taken.isMultiple(of: 1000) else { continue }
                let written = try #require(byteCountWritten(by: id))
                #expect(written - taken * (line.utf8.count + 1) < 2 << 20)
            }
            await stream.close()
            #expect(await stream.next() == nil)
        }

        /// How many bytes a process has written since it began; the process itself knows no such thing.
        private func byteCountWritten(by id: String) -> Int? {
            let lines = try? String(contentsOfFile: "/proc/\(id)/io", encoding: .utf8).split(separator: "\n")
            return lines?.first { $0.hasPrefix("wchar: ") }.flatMap { Int($0.dropFirst(7)) }
        }
    #endif

    @Test func aLineBeyondTheLimitEndsTheConnection() async throws {
        let connector = StdioConnector(lineByteCountMax: 1000, grace: .milliseconds(300))
        let stream = try await connect("echo 1; head -c 1001 /dev/zero | tr '\\0' x; cat", connector)
        #expect(await texts(stream, 1) == ["1"])
        let reason = "a line is longer than the limit of 1000 bytes"
        #expect(await stream.next() == .closed(.protocolBroken(reason)))
        await stream.close()
    }

    @Test func aServerThatReadsNothingHoldsUpTheSenderAloneAndCloseEndsIt() async throws {
        let stream = try await connect("echo 1; exec sleep 10000")
        #expect(await texts(stream, 1) == ["1"])
        async let sending: TransportFailure? = {
            do throws(TransportFailure) {
                try await stream.send([UInt8](repeating: 0x31, count: 1 << 20))
                return nil
            } catch {
                return error
            }
        }()
        await stream.close()
        #expect(await sending == .closed)
        await #expect(throws: TransportFailure.closed) { try await stream.send([0x31]) }
    }
}
