import MCPTransports
import NIOCore
import NIOPosix
import NIOSSL

/// Why the server could not be reached, in words for whoever started the recorder.
struct ConnectFailure: CustomStringConvertible {
    private let error: any Error

    /// Wraps an error of connecting or of the TLS handshake.
    init(_ error: any Error) {
        self.error = error
    }

    /// Whether a connection that was there failed before TLS was agreed on.
    static func isHandshake(_ error: (any Error)?) -> Bool {
        guard let error else { return false }
        return switch error {
        case NIOSSLError.handshakeFailed: true
        case is NIOSSLExtraError: true
        case ChannelError.connectTimeout: true
        default: false
        }
    }

    /// A phrase without a full stop.
    var description: String {
        switch error {
        case let error as NIOConnectionError:
            if error.connectionErrors.isEmpty { return "there is no host \(error.host)" }
            return error.connectionErrors.map { Self.words($0.error) }.unique.joined(separator: ", ")
        case NIOSSLError.handshakeFailed(let reason):
            let text = "\(reason)"
            let isCertificate = text.contains("CERTIFICATE_VERIFY_FAILED")
            return isCertificate
                ? "its certificate is not trusted; name the file of its authority in SSL_CERT_FILE"
                : "TLS failed: \(text)"
        default:
            return Self.words(error)
        }
    }

    private static func words(_ error: any Error) -> String {
        switch error {
        case let error as IOError: SystemError("connecting", code: error.errnoCode).description
        case ChannelError.connectTimeout(let time): "no answer within \(time.nanoseconds / 1_000_000_000) s"
        case ChannelError.eof: "it closed the connection"
        default: "\(error)"
        }
    }
}

extension [String] {
    /// Without repetitions, in order.
    fileprivate var unique: [String] { reduce(into: []) { if !$0.contains($1) { $0.append($1) } } }
}
