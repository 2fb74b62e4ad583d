import MCPWire

/// Keeps the token for one MCP server: replaces it when it is refused, and signs the user in (OAuth 2.1).
///
/// ``run()`` carries the token requests, which so outlive connections (AE-16). ``TokenMachine`` decides. Authorizers
/// that share a store share its credential: each looks there before it asks for a token.
public final class Authorizer: RequestAuthorizer {
    let server: HTTPURL
    let revision: ProtocolRevision
    let store: any TokenStore
    let exchange: AuthorizationExchange
    let unixTime: @Sendable () -> Int64
    let client: OAuthClient
    let user: (any SignInAgent)?
    let state: WakingLock<AuthorizerState>

    var time: any TimeSource { exchange.time }
    var policy: AuthorizationPolicy { exchange.policy }

    /// An authorizer of the MCP server at the URL `server`; `revision` says which rules of discovery hold.
    ///
    /// `unixTime` is seconds by the local clock. `generator` makes verifiers, states and jitter: the system's, or a
    /// seeded one in a simulation. Without a `user` nobody can sign in. Throws `setup` for a server that is no URL or one
    /// that tokens must not be sent to, and for URLs of the client that the specification forbids.
    public init(
        server: String, revision: ProtocolRevision, store: any TokenStore, sender: any HTTPSender,
        time: any TimeSource, unixTime: @escaping @Sendable () -> Int64, policy: AuthorizationPolicy = .init(),
        client: OAuthClient, user: (any SignInAgent)?, generator: any RandomNumberGenerator & Sendable
    ) throws(AuthorizationError) {
        guard let url = HTTPURL(server) else { throw AuthorizationError(.setup, "the server's URL cannot be read") }
        guard EndpointRule(requiresHTTPS: policy.requiresHTTPS).allows(url) else {
            throw AuthorizationError(.setup, "\(url.plain) is neither https nor loopback")
        }
        try client.check(requiresHTTPS: policy.requiresHTTPS)
        self.server = url
        self.revision = revision
        self.store = store
        self.unixTime = unixTime
        self.client = client
        self.user = user
        exchange = AuthorizationExchange(sender: sender, time: time, policy: policy)
        var generator = generator
        let machine = TokenMachine(policy: policy, canStepUp: user != nil, seed: generator.next())
        state = WakingLock { [generator] in AuthorizerState(machine: machine, generator: generator, wakings: $0) }
    }

    /// Tokens are for the server's own origin (basic/authorization, Token Handling).
    public func serves(_ url: HTTPURL) -> Bool { url.origin == server.origin }

    /// The token to send now; nil is none. Waits while one is being asked for beforehand (`proactiveRefresh`).
    public func token() async -> AccessToken? {
        await load()
        let number = state.withLock { $0.nextNumber() }
        let (now, unixTime) = (time.now, unixTime())
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    guard state.admits(number, .token(continuation), isCancelled: Task.isCancelled) else { return }
                    state.feed(.request(waiter: number), at: now, unixTime: unixTime)
                }
            }
        } onCancel: {
            withdraw(number)
        }
    }

    /// A request was refused: waits for another token, however many requests wait for the same one (AE-03).
    ///
    /// Waits for ``run()`` to begin; when that has ended, or the task is cancelled, the answer is `refused`.
    public func recover(from refusal: AuthorizationRefusal) async -> AuthorizationRecovery {
        let number = state.withLock { $0.nextNumber() }
        let (now, unixTime) = (time.now, unixTime())
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    guard state.admits(number, .recovery(continuation), isCancelled: Task.isCancelled) else { return }
                    state.feed(.refusal(waiter: number, refusal), at: now, unixTime: unixTime)
                }
            }
        } onCancel: {
            withdraw(number)
        }
    }

    /// Has the user sign in, and stores what comes of it; afterwards connect again (`completeSignIn` of the manager).
    ///
    /// The whole flow: metadata, registration if there is no client id, the user with PKCE S256, state and resource,
    /// and the code's exchange. It needs no ``run()``. Throws ``AuthorizationError``; `setup` without an agent, and
    /// while a sign-in is under way.
    public func signIn() async throws(AuthorizationError) {
        let scope = state.withLock(\.machine.scopeNeeded)
        feed(.signedIn(try await newCredential(scope: scope)))
    }

    /// Looks into the store, if nobody has.
    func load() async {
        if !state.withLock(\.machine.isLoaded) { feed(.loaded(await store.load())) }
    }

    /// Tells the machine what happened.
    func feed(_ input: TokenMachine.Input) {
        let (now, unixTime) = (time.now, unixTime())
        state.withLock { $0.feed(input, at: now, unixTime: unixTime) }
    }

    private func withdraw(_ number: Int) {
        let (now, unixTime) = (time.now, unixTime())
        state.withLock { $0.withdraw(number, at: now, unixTime: unixTime) }
    }
}
