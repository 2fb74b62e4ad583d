import MCPCore
import MCPWire

extension AuthorizationServer {
    /// More clients than this do not register, more codes than this are not kept, more grants are not made.
    static let entriesMax = 100_000
    /// How long a code is good.
    static let codeLifetime = Duration.seconds(600)

    /// A client that has registered (RFC 7591).
    struct Registration: Sendable, Equatable {
        var redirectURIs: [String]
        /// Nil for a public client.
        var secret: String?
    }

    /// A code that a client gets tokens for, once.
    struct AuthorizationCode: Sendable {
        var text: String
        var client: String
        var redirectURI: String
        var challenge: String
        var scope: String?
        var resource: String?
        var expiresAt: Instant
        /// The grant that came of it; nil as long as it is unused.
        var grant: Int?
    }

    /// What a user has agreed to: the family of all tokens that come of it.
    struct Grant: Sendable {
        var client: String
        var scope: String?
        var resource: String?
        /// The how many-th refresh token is good, from 0.
        var generation = 0
        /// When the one before it was replaced.
        var rotatedAt: Instant?
        var isRevoked = false
        var lastToken: MintedToken?
    }

    /// Grants what the client ``configuredClient`` has on file: an access token of that name, and a refresh token.
    ///
    /// To be called before the world begins. `expires` counts from the origin of the description's instants. Tokens that are minted later have names after all that are on file.
    public mutating func credential(
        token name: String = "A", resource: String?, scope: String? = nil, expires: Instant,
        hasRefreshToken: Bool = true
    ) -> Credential {
        let grant = grants.count
        let expiresAt = Self.unixTime(at: expires, origin: .zero)
        let token = MintedToken(
            issuer: issuer, name: name, subject: "\(Self.configuredClient)/\(grant)", audience: resource, scope: scope,
            issuedAt: Self.unixTimeAtOrigin, expiresAt: expiresAt)
        grants.append(Grant(client: Self.configuredClient, scope: scope, resource: resource, lastToken: token))
        if let number = MintedToken.number(of: name) { nextTokenNumber = max(nextTokenNumber, number + 1) }
        return Credential(
            accessToken: token.text,
            refreshToken: hasRefreshToken ? refreshToken(grant: grant, generation: 0) : nil, expiresAt: expiresAt,
            scope: scope, client: RegisteredClient(id: Self.configuredClient), issuer: issuer,
            tokenEndpoint: issuer + "/token", resource: resource)
    }

    /// The refresh token of a generation of a grant: opaque to clients, and known again without being kept.
    func refreshToken(grant: Int, generation: Int) -> String {
        let text = "\(issuer) \(grant) \(generation)"
        return "refresh-\(grant)-\(generation)-\(SHA256.hexadecimal(of: Array(text.utf8)).prefix(16))"
    }

    /// The grant and generation of a refresh token; nil for one that was never given out.
    func place(ofRefreshToken text: String) -> (grant: Int, generation: Int)? {
        let parts = text.split(separator: "-")
        guard parts.count == 4, let grant = Int(parts[1]), let generation = Int(parts[2]),
            grants.indices.contains(grant), generation >= 0, generation <= grants[grant].generation,
            refreshToken(grant: grant, generation: generation) == text
        else { return nil }
        return (grant, generation)
    }

    /// A text that nobody can guess who does not know the seed.
    mutating func secret(_ kind: String) -> String {
        "\(kind)-" + String(decoding: Base64URL.encoded(random.bytes(24)), as: UTF8.self)
    }
}
