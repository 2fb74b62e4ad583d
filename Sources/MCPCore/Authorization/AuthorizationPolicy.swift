/// The numbers of authorization, all of which can be set.
public struct AuthorizationPolicy: Sendable, Equatable {
    /// Whether a token is replaced before it expires; a 401 has it replaced in any case (S-138).
    public var proactiveRefresh = false
    /// So long before it expires.
    public var proactiveMargin = Duration.seconds(30)
    /// Between two such refreshes, however wrong a clock is (AE-12).
    public var proactiveInterval = Duration.seconds(60)
    /// Retries of a refresh that failed in passing; then the user has to sign in (S-140).
    public var retries = 5
    /// The delays before them (S-032).
    public var backoff = Backoff(ConnectionPolicy())
    /// How often scopes are added on a server's demand between two sign-ins of the user (AE-15).
    public var stepUps = 3
    /// How long one request to an authorization server may take.
    public var requestTimeout = Duration.seconds(30)
    /// How long the answer to a token request still counts when nobody waits for it any more.
    ///
    /// The server may have replaced the refresh token, and that answer be the only place where the new one stands.
    public var grace = Duration.seconds(5)
    /// The longest body that is read from one, in bytes.
    public var bodyByteCountMax = 262_144
    /// Whether what is not loopback has to be `https` (OAuth 2.1, section 1.5); false is for closed networks.
    public var requiresHTTPS = true

    /// The defaults.
    public init() {}
}
