import MCPWire

/// A fixed `Authorization` header, which nothing can mend when a server refuses it (AE-15).
public struct StaticAuthorizer: RequestAuthorizer {
    private let header: AccessToken

    /// The authorizer of the token that stands behind `Bearer` in a configured header.
    public init(token: String) {
        header = AccessToken(token, issue: 1)
    }

    /// Asks nobody for anything.
    public func run() async {}

    /// It is configured beside the URL.
    public func serves(_ url: HTTPURL) -> Bool { true }

    /// The token, always.
    public func token() async -> AccessToken? { header }

    /// Nothing helps.
    public func recover(from refusal: AuthorizationRefusal) async -> AuthorizationRecovery {
        .refused("the server refused the configured Authorization header with status \(refusal.status)")
    }
}
