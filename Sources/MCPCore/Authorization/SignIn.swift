import HTTPTypes
import MCPWire

/// Signing in from the beginning to tokens that are not stored yet: metadata, registration, user, code.
struct SignIn: Sendable {
    let server: HTTPURL
    let revision: ProtocolRevision
    let exchange: AuthorizationExchange
    let client: OAuthClient
    let user: any SignInAgent
    let unixTime: @Sendable () -> Int64
    /// What the server last said it wants.
    let challenge: Challenge?
    /// The scopes to ask for in place of what the challenge says; nil leaves it to that.
    let scope: String?
    /// A client that an issuer knows from before.
    let known: Registration?

    /// A client and whom it is known to.
    struct Registration: Sendable {
        var issuer: String
        var client: RegisteredClient
    }

    /// What makes state and verifier, ``AuthorizationCode/randomByteCount`` bytes.
    let random: [UInt8]

    /// Goes the whole way; the credential has no issue yet.
    func credential() async throws(AuthorizationError) -> (credential: Credential, registration: Registration) {
        let authority = try await discover()
        let registered = try await register(authority.server)
        let resource = revision.hasResourceMetadata ? authority.resource?.resource ?? server.resource : nil
        let issuer = authority.server.issuer
        let code = AuthorizationCode(
            redirectURI: client.redirectURI, issuer: revision.hasResourceMetadata ? issuer : nil,
            needsIssuer: authority.server.namesIssuer, random: random)
        let wanted = scope(authority.resource)
        let url = code.url(
            at: authority.server.authorizationEndpoint, client: registered, scope: wanted, resource: resource)
        let text = try await redirect(by: url)
        let request = TokenRequest(
            code: try code.code(in: text), verifier: code.verifier, redirectURI: code.redirectURI, client: registered,
            at: authority.server.tokenEndpoint, resource: resource)
        let granted = try await redeem(request, at: authority.server.tokenEndpoint)
        let credential = Credential(
            accessToken: granted.accessToken, refreshToken: granted.refreshToken, issue: 0,
            expiresAt: granted.expiry(from: unixTime()), scope: granted.scope ?? wanted, client: registered,
            issuer: issuer, tokenEndpoint: authority.server.tokenEndpoint.description, resource: resource)
        return (credential, Registration(issuer: issuer, client: registered))
    }

    private func discover() async throws(AuthorizationError) -> MetadataDiscovery.Authority {
        var discovery = MetadataDiscovery(
            server: server, revision: revision, challenge: challenge, requiresHTTPS: exchange.policy.requiresHTTPS)
        var step = discovery.begin()
        while true {
            switch step {
            case .found(let authority): return authority
            case .failed(let error): throw error
            case .fetch(let url):
                var head = HTTPRequest(method: .get, url)
                head.headerFields[.mcpProtocolVersion] = revision.rawValue
                switch await exchange.send(head) {
                case .success(let response):
                    step = discovery.receive(
                        .init(status: response.status, location: response.location, body: response.body))
                case .failure(let failure): throw failure.error(.metadata, at: url)
                }
            }
        }
    }

    /// The client to sign in as: known beforehand, its document, known from before, or registered now.
    private func register(_ metadata: ServerMetadata) async throws(AuthorizationError) -> RegisteredClient {
        if var registered = client.registered {
            registered.sendsSecretInBody = registered.sendsSecretInBody || metadata.takesSecretInBody
            return registered
        }
        if let url = client.documentURL, metadata.takesClientDocuments, revision.hasOpenIDDiscovery {
            return RegisteredClient(id: url)
        }
        if let known, known.issuer == metadata.issuer,
            known.client.isUsable(redirectURI: client.redirectURI, unixTime: unixTime())
        {
            return known.client
        }
        guard let endpoint = metadata.registrationEndpoint else {
            let text = "\(metadata.issuer) lets no client register itself, and no client id is configured"
            throw AuthorizationError(.registration, text)
        }
        return try await ClientRegistration(client: client, server: metadata).send(to: endpoint, by: exchange)
    }

    /// The challenge is authoritative, then what the resource names (scope selection strategy of 2025-11-25).
    private func scope(_ resource: ResourceMetadata?) -> String? {
        if let scope { return scope }
        if let asked = challenge?["scope"], !asked.isEmpty { return asked }
        if revision.hasOpenIDDiscovery, let names = resource?.scopes, !names.isEmpty {
            return names.joined(separator: " ")
        }
        return client.scope
    }

    private func redirect(by url: HTTPURL) async throws(AuthorizationError) -> String {
        do {
            return try await user.authorize(url.description)
        } catch {
            if Task.isCancelled { throw AuthorizationError(.cancelled, "the task was cancelled") }
            // What the agent throws may hold the URL, and that the state.
            throw AuthorizationError(.user, "the user did not come back")
        }
    }

    private func redeem(
        _ request: TokenRequest, at endpoint: HTTPURL
    ) async throws(AuthorizationError) -> GrantedToken {
        let result = await exchange.send(request.head, body: request.body, isKept: true)
        if case .failure(.cancelled) = result { throw AuthorizationError(.cancelled, "the task was cancelled") }
        switch TokenReply(result) {
        case .granted(let granted): return granted
        case .invalidGrant: throw AuthorizationError(.token, "\(endpoint.plain): invalid_grant")
        case .refused(let text), .failed(let text, _): throw AuthorizationError(.token, "\(endpoint.plain): \(text)")
        }
    }
}

extension HTTPURL {
    /// The URL as a resource is named: without a lone slash at its end (basic/authorization, canonical server URI).
    var resource: String { path == "/" && query == nil ? origin.description : description }
}
