import Foundation
import HTTPTypes
import MCPCore
import MCPTransports
import TestSupport
import Testing

/// Servers behind TLS, played by `openssl s_server`, with certificates that are trusted or not.
@Suite(.enabled(if: TLSServer.isThere, "openssl makes the certificates and the servers"))
struct LiveTLSTests {
    private func failure(_ sender: LiveHTTPSender, _ host: String) async throws -> HTTPFailure? {
        do throws(HTTPFailure) {
            let reply = try await sender.send(
                HTTPRequest(method: .get, scheme: "https", authority: host, path: "/"), body: [])
            #expect(reply.head.status.code == 200)
            reply.body.close()
            return nil
        } catch {
            return error
        }
    }

    private func reason(_ failure: HTTPFailure?) -> String {
        guard let failure, case .misconfigured(let reason) = failure.cause else {
            return "\(String(describing: failure))"
        }
        #expect(!failure.mayHaveArrived)
        return reason
    }

    @Test("a self-signed certificate is refused in words, and accepted from whoever is told to trust it")
    func aSelfSignedCertificate() async throws {
        let server = try TLSServer(name: "subjectAltName=IP:127.0.0.1")
        let refused = reason(try await failure(LiveHTTPSender(), "127.0.0.1:\(server.port)"))
        #expect(refused.contains("the certificate of 127.0.0.1:\(server.port) is not trusted"), "\(refused)")
        let trusting = LiveHTTPSender(trustFile: server.certificate)
        #expect(try await failure(trusting, "127.0.0.1:\(server.port)") == nil)
    }

    @Test("a certificate for another name is refused in words")
    func aCertificateForAnotherName() async throws {
        let server = try TLSServer(name: "subjectAltName=DNS:other.example")
        let sender = LiveHTTPSender(trustFile: server.certificate)
        for host in ["127.0.0.1", "localhost"] {
            let refused = reason(try await failure(sender, "\(host):\(server.port)"))
            #expect(refused.contains("the certificate of \(host):\(server.port) is for another name"), "\(refused)")
        }
    }

    @Test func whatIsNoTLSAndWhatAreNoCertificatesAreSaidInWords() async throws {
        let plain = try SocketServer { peer in
            _ = peer.read()
            peer.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        }
        let noTLS = reason(try await failure(LiveHTTPSender(), "127.0.0.1:\(plain.port)"))
        #expect(noTLS.hasPrefix("TLS with 127.0.0.1:\(plain.port) failed"), "\(noTLS)")
        let missing = LiveHTTPSender(trustFile: "/no/such/file.pem")
        let noFile = reason(try await failure(missing, "127.0.0.1:\(plain.port)"))
        #expect(noFile.contains("/no/such/file.pem"), "\(noFile)")
    }
}

/// `openssl s_server` with a certificate of its own, which answers every request with a page.
private final class TLSServer {
    static let openssl = ["/usr/bin/openssl", "/usr/local/bin/openssl", "/opt/homebrew/bin/openssl"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }
    static var isThere: Bool { openssl != nil }

    let port: Int
    let certificate: String
    private let process: RunningProcess
    private let folder: TestFolder

    init(name: String) throws {
        folder = try TestFolder()
        certificate = folder.file("certificate.pem")
        let (openssl, key) = (Self.openssl ?? "", folder.file("key.pem"))
        let made = try RunningProcess.run(
            [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
                + ["-days", "2", "-subj", "/CN=test", "-addext", name, "-out", certificate, "-keyout", key])
        guard made.ending == .exit(0) else { throw HarnessError("no certificate: \(made.error)") }
        process = try RunningProcess(
            [openssl, "s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-www"])
        while let line = try process.readLine() {
            guard let found = line.firstMatch(of: /ACCEPT 127\.0\.0\.1:([0-9]+)/), let port = Int(found.1) else {
                continue
            }
            self.port = port
            return
        }
        throw HarnessError("openssl s_server names no port: \(process.errorSoFar)")
    }
}
