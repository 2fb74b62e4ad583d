import AsyncHTTPClient
import HTTPTypes
import MCPCore
import NIOCore
import NIOHTTP1
import NIOSSL

/// What the errors of a live exchange mean, in words for whoever configured the server.
struct LiveHTTPFailure: Sendable {
    private let host: String
    private let trustFile: String?

    /// For the exchanges with the host of a request.
    init(_ request: HTTPRequest, trustFile: String?) {
        host = request.authority ?? ""
        self.trustFile = trustFile
    }

    /// Why an exchange failed. What trying again may mend is `refused`, or `reset` once the request was being sent;
    /// certificates are `misconfigured`.
    func cause(of error: any Error, isSent: Bool) -> TransportFailure {
        switch error {
        case let error as HTTPClientError: cause(of: error, isSent: isSent)
        case NIOSSLError.handshakeFailed(let reason): handshake("\(reason)")
        case is NIOSSLExtraError:
            .misconfigured("the certificate of \(host) is for another name (\(error))")
        case NIOSSLError.failedToLoadCertificate, NIOSSLError.noSuchFilesystemObject:
            .misconfigured("the certificates in \(trustFile ?? "the system's folder") cannot be read")
        case is HTTPParserError: .protocolBroken("the answer of \(host) is no HTTP/1.1")
        default: isSent ? .reset : .refused
        }
    }

    private func cause(of error: HTTPClientError, isSent: Bool) -> TransportFailure {
        switch error {
        case .invalidURL, .emptyHost, .emptyScheme: .misconfigured("\(host) is no host of an HTTP server")
        case .cancelled: .closed
        default: isSent ? .reset : .refused
        }
    }

    private func handshake(_ reason: String) -> TransportFailure {
        guard reason.contains("CERTIFICATE_VERIFY_FAILED") else {
            return .misconfigured("TLS with \(host) failed: \(reason)")
        }
        let trusted = trustFile.map { "the authorities in \($0)" } ?? "the system's authorities"
        return .misconfigured(
            "the certificate of \(host) is not trusted: it is expired, self-signed, or by none of \(trusted)")
    }
}
