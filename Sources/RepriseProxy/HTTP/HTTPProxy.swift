import MCPWire
import NIOCore
import NIOPosix
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
        raiseDescriptorLimit()
        var redactor = try configuration.redaction.map { try EventRedactor(rules: $0.rules) }
        let shownURL = redactor?.redact(url: configuration.url) ?? configuration.url
        let dialer: ServerDialer
        do {
            dialer = try ServerDialer(upstream, trustFile: configuration.trustFile)
        } catch {
            throw StartError(description: "\(error)")
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        // Who connects before the recording is there waits for it.
        let ready = loop.makePromise(of: HTTPProxyContext.self)
        let listener: any Channel
        do {
            listener = try HTTPListener.bind(configuration.listen, on: group) { channel in
                channel.setOption(.autoRead, value: false).and(ready.futureResult).flatMapThrowing { _, context in
                    try context.accept(channel)
                }
            }
        } catch {
            ready.fail(error)
            throw StartError(description: "\(error)")
        }
        let local = configuration.listen.origin(port: listener.localAddress?.port ?? 0)
        let localURL = local.description + configuration.url.dropFirst(Origin.length(in: configuration.url) ?? 0)
        let header = Header(
            start: configuration.start, recorder: configuration.recorder, transport: "http", target: .url(shownURL),
            redaction: configuration.redaction.map { .rules(name: $0.name, digest: $0.rules.digest) } ?? .none)
        var isRecording = false
        let sink = RecordingSink.make(
            path: configuration.path, header: header, redactor: redactor, recorder: HTTPRecorder()
        ) {
            isRecording = true
            return ($0 == configuration.path ? "" : "\(configuration.path ?? "") exists; ")
                + "recording \(localURL) -> \(shownURL) to \($0)"
        }
        if !isRecording { say("forwarding \(localURL) -> \(shownURL)") }
        let context = HTTPProxyContext(
            upstream: upstream, local: local,
            policy: AccessPolicy(servesLoopbackAlone: configuration.listen.isLoopback), sink: sink, dialer: dialer,
            loop: loop
        )
        if !configuration.listen.isLoopback {
            say("\(configuration.listen.host) is not loopback: whoever reaches this port can use the server through it")
        }
        ready.succeed(context)
        signals.wait()
        signals.endAtNext()
        // On the loop, so that nothing is recorded after the last line.
        try loop.submit {
            listener.close(promise: nil)
            context.stop()
            sink?.finish()
        }.wait()
    }
}
