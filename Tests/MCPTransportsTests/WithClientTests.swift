import Foundation
import MCPCore
import MCPTransports
import MCPWire
import Synchronization
import TestSupport
import Testing

/// Servers that do not do what they should, as somebody sees them who wants one connection.
@Suite struct WithClientTests {
    /// Shell commands that answer `initialize` with a result.
    private static func answering(_ result: String) -> String {
        #"read line; id=$(echo "$line" | sed 's/.*"id":\([0-9]*\).*/\1/'); "#
            + #"echo '{"jsonrpc":"2.0","id":'$id',"result":"#
            + result + "}'"
    }

    private static let result =
        #"{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"a","version":"1"}}"#

    private func failure(_ server: ServerConfiguration, patience: Duration = .seconds(30)) async -> ClientError? {
        var policy = ConnectionPolicy.withoutFirstRetries
        policy.connectTimeout = patience
        return await #expect(throws: ClientError.self) {
            try await withClient(
                server, policy: policy, stdio: StdioConnector(lineByteCountMax: 1000, grace: .milliseconds(200))
            ) { _ in Issue.record("there is a connection") }
        }
    }

    private func script(_ text: String) -> ServerConfiguration { .stdio("sh", ["-c", text], name: "it") }

    @Test("a stdio server that is of no use is told of in one sentence, with its reason")
    func stdioServersOfNoUse() async throws {
        for (server, status, reason) in [
            (
                ServerConfiguration.stdio("no-such-command", name: "it"), FailureReason.config,
                #"cannot start "no-such-command": No such file or directory; check the spelling and PATH"#
            ),
            (script("exit 3"), .notResponding, "its program ended with exit code 3 before it answered"),
            (script("kill -9 $$"), .notResponding, "its program was ended by a signal before it answered"),
            (
                script("head -c 2000 /dev/zero | tr '\\0' x; cat"), .protocol,
                "a line is longer than the limit of 1000 bytes"
            ),
            (script(Self.answering("{}") + "; cat"), .protocol, "has no \"protocolVersion\""),
        ] {
            let failure = await failure(server)
            #expect(failure?.status == .failed(status, willRetry: false), "\(reason): \(String(describing: failure))")
            #expect(failure?.description.hasPrefix("cannot connect to it: ") == true)
            #expect(failure?.description.contains(reason) == true, "\(String(describing: failure))")
        }
    }

    @Test("an HTTP server that is of no use is told of in one sentence, with its reason")
    func httpServersOfNoUse() async throws {
        func answering(_ answer: String) throws -> SocketServer {
            try SocketServer { peer in
                while peer.request() != nil { peer.write(answer) }
            }
        }
        let gone = try SocketServer { _ in }
        gone.stop()
        let broken = try answering("HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n")
        let page = try answering("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<ok>")
        defer { for server in [gone, broken, page] { server.stop() } }
        for (url, status, reason) in [
            (gone.url, FailureReason.network, "nobody listens there"),
            (broken.url, .network, "HTTP 500"), (page.url, .protocol, "text/html"),
            ("ftp://127.0.0.1", .config, "no http or https URL"), ("", .config, "no http or https URL"),
        ] {
            let failure = await failure(.http(url, name: "it"))
            #expect(failure?.status == .failed(status, willRetry: false), "\(url): \(String(describing: failure))")
            #expect(failure?.description.contains(reason) == true, "\(url): \(String(describing: failure))")
        }
    }

    @Test("a server that never answers is given up at the end of the time to connect")
    func aServerThatNeverAnswersIsGivenUp() async throws {
        let silent = try SocketServer { peer in while peer.request() != nil {} }
        defer { silent.stop() }
        for server in [script("while read line; do :; done"), .http(silent.url, name: "it")] {
            let failure = await failure(server, patience: .milliseconds(200))
            #expect(failure?.status == .failed(.notResponding, willRetry: false))
            #expect(failure?.description == "cannot connect to it: it did not answer in time")
        }
    }

    @Test("a transport that there is none of is a wrong configuration", arguments: TransportType.allCases)
    func aTransportThatThereIsNoneOf(type: TransportType) async throws {
        guard ![.stdio, .http].contains(type) else { return }
        let failure = await failure(ServerConfiguration(name: "it", transport: type))
        #expect(failure?.status == .failed(.config, willRetry: false))
        #expect(failure?.description.contains("no live transport for the type \(type.rawValue)") == true)
    }

    @Test func aCallThatIsNeverAnsweredEndsAtItsTime() async throws {
        let server = script(Self.answering(Self.result) + "; while read line; do :; done")
        try await withClient(server) { client in
            await #expect(throws: ConnectionError.timedOut(server: "it")) {
                try await client.request("ping", timeout: .milliseconds(100))
            }
        }
    }

    @Test func whatTheBodyThrowsIsThrownAndTheProgramHasEnded() async throws {
        struct Enough: Error {}
        let folder = try TestFolder()
        let file = folder.file("id")
        let server = script("echo $$ >\(file); \(Self.answering(Self.result)); while read line; do :; done")
        await #expect(throws: Enough.self) { try await withClient(server) { _ in throw Enough() } }
        let id = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")[0]
        #expect(!FileManager.default.fileExists(atPath: "/proc/\(id)"))
    }
}
