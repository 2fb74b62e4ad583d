import MCPWire

/// What an authorization server says of itself (RFC 8414).
public struct ServerMetadata: Sendable, Equatable {
    /// Its identity.
    public var issuer: String
    /// Where the user goes.
    public var authorizationEndpoint: HTTPURL
    /// Where tokens come from.
    public var tokenEndpoint: HTTPURL
    /// Where clients register themselves; nil if they cannot.
    public var registrationEndpoint: HTTPURL?
    /// Whether the id of a client may be the URL of its Client ID Metadata Document.
    public var takesClientDocuments = false
    /// Whether the way back from the user names the issuer (RFC 9207).
    public var namesIssuer = false
    /// Whether a client's secret goes into the body of a token request and not into its header.
    public var takesSecretInBody = false

    /// Reads the metadata found at `place` for `issuer`.
    ///
    /// Throws `metadata` for what is no JSON object, for another issuer (section 3.3), for endpoints that are missing or
    /// not to be used, and where S256 of PKCE is not offered; from 2025-11-25 on it has to be named.
    public init(
        _ body: [UInt8], at place: HTTPURL, issuer: String, revision: ProtocolRevision, requiresHTTPS: Bool = true
    ) throws(AuthorizationError) {
        let rule = EndpointRule(requiresHTTPS: requiresHTTPS)
        let metadata = try JSONValue.metadata(body, at: place)
        guard let named = metadata["issuer"]?.text else {
            throw AuthorizationError(.metadata, "\(place.plain): issuer is missing")
        }
        guard named.withoutLastSlash == issuer.withoutLastSlash else {
            throw AuthorizationError(.metadata, "\(place.plain): issuer is not the \(issuer) that was asked for")
        }
        guard let authorization = try rule.endpoint("authorization_endpoint", in: metadata, at: place) else {
            throw AuthorizationError(.metadata, "\(place.plain): authorization_endpoint is missing")
        }
        guard let token = try rule.endpoint("token_endpoint", in: metadata, at: place) else {
            throw AuthorizationError(.metadata, "\(place.plain): token_endpoint is missing")
        }
        let methods = metadata["code_challenge_methods_supported"]?.elements
        // Before 2025-11-25 a client could not rely on the server's saying so.
        guard methods?.contains("S256") ?? !revision.hasOpenIDDiscovery else {
            throw AuthorizationError(.metadata, "\(place.plain): code_challenge_methods_supported has no S256")
        }
        self.issuer = named
        authorizationEndpoint = authorization
        tokenEndpoint = token
        registrationEndpoint = try rule.endpoint("registration_endpoint", in: metadata, at: place)
        takesClientDocuments = metadata["client_id_metadata_document_supported"]?.boolean ?? false
        namesIssuer = metadata["authorization_response_iss_parameter_supported"]?.boolean ?? false
        if let methods = metadata["token_endpoint_auth_methods_supported"]?.elements {
            takesSecretInBody = methods.contains("client_secret_post") && !methods.contains("client_secret_basic")
        }
    }

    /// The endpoints of a server of 2025-03-26 without metadata, at its origin (basic/authorization, 2.3.3).
    public init(fallbackAt origin: Origin) {
        issuer = origin.description
        authorizationEndpoint = HTTPURL(origin, path: "/authorize")
        tokenEndpoint = HTTPURL(origin, path: "/token")
        registrationEndpoint = HTTPURL(origin, path: "/register")
    }
}

extension String {
    /// The text without a slash at its end: issuers with and without one are the same (basic/authorization, 2025-11-25).
    var withoutLastSlash: Substring { hasSuffix("/") ? dropLast() : self[...] }
}
