import MCPWire

/// Gives requests to one server their access token, and says what to do when the server refuses one.
///
/// Shared by all connections to that server; any number of exchanges may ask at once.
public protocol RequestAuthorizer: Sendable {
    /// Asks for tokens, on behalf of whoever waits; returns when the task is cancelled. Run once, by a connector.
    func run() async

    /// Whether its tokens may be sent there; a connector refuses to connect elsewhere with it.
    func serves(_ url: HTTPURL) -> Bool

    /// The token to send now; nil is none. Waits while one is being asked for beforehand (`proactiveRefresh`).
    func token() async -> AccessToken?

    /// A request was refused: waits for another token, however many requests wait for the same one (AE-03).
    ///
    /// To be called once for each request and status; on `retry` the request is then sent once more.
    func recover(from refusal: AuthorizationRefusal) async -> AuthorizationRecovery
}

/// An access token with the number of its issue, which tells two issues of equal tokens apart.
public struct AccessToken: Sendable, Equatable {
    /// What stands behind `Bearer`.
    public var value: String
    /// Rises by one with each token that is stored.
    public var issue: Int

    /// A token.
    public init(_ value: String, issue: Int) {
        self.value = value
        self.issue = issue
    }
}

/// A request that a server refused for want of authorization (HTTP 401 or 403).
public struct AuthorizationRefusal: Sendable, Equatable {
    /// 401 or 403.
    public var status: Int
    /// The values of `WWW-Authenticate`, in order.
    public var challenges: [String]
    /// What the request had carried.
    public var token: AccessToken?

    /// A refusal.
    public init(status: Int, challenges: [String], token: AccessToken?) {
        self.status = status
        self.challenges = challenges
        self.token = token
    }
}

/// What follows from a refusal.
public enum AuthorizationRecovery: Sendable, Equatable {
    /// Send the request once more, with this token.
    case retry(AccessToken)
    /// Only the user can help, by signing in; one phrase says why.
    case signIn(String)
    /// Nothing can help: a static header was refused, or the server wants what no sign-in gives.
    case refused(String)
}
