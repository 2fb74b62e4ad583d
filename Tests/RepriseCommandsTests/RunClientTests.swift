import Foundation
import TestSupport
import Testing

/// `reprise run … -- CLIENT`: scenarios played to programs in other languages, in real time, and its exit codes.
@Suite(.ownThreads) struct RunClientTests {
    /// A server that forgets its sessions before the client's call, and what a client that follows the rules does.
    private static let forgotten = """
        scenario: forgotten
        title: A session that the server has forgotten is begun anew.
        begin: connected
        until: 4s
        servers:
          files: {tools: [{name: pay}], http: {session-ends: [300ms]}}
        client:
          - {at: 1s, call: pay, server: files, id: call}
        expect:
          wire: {files: {initialize: 1}}
          statuses: {files: {tools/call: [{status: 404}, {status: 200}]}}
        relaxed: [wire, states, tools, results, effects]
        """

    /// A call that is answered by a stream.
    private static let streamed = """
        scenario: streamed
        title: A call is answered by a stream.
        begin: connected
        until: 3s
        servers:
          files: {tools: [{name: search, remarks: [100ms], answers: 200ms}], http: {}}
        client:
          - {at: 500ms, call: search, server: files, id: call}
        expect:
          wire: {files: {tools/call: 1}}
          effects: {files: {search: 1}}
        relaxed: [states, tools, results, notifications]
        """

    /// Instants count for nothing here, since other tests run beside these.
    private static func run(_ scenario: String, _ client: [String]) throws -> Finished {
        let folder = try TestFolder()
        try folder.write(scenario, to: "scenario.yaml")
        return try RunningProcess.run(
            [Program.reprise, "run", "scenario.yaml", "--tolerance", "5s", "--for", "4s", "--"] + client, in: folder)
    }

    @Test("a client that cannot be started: exit code 4, and what to check")
    func cannotStart() throws {
        let finished = try Self.run(Self.streamed, ["/nonexistent/client"])
        #expect(finished.ending == .exit(4))
        #expect(finished.error.contains("cannot start \"/nonexistent/client\""), "\(finished.error)")
    }

    @Test("no command after --: exit code 2")
    func noCommand() throws {
        let finished = try Self.run(Self.streamed, [])
        #expect(finished.ending == .exit(2))
        #expect(finished.error.contains("The client's command is empty."), "\(finished.error)")
    }

    @Test(
        "what goes without a client is refused beside one: exit code 2",
        arguments: ["--repeat 2", "--revision 2025-06-18"])
    func goesWithoutAClient(_ option: String) throws {
        let folder = try TestFolder()
        try folder.write(Self.streamed, to: "scenario.yaml")
        let options = option.split(separator: " ").map(String.init)
        let finished = try RunningProcess.run(
            [Program.reprise, "run", "scenario.yaml"] + options + ["--", "false"], in: folder)
        #expect(finished.ending == .exit(2))
        #expect(finished.error.contains("\(options[0]) goes without a client"), "\(finished.error)")
    }

    @Test("a folder for recordings that cannot be made: exit code 4, at once")
    func cannotRecord() throws {
        let folder = try TestFolder()
        try folder.write(Self.streamed, to: "scenario.yaml")
        let finished = try RunningProcess.run(
            [Program.reprise, "run", "scenario.yaml", "--record", "scenario.yaml/x", "--", "false"], in: folder)
        #expect(finished.ending == .exit(4))
        #expect(
            finished.error.contains("cannot play streamed: cannot make the folder scenario.yaml/x for recordings"),
            "\(finished.error)")
    }

    @Test("a client that ends without connecting: exit code 5, since nothing could be judged")
    func neverConnects() throws {
        let finished = try Self.run(Self.streamed, ["false"])
        #expect(finished.ending == .exit(5))
        #expect(finished.text.contains("NOT JUDGED streamed") && finished.text.contains("the client never connected"))
    }

    /// A server on a pipe.
    private static let piped = """
        scenario: piped
        title: A server on a pipe is asked for its tools.
        until: 3s
        servers:
          files: {transport: stdio, tools: [search]}
        expect:
          wire: {files: {connect: 1, tools/list: 1}}
        relaxed: [wire]
        """

    @Test("a client that never starts the server on a pipe: exit code 5, and the command that it was given")
    func neverStartsTheServer() throws {
        let finished = try Self.run(Self.piped, ["true"])
        #expect(finished.ending == .exit(5))
        #expect(
            finished.text.contains("the client never connected: it has to start the server, whose command is"),
            "\(finished.text)")
        #expect(finished.text.contains(" stdio-peer "))
        #expect(!finished.text.contains("not judged: "))
    }

    @Test("a server on a pipe that is started twice is two connections, and what it ends with is passed on")
    func connectsTwice() throws {
        let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
        let finished = try Self.run(
            Self.piped, ["sh", "-c", "for i in 1 2; do echo '\(ping)' | \"$@\"; done; echo ended $?", "client"])
        #expect(finished.ending == .exit(1))
        #expect(finished.text.contains("wire files connect: expected 1, got 2"), "\(finished.text)")
        #expect(finished.text.contains("ended 0"), "\(finished.text)")
    }

    @Test("a flood of large messages ends in a report of short lines")
    func floodsAPipe() throws {
        let finished = try Self.run(
            Self.piped,
            [
                "sh", "-c",
                #"(for i in 1 2 3 4; do head -c 3000000 /dev/zero | tr '\0' x; echo; done) | "$@" >&2; echo over"#,
                "client",
            ])
        #expect(finished.ending == .exit(1))
        #expect(finished.text.contains("BROKEN piped"), "\(finished.text.prefix(2000))")
        #expect(finished.text.split(separator: "\n").allSatisfy { $0.utf8.count < 1000 })
    }

    @Test("a scenario that is not played to a client says how it runs")
    func notPlayed() throws {
        let scenario = Self.piped.replacing("transport: stdio, ", with: "")
        let finished = try Self.run(scenario, ["true"])
        #expect(finished.ending == .exit(5))
        #expect(finished.text.contains("; `reprise run scenario.yaml` runs it in virtual time"), "\(finished.text)")
    }

    @Test("the official SDK as the client holds where it does what is expected", .needsSDK, arguments: SDK.versions)
    func holds(_ version: String) throws {
        let finished = try Self.run(Self.streamed, [SDK.python(version), SDK.program("scenario_client.py")])
        #expect(finished.ending == .exit(0), "\(finished.text)\(finished.error)")
        #expect(finished.text.contains("1 held, 0 broken, 0 not judged"), "\(finished.text)")
    }

    @Test(
        "the official SDK sends no new initialize after a 404, and the report says so", .needsSDK,
        arguments: SDK.versions)
    func noNewInitialize(_ version: String) throws {
        let finished = try Self.run(Self.forgotten, [SDK.python(version), SDK.program("scenario_client.py")])
        #expect(finished.ending == .exit(1), "\(finished.text)\(finished.error)")
        #expect(finished.text.contains("BROKEN forgotten"), "\(finished.text)")
        #expect(finished.text.contains("wire files initialize: expected 1, got 0"), "\(finished.text)")
    }
}
