import MCPWire
import NIOCore
import NIOPosix
import NIOSSL
import RepriseReplay

/// Makes connections to one HTTP server, over TLS where its URL says so.
struct ServerDialer: Sendable {
    /// Why TLS cannot be used, in one sentence.
    struct TLSError: Error, CustomStringConvertible {
        let description: String
    }

    /// Time for a connection to be made, TLS included.
    static let timeout = TimeAmount.seconds(10)

    private let server: Origin
    private let tls: NIOSSLContext?

    /// Trusts the certificates of `trustFile` in place of the system's; throws ``TLSError`` if they cannot be read.
    init(_ server: Origin, trustFile: String?) throws {
        self.server = server
        guard server.scheme == "https" else {
            tls = nil
            return
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.applicationProtocols = ["http/1.1"]
        if let trustFile { configuration.trustRoots = .file(trustFile) }
        do {
            tls = try NIOSSLContext(configuration: configuration)
        } catch {
            let file = trustFile.map { " with the certificates of \($0)" } ?? ""
            throw TLSError(description: "cannot use TLS\(file): \(error)")
        }
    }

    /// Connects on `loop`; `configure` adds the handlers of a new channel, and is called on the loop.
    func dial(
        on loop: any EventLoop, readsByItself: Bool, configure: @escaping @Sendable (any Channel) throws -> Void
    ) -> EventLoopFuture<Void> {
        let name = server.host.first == "[" ? String(server.host.dropFirst().dropLast()) : server.host
        return ClientBootstrap(group: loop)
            .connectTimeout(Self.timeout)
            .channelOption(.autoRead, value: readsByItself)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { [tls] channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        // TLS names hosts only (RFC 6066, section 3).
                        let isAddress = (try? SocketAddress(ipAddress: name, port: 0)) != nil
                        let handler = try NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : name)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    try configure(channel)
                }
            }
            .connect(host: name, port: server.port)
            .map { _ in }
    }
}
