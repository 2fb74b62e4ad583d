/// Connects to MCP servers by Streamable HTTP, revisions 2025-03-26 to 2025-11-25 (specification, basic/transports).
///
/// A connection is one session of the protocol. Its exchanges, timers and token requests run in ``run()``, in as many
/// tasks; nothing happens before that has begun, and connections are gone when it ends.
public final class StreamableHTTPConnector: MessageConnector {
    /// A connector that sends by `sender`; `authorizers` give tokens for servers, by name.
    ///
    /// Delays, retries and the stability window of broken streams are those of `policy`; `seed` is where their jitter
    /// comes from.
    public init(
        sender: any HTTPSender, time: any TimeSource, policy: ConnectionPolicy = .init(),
        authorizers: [String: any RequestAuthorizer] = [:], limits: StreamableHTTPLimits = .init(), seed: UInt64
    ) {
    }

    /// Carries out what all connections have to do, and runs the authorizers; returns when the task is cancelled.
    public func run() async {
    }

    /// Makes a connection, without sending anything yet.
    ///
    /// The configuration's `target` is `{"url": "http://…", "headers": {…}}`; throws `misconfigured` if it is not.
    public func connect(to server: ServerConfiguration) async throws(TransportFailure) -> any MessageStream {
        throw .misconfigured("not yet")
    }
}
