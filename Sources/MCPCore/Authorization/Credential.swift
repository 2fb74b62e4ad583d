/// An access token with all that it takes to replace it, as it stands in a ``TokenStore``.
///
/// Its description holds no secret.
public struct Credential: Sendable, Equatable {
    /// What stands behind `Bearer`.
    public var accessToken: String
    /// What it is replaced with; nil if only the user can.
    public var refreshToken: String?
    /// Rises with each credential that is stored; the first has 1.
    public var issue: Int
    /// When the access token expires, in seconds of Unix time by the local clock; nil if nobody said.
    public var expiresAt: Int64?
    /// What the token allows, names with single spaces between; nil if nobody said.
    public var scope: String?
    /// Whom it was issued to.
    public var client: RegisteredClient
    /// The authorization server that issued it, by the name that its metadata gives; nil if nobody said.
    public var issuer: String?
    /// The URL where it is replaced.
    public var tokenEndpoint: String
    /// What it is good for, as it was asked for (RFC 8707); nil is the URL of the MCP server.
    public var resource: String?

    /// A credential.
    public init(
        accessToken: String, refreshToken: String?, issue: Int = 1, expiresAt: Int64? = nil, scope: String? = nil,
        client: RegisteredClient, issuer: String? = nil, tokenEndpoint: String, resource: String? = nil
    ) {
        self.accessToken = accessToken
        self.refreshToken = refreshToken
        self.issue = issue
        self.expiresAt = expiresAt
        self.scope = scope
        self.client = client
        self.issuer = issuer
        self.tokenEndpoint = tokenEndpoint
        self.resource = resource
    }

    /// The token to send.
    public var token: AccessToken { AccessToken(accessToken, issue: issue) }
}

/// A client that an authorization server knows.
public struct RegisteredClient: Sendable, Equatable {
    /// Its public id.
    public var id: String
    /// Its secret; nil for a public client.
    public var secret: String?
    /// Whether the secret goes into the body of a token request and not into its header (RFC 6749, section 2.3.1).
    public var sendsSecretInBody: Bool
    /// When its secret is no longer good, in seconds of Unix time; nil is never.
    public var secretExpiresAt: Int64?
    /// Where users come back to, if it registered itself with that and nothing else.
    public var redirectURI: String?

    /// A client.
    public init(
        id: String, secret: String? = nil, sendsSecretInBody: Bool = false, secretExpiresAt: Int64? = nil,
        redirectURI: String? = nil
    ) {
        self.id = id
        self.secret = secret
        self.sendsSecretInBody = sendsSecretInBody
        self.secretExpiresAt = secretExpiresAt
        self.redirectURI = redirectURI
    }

    /// Whether users can sign in by it: with that way back, at that Unix time in seconds.
    func isUsable(redirectURI: String, unixTime: Int64) -> Bool {
        self.redirectURI ?? redirectURI == redirectURI && secretExpiresAt.map { unixTime < $0 } ?? true
    }
}

// Nothing that is printed, interpolated or dumped shows a secret.

extension Credential: CustomStringConvertible, CustomReflectable {
    /// The number of the issue, and whether it can be replaced.
    public var description: String {
        "credential \(issue) of \(client.id)" + (refreshToken == nil ? "" : " with a refresh token")
    }
    /// No children.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension RegisteredClient: CustomStringConvertible, CustomReflectable {
    /// The id, and whether there is a secret.
    public var description: String { id + (secret == nil ? "" : " with a secret") }
    /// No children.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension AccessToken: CustomStringConvertible, CustomReflectable {
    /// The number of the issue.
    public var description: String { "token \(issue)" }
    /// No children.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
