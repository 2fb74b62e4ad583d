import Foundation
import RepriseRecording
import TestSupport
import Testing

/// What the recorder changes on the way so that a client works through it, what it keeps secret, and TLS.
@Suite(.ownThreads) struct HTTPRecorderRewriteTests {
    @Test(
        "S-172: metadata, challenges, locations and the endpoint lead through the recorder, and it keeps the originals")
    func whatIsRewritten() throws {
        let session = try RecordedServer()
        let client = try session.connect()
        let ours = "http://localhost:\(session.port)", theirs = "http://127.0.0.1:\(session.server.port)"
        func get(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: localhost:\(session.port)\r\n\r\n" }
        let metadata = "{\"resource\": \"\(theirs)/mcp\", \"authorization_servers\":[\"\(theirs)\"] }"
        try client.send(get("/.well-known/oauth-protected-resource/mcp"))
        let server = try session.server.accept()
        _ = try server.readHead()
        // In pieces: an edited body has to be whole.
        let answer = RecordedServer.answer(metadata)
        try server.send(String(answer.prefix(150)))
        try server.send(String(answer.dropFirst(150)))
        #expect(
            try client.readResponse().body
                == metadata.replacing("{\"resource\": \"\(theirs)", with: "{\"resource\": \"\(ours)"))
        try client.send(get("/mcp"))
        _ = try server.readHead()
        let challenge = "Bearer resource_metadata=\"\(theirs)/.well-known/oauth-protected-resource/mcp\""
        try server.send(
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: \(challenge)\r\nLocation: \(theirs)/login\r\n"
                + "Content-Length: 0\r\n\r\n")
        #expect(
            try client.readHead() == "HTTP/1.1 401 Unauthorized\r\n"
                + "WWW-Authenticate: \(challenge.replacing(theirs, with: ours))\r\nLocation: \(ours)/login\r\n"
                + "Content-Length: 0\r\n\r\n")
        try client.send(get("/sse"))
        _ = try server.readHead()
        try server.send(RecordedServer.streamHead + RecordedServer.chunk("event: endpoint\ndata: \(theirs)/m?s=1\n\n"))
        #expect(try client.read(to: "\n\n").hasSuffix("\r\nevent: endpoint\ndata: \(ours)/m?s=1\n\n"))
        let outline = try session.stop().httpOutline
        let expected = [
            "x1 s2c body \(metadata)", "x1 - note resource rewritten to \(ours)/mcp",
            "x2 - note Location rewritten to \(ours)/login",
            "x3 s2c sse event: endpoint\ndata: \(theirs)/m?s=1\n\n",
            "x3 - note endpoint rewritten to \(ours)/m?s=1",
        ]
        for line in expected { #expect(outline.contains(line), "\(line)") }
    }

    @Test("S-179: what authorizes a client reaches the server, and never the file")
    func secretsStayOut() throws {
        let session = try RecordedServer(redact: "standard")
        let client = try session.connect()
        let secret = "sEcReT-0123456789-abcdefghij"
        try client.send(
            RecordedServer.post("{\"refresh_token\":\"\(secret)2\"}", "Authorization: Bearer \(secret)\r\n"))
        let server = try session.server.accept()
        #expect(try server.readHead().contains("\r\nAuthorization: Bearer \(secret)\r\n"))
        #expect(try server.read(to: "}") == "{\"refresh_token\":\"\(secret)2\"}")
        try server.send(RecordedServer.answer("{\"access_token\":\"\(secret)\"}", "Set-Cookie: a=\(secret)3\r\n"))
        #expect(try client.readResponse().body == "{\"access_token\":\"\(secret)\"}")
        let recording = try session.stop()
        #expect(recording.completion == .finished)
        let file = String(decoding: try session.folder.bytes(of: "a.jsonl"), as: UTF8.self)
        #expect(!file.contains("sEcReT"))
        #expect(file.contains("reprise-secret-1"))
    }

    /// A server with TLS that the test plays through the pipes of `openssl s_server`.
    private final class SecureServer {
        let process: RunningProcess
        let port: Int
        let certificate: String

        init(in folder: TestFolder, names: String) throws {
            certificate = folder.file("cert.pem")
            let made = try RunningProcess.run([
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days",
                "2", "-subj", "/CN=test", "-addext", "subjectAltName=\(names)", "-keyout", folder.file("key.pem"),
                "-out",
                certificate,
            ])
            guard made.ending == .exit(0) else { throw HarnessError("openssl: \(made.error)") }
            process = try RunningProcess([
                "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", folder.file("key.pem"),
            ])
            var line = try process.readLine()
            while let read = line, !read.hasPrefix("ACCEPT") { line = try process.readLine() }
            guard let found = line?.split(separator: ":").last.flatMap({ Int($0) }) else {
                throw HarnessError("openssl s_server: \(process.errorSoFar)")
            }
            port = found
        }
    }

    @Test(
        "S-171: a server behind TLS is recorded, and one whose certificate is not trusted is refused in words",
        .enabled(if: Program.find("openssl") != nil, "openssl makes the certificate and the server"))
    func serversBehindTLS() throws {
        let folder = try TestFolder()
        let server = try SecureServer(in: folder, names: "IP:127.0.0.1,DNS:localhost")
        let url = "https://localhost:\(server.port)/mcp"
        let trusting = try RecordedServer(url: url, environment: ["SSL_CERT_FILE": server.certificate])
        let client = try trusting.connect()
        try client.send(RecordedServer.post("{\"a\":1}"))
        var line = try server.process.readLine()
        while let read = line, !read.hasPrefix("Host:") { line = try server.process.readLine() }
        #expect(line == "Host: localhost:\(server.port)\r")
        try server.process.write(Array(RecordedServer.answer("{}").utf8))
        #expect(try client.readResponse().body == "{}")
        client.hangUp()
        #expect(try trusting.stop().httpOutline.contains("x1 s2c body {}"))
        let doubting = try RecordedServer(url: url, environment: ["SSL_CERT_FILE": nil])
        let refused = try doubting.connect()
        try refused.send(RecordedServer.post("{}"))
        let answer = try refused.readTextToEnd()
        #expect(answer.hasPrefix("HTTP/1.1 502 "))
        #expect(answer.contains("its certificate is not trusted"), "\(answer)")
        #expect(try doubting.stop().httpOutline.contains("x1 s2c close refused"))
    }

    @Test(
        "S-171: a certificate for another name, and a server without TLS, are refused in words",
        .enabled(if: Program.find("openssl") != nil, "openssl makes the certificate and the server"))
    func wrongServersBehindTLS() throws {
        let folder = try TestFolder()
        let server = try SecureServer(in: folder, names: "DNS:other.example")
        let session = try RecordedServer(
            url: "https://localhost:\(server.port)/", environment: ["SSL_CERT_FILE": server.certificate])
        let client = try session.connect()
        try client.send(RecordedServer.get())
        let answer = try client.readTextToEnd()
        #expect(answer.contains("reprise: cannot reach https://localhost:\(server.port): "), "\(answer)")
        let deadline = Deadline(seconds: 30)
        let plain = try ListeningSocket(deadline: deadline)
        let other = try RecordedServer(url: "https://127.0.0.1:\(plain.port)/")
        let second = try other.connect()
        try second.send(RecordedServer.get())
        let accepted = try plain.accept()
        try accepted.send("HTTP/1.1 400 Bad Request\r\n\r\n")
        #expect(try second.readTextToEnd().contains("TLS failed"))
        let missing = try RunningProcess.run(
            [Program.reprise, "record", "--url", "https://a/", "--out", folder.file("a.jsonl")],
            environment: ["SSL_CERT_FILE": folder.file("absent")])
        #expect(missing.ending == .exit(4))
        #expect(missing.said.first?.contains("absent") == true)
    }
}
