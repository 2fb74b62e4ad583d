import MCPCore

/// Connects to servers as their configuration's transport says: `stdio`, or `http` for Streamable HTTP.
///
/// Tokens are the business of the authorizers that it is given, which keep them in whatever store they have; nothing is
/// written to disk here.
public struct LiveConnector: MessageConnector {
    private let stdio: StdioConnector
    private let http: StreamableHTTPConnector

    /// A connector on real pipes and sockets.
    ///
    /// `time`, `policy` and `seed` are those of the manager; `sender` sends all requests over HTTP, and `authorizers` give
    /// tokens for servers, by name.
    public init(
        time: any TimeSource, stdio: StdioConnector = StdioConnector(), sender: any HTTPSender = LiveHTTPSender(),
        policy: ConnectionPolicy = .init(), authorizers: [String: any RequestAuthorizer] = [:], seed: UInt64
    ) {
        self.stdio = stdio
        http = StreamableHTTPConnector(
            sender: sender, time: time, policy: policy, authorizers: authorizers, seed: seed)
    }

    /// Carries the exchanges over HTTP; returns when the task is cancelled.
    public func run() async { await http.run() }

    /// Connects to a server; throws `misconfigured` for a transport that there is none of here.
    public func connect(to server: ServerConfiguration) async throws(TransportFailure) -> any MessageStream {
        switch server.transport {
        case .stdio: try await stdio.connect(to: server)
        case .http: try await http.connect(to: server)
        case .sse, .sseIDE, .ws, .wsIDE, .sdk, .claudeAIProxy:
            throw .misconfigured("no live transport for the type \(server.transport.rawValue): use stdio or http")
        }
    }
}
