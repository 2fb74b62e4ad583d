#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import NIOCore
import NIOPosix
import NIOSSL
import RepriseRecording
import RepriseRedaction
import RepriseReplay

/// A reverse proxy of a server's whole origin on a port of ours, which records what passes.
public enum HTTPProxy {
    /// What to record and how.
    public struct Configuration {
        /// The server's URL: its origin is what is proxied, its path what the client is told to use.
        public var url: String
        /// Where to listen.
        public var listen: ListenAddress
        /// Where the recording goes; nil forwards without recording.
        public var path: String?
        /// The rules of redaction with their name for the header; nil keeps every byte.
        public var redaction: (name: String, rules: RedactionRules)?
        /// A file of certificates to trust in place of the system's; nil for those.
        public var trustFile: String?
        /// Name and version for the header.
        public var recorder: String
        /// Wall-clock start for the header, RFC 3339 in UTC.
        public var start: String

        /// Makes a configuration.
        public init(
            url: String, listen: ListenAddress, path: String?, redaction: (name: String, rules: RedactionRules)?,
            trustFile: String?, recorder: String, start: String
        ) {
            self.url = url
            self.listen = listen
            self.path = path
            self.redaction = redaction
            self.trustFile = trustFile
            self.recorder = recorder
            self.start = start
        }
    }

    /// Why the proxy could not begin.
    public struct StartError: Error, CustomStringConvertible {
        /// One sentence, with what to type instead.
        public let description: String
    }

    /// Listens and records until SIGINT, SIGTERM or SIGHUP; a second signal ends the process at once.
    ///
    /// Throws ``StartError`` before it listens.
    public static func run(_ configuration: Configuration) throws {
        guard let upstream = Origin(url: configuration.url) else {
            throw StartError(description: "\(configuration.url) is no URL of an HTTP server")
        }
        fillStandardDescriptors()
        let signals = StopSignals()
        var redactor = try configuration.redaction.map { try EventRedactor(rules: $0.rules) }
        let shownURL = redactor?.redact(url: configuration.url) ?? configuration.url
        let tls = upstream.scheme == "https" ? try tlsContext(configuration) : nil
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let listener = try listen(configuration.listen, on: group)
        let local = configuration.listen.origin(port: listener.channel.localAddress?.port ?? 0)
        let localURL = local.description + configuration.url.dropFirst(Origin.length(in: configuration.url) ?? 0)
        let header = Header(
            start: configuration.start, recorder: configuration.recorder, transport: "http", target: .url(shownURL),
            redaction: configuration.redaction.map { .rules(name: $0.name, digest: $0.rules.digest) } ?? .none)
        let sink = RecordingSink.make(
            path: configuration.path, header: header, redactor: redactor, recorder: HTTPRecorder()
        ) {
            ($0 == configuration.path ? "" : "\(configuration.path ?? "") exists; ")
                + "recording \(localURL) -> \(shownURL) to \($0)"
        }
        let context = HTTPProxyContext(
            upstream: upstream, local: local,
            policy: AccessPolicy(servesLoopbackAlone: configuration.listen.isLoopback), sink: sink, tls: tls, loop: loop
        )
        if !configuration.listen.isLoopback {
            say("\(configuration.listen.host) is not loopback: whoever reaches this port can use the server through it")
        }
        loop.execute { listener.begin(context) }
        signals.wait()
        signals.endAtNext()
        // On the loop, so that nothing is recorded after the last line.
        try loop.submit {
            listener.channel.close(promise: nil)
            context.stop()
            sink?.finish()
        }.wait()
    }

    private static func tlsContext(_ configuration: Configuration) throws -> NIOSSLContext {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.applicationProtocols = ["http/1.1"]
        if let file = configuration.trustFile { tls.trustRoots = .file(file) }
        do {
            return try NIOSSLContext(configuration: tls)
        } catch {
            let file = configuration.trustFile.map { " with the certificates of \($0)" } ?? ""
            throw StartError(description: "cannot use TLS\(file): \(error)")
        }
    }

    private static func listen(_ address: ListenAddress, on group: MultiThreadedEventLoopGroup) throws -> Listener {
        let listener = Listener()
        do {
            listener.channel = try ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 256)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                // Nobody is served before the recording is there.
                .serverChannelOption(.autoRead, value: false)
                .childChannelOption(.autoRead, value: false)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try listener.context?.accept(channel) }
                }
                .bind(host: address.host, port: address.port).wait()
            return listener
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw StartError(
                description: "\(address) is in use: name another port, or a free one with --listen "
                    + "\(ListenAddress(host: address.host, port: 0))")
        } catch {
            throw StartError(description: "cannot listen on \(address): \(ConnectFailure(error))")
        }
    }

    /// The listening channel with whom its clients are given to; touched before it begins, and then on its loop.
    private final class Listener: @unchecked Sendable {
        var channel: (any Channel)!
        private(set) var context: HTTPProxyContext?

        func begin(_ context: HTTPProxyContext) {
            self.context = context
            channel.setOption(.autoRead, value: true).whenComplete { _ in self.channel.read() }
        }
    }
}
