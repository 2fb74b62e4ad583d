import HTTPTypes
import MCPCore
import MCPWire

extension AuthorizationServer {
    /// What becomes of a token request: the outcome that is its turn, and if that is to grant, what the request deserves.
    mutating func token(_ request: ServiceRequest, at now: Instant) -> Reply {
        let outcomes = description.outcomes
        let outcome = outcomes.isEmpty ? .grant : outcomes[min(tokenRequestCount, outcomes.count - 1)]
        tokenRequestCount += 1
        switch outcome {
        case .error(let error): return .response(Self.failure(error, "as declared"))
        case .status(let status): return .response(ServiceResponse(status: status, text: "as declared"))
        case .reset: return .reset
        case .garbage:
            return .response(ServiceResponse(status: 200, body: Array("<p>token".utf8), type: "application/json"))
        case .grant, .sameToken:
            do throws(Refusal) {
                return .response(ServiceResponse(try tokens(for: request, keepsToken: outcome == .sameToken, at: now)))
            } catch {
                return .response(
                    Self.failure(error.error, error.text, status: error.error == "invalid_client" ? 401 : 400))
            }
        }
    }

    private mutating func tokens(
        for request: ServiceRequest, keepsToken: Bool, at now: Instant
    ) throws(Refusal) -> JSONValue {
        guard request.head.method == .post else { throw Refusal("invalid_request", "ask for tokens by POST") }
        let type = request.head.headerFields[.contentType] ?? ""
        guard type.lowercased().hasPrefix("application/x-www-form-urlencoded") else {
            throw Refusal("invalid_request", "the body is to be application/x-www-form-urlencoded")
        }
        let fields = FormFields(request.body)
        guard !fields.hasDuplicates else { throw Refusal("invalid_request", "a parameter comes twice") }
        let client = try authenticate(request.head, fields)
        switch fields["grant_type"] {
        case "authorization_code": return try redeem(fields, client, keepsToken: keepsToken, at: now)
        case "refresh_token": return try refresh(fields, client, keepsToken: keepsToken, at: now)
        default: throw Refusal("unsupported_grant_type", "neither authorization_code nor refresh_token")
        }
    }

    /// The client's id, after its secret was found right if it has one.
    private func authenticate(_ head: HTTPRequest, _ fields: FormFields) throws(Refusal) -> String {
        var (id, secret) = (fields["client_id"], fields["client_secret"])
        if let basic = Self.basic(head.headerFields[.authorization]) { (id, secret) = (basic.id, basic.secret) }
        guard let id, isKnown(id) else { throw Refusal("invalid_client", "the client is not known") }
        guard clients[id]?.secret == nil || clients[id]?.secret == secret else {
            throw Refusal("invalid_client", "the secret is wrong")
        }
        return id
    }

    private static func basic(_ authorization: String?) -> (id: String, secret: String)? {
        guard let parts = authorization?.split(separator: " "), parts.count == 2, parts[0].lowercased() == "basic",
            let bytes = Base64URL.decoded(Array(parts[1].utf8)[...])
        else { return nil }
        let halves = bytes.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        let texts = halves.map { String(decoding: FormText.decode($0), as: UTF8.self) }
        return (texts[0], texts[1])
    }

    // MARK: Grants

    /// Tokens for a code: once, by its client, for its redirect URI, and by the verifier of its challenge (RFC 7636).
    private mutating func redeem(
        _ fields: FormFields, _ client: String, keepsToken: Bool, at now: Instant
    ) throws(Refusal) -> JSONValue {
        guard let text = fields["code"], let index = codes.firstIndex(where: { $0.text == text }),
            codes[index].client == client,
            codes[index].redirectURI == fields["redirect_uri"] ?? codes[index].redirectURI
        else { throw Refusal("invalid_grant", "the code is not known, or of another client or redirect URI") }
        if let grant = codes[index].grant {
            grants[grant].isRevoked = true
            throw Refusal("invalid_grant", "the code was used before; what came of it is revoked")
        }
        guard now < codes[index].expiresAt else { throw Refusal("invalid_grant", "the code has expired") }
        var digest = SHA256()
        digest.update(Array((fields["code_verifier"] ?? "").utf8))
        guard Base64URL.encoded(digest.finishBytes()) == Array(codes[index].challenge.utf8) else {
            throw Refusal("invalid_grant", "the verifier does not fit the challenge")
        }
        try check(fields["resource"], against: codes[index].resource)
        guard grants.count < Self.entriesMax else { throw Refusal("temporarily_unavailable", "too many grants") }
        codes[index].grant = grants.count
        grants.append(Grant(client: client, scope: codes[index].scope, resource: codes[index].resource))
        return issue(
            grants.count - 1, scope: codes[index].scope, resource: fields["resource"], keepsToken: keepsToken,
            givesRefreshToken: true, at: now)
    }

    /// Tokens for a refresh token, which is replaced; one that was replaced before revokes all of its family.
    private mutating func refresh(
        _ fields: FormFields, _ client: String, keepsToken: Bool, at now: Instant
    ) throws(Refusal) -> JSONValue {
        guard let (grant, generation) = fields["refresh_token"].flatMap(place(ofRefreshToken:)),
            grants[grant].client == client
        else { throw Refusal("invalid_grant", "the refresh token is not known, or of another client") }
        guard !grants[grant].isRevoked else { throw Refusal("invalid_grant", "the grant is revoked") }
        try check(fields["resource"], against: grants[grant].resource)
        let scope = try narrowed(grants[grant].scope, to: fields["scope"])
        if generation < grants[grant].generation {
            guard generation == grants[grant].generation - 1, let rotatedAt = grants[grant].rotatedAt,
                now < rotatedAt.advanced(by: description.leeway)
            else {
                grants[grant].isRevoked = description.detectsReuse
                throw Refusal("invalid_grant", "the refresh token was used before")
            }
        } else if description.rotates {
            grants[grant].generation += 1
            grants[grant].rotatedAt = now
        }
        return issue(
            grant, scope: scope, resource: fields["resource"], keepsToken: keepsToken,
            givesRefreshToken: description.rotates, at: now)
    }

    /// A token is asked for the resource that was agreed to, or for none (RFC 8707, section 2.2).
    private func check(_ resource: String?, against agreed: String?) throws(Refusal) {
        guard resource == nil || resource == agreed else {
            throw Refusal("invalid_target", "the resource is not the one that was agreed to")
        }
    }

    /// A refresh may ask for less than was agreed to (RFC 6749, section 6).
    private func narrowed(_ agreed: String?, to asked: String?) throws(Refusal) -> String? {
        guard let asked else { return agreed }
        let held = (agreed ?? "").split(separator: " ")
        guard asked.split(separator: " ").allSatisfy(held.contains) else {
            throw Refusal("invalid_scope", "more than was agreed to")
        }
        return asked
    }

    private mutating func issue(
        _ grant: Int, scope: String?, resource: String?, keepsToken: Bool, givesRefreshToken: Bool, at now: Instant
    ) -> JSONValue {
        let minted: MintedToken
        if keepsToken, let last = grants[grant].lastToken {
            minted = last
        } else {
            minted = mint(for: grant, scope: scope, resource: resource, at: now)
            grants[grant].lastToken = minted
        }
        var members: [JSONValue.Member] = [
            .init("access_token", .string(minted.text)), .init("token_type", "Bearer"),
            .init("expires_in", .int(Int(description.lifetime.components.seconds))),
        ]
        if givesRefreshToken {
            let refreshToken = refreshToken(grant: grant, generation: grants[grant].generation)
            members.append(.init("refresh_token", .string(refreshToken)))
        }
        if let scope = minted.scope { members.append(.init("scope", .string(scope))) }
        return .object(members)
    }

    /// A new access token; its life begins when the response goes out.
    private mutating func mint(for grant: Int, scope: String?, resource: String?, at now: Instant) -> MintedToken {
        let issuedAt = Self.unixTime(
            at: now.advanced(by: description.takes).advanced(by: description.skew), origin: origin)
        defer { nextTokenNumber += 1 }
        return MintedToken(
            issuer: issuer, name: MintedToken.name(nextTokenNumber), subject: "\(grants[grant].client)/\(grant)",
            audience: resource, scope: scope, issuedAt: issuedAt,
            expiresAt: issuedAt + description.lifetime.components.seconds)
    }
}
