import AsyncHTTPClient
import HTTPTypes
import MCPCore
import NIOCore
import NIOPosix
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

    /// Why an exchange failed. What trying again may mend is `refused` or `reset`; certificates are `misconfigured`.
    func cause(of error: any Error) -> TransportFailure {
        switch error {
        case is NIOConnectionError: .refused
        case let error as HTTPClientError: cause(of: error)
        case NIOSSLError.handshakeFailed(let reason): handshake("\(reason)")
        case is NIOSSLExtraError:
            .misconfigured("the certificate of \(host) is for another name (\(error))")
        case NIOSSLError.failedToLoadCertificate, NIOSSLError.noSuchFilesystemObject:
            .misconfigured("the certificates in \(trustFile ?? "the system's folder") cannot be read")
        case ChannelError.connectTimeout, ChannelError.connectPending: .refused
        default: .reset
        }
    }

    private func cause(of error: HTTPClientError) -> TransportFailure {
        switch error {
        case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout: .refused
        case .invalidURL, .emptyHost, .emptyScheme: .misconfigured("\(host) is no host of an HTTP server")
        case .cancelled: .closed
        default: .reset
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
