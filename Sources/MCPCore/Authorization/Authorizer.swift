import MCPWire
import Synchronization

/// Keeps the token for one MCP server: replaces it when it is refused, and signs the user in (OAuth 2.1).
///
/// ``run()`` carries the token requests, which so outlive connections (AE-16). ``TokenMachine`` decides. Authorizers
/// that share a store share its credential: each looks there before it asks for a token.
public final class Authorizer: RequestAuthorizer {
    private let store: any TokenStore

    /// An authorizer of the MCP server at the URL `server`; `revision` says which rules of discovery hold.
    ///
    /// `unixTime` is seconds by the local clock. `generator` makes verifiers, states and jitter: the system's, or a
    /// seeded one in a simulation. Without a `user` nobody can sign in. Throws `setup` for a URL that is none.
    public init(
        server: String, revision: ProtocolRevision, store: any TokenStore, sender: any HTTPSender,
        time: any TimeSource, unixTime: @escaping @Sendable () -> Int64, policy: AuthorizationPolicy = .init(),
        client: OAuthClient, user: (any SignInAgent)?, generator: any RandomNumberGenerator & Sendable
    ) throws(AuthorizationError) {
        guard HTTPURL(server) != nil else { throw AuthorizationError(.setup, "\(server) is no URL of an MCP server") }
        self.store = store
    }

    /// Asks for tokens on behalf of whoever waits; returns when the task is cancelled.
    public func run() async {}

    /// The token to send now; nil is none.
    public func token() async -> AccessToken? { await store.load()?.token }

    /// Waits for another token.
    public func recover(from refusal: AuthorizationRefusal) async -> AuthorizationRecovery {
        .signIn("the server asks for authorization")
    }

    /// Has the user sign in, and stores what comes of it; afterwards connect again (`completeSignIn` of the manager).
    public func signIn() async throws(AuthorizationError) {
        throw AuthorizationError(.setup, "there is nobody to sign in")
    }
}
