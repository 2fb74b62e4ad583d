import MCPCore

/// How a double of an OAuth authorization server behaves.
///
/// It mints access tokens that are named in the order of their issue over the whole world: a client's first one on file
/// is `A`, the first that is minted is `B`. Refresh tokens are rotated unless said.
public struct AuthorizationServerDescription: Sendable, Equatable {
    /// How long a token request takes.
    public var takes: Duration = .zero
    /// What becomes of token requests, in their order; the last holds for all further ones, none is `grant`.
    public var outcomes: [TokenOutcome] = []
    /// The life of an access token (`expires_in`).
    public var lifetime: Duration = .seconds(3600)
    /// Whether a refresh gives a new refresh token and makes the old one invalid.
    public var rotates = true
    /// Whether the use of a refresh token that is no longer valid revokes all that came of it.
    public var detectsReuse = true
    /// For so long after its rotation a refresh token is still taken.
    public var leeway: Duration = .zero
    /// How far its clock is ahead, as seen in `exp`; negative is behind.
    public var skew: Duration = .zero
    /// Whether clients may register themselves (RFC 7591).
    public var hasRegistration = true
    /// The scope that a user grants, whatever is asked for; nil is what is asked for.
    public var grantedScope: String?
    /// What its own metadata (RFC 8414) looks like.
    public var metadata = MetadataBehaviour.valid

    /// A server that grants what is asked for, at once.
    public init() {}

    /// What becomes of a token request.
    public enum TokenOutcome: Sendable, Equatable {
        /// New tokens.
        case grant
        /// The access token that the client has already.
        case sameToken
        /// The answer `{"error": …}` with status 400, such as `invalid_grant`.
        case error(String)
        /// A status without a meaning in OAuth, such as 503.
        case status(Int)
        /// The connection is cut off.
        case reset
        /// 200 with a body that is no JSON.
        case garbage
    }
}
