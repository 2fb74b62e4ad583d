#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import MCPCore
import MCPWire

extension Authorizer {
    /// An authorizer with the system's clocks and random numbers, for the server at a URL.
    ///
    /// `user` takes the user to the authorization server and back; without one nobody can sign in. What is received is
    /// kept in `store`, by default as long as this process lives. Throws `setup` for a server that tokens must not be
    /// sent to.
    public convenience init(
        server: String, client: OAuthClient, user: (any SignInAgent)?, store: any TokenStore = MemoryTokenStore(),
        revision: ProtocolRevision = .november2025, sender: any HTTPSender = LiveHTTPSender(),
        policy: AuthorizationPolicy = .init()
    ) throws(AuthorizationError) {
        try self.init(
            server: server, revision: revision, store: store, sender: sender, time: LiveTimeSource(),
            unixTime: { Int64(time(nil)) }, policy: policy, client: client, user: user,
            generator: SystemRandomNumberGenerator())
    }
}
