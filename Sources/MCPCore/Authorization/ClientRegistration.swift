import HTTPTypes
import MCPWire

/// A client's registration of itself (RFC 7591).
struct ClientRegistration: Sendable {
    let client: OAuthClient
    let server: ServerMetadata

    /// Registers; throws `registration` for what is no new client.
    func send(
        to endpoint: HTTPURL, by exchange: AuthorizationExchange
    ) async throws(AuthorizationError) -> RegisteredClient {
        var head = HTTPRequest(method: .post, endpoint)
        head.headerFields[.contentType] = "application/json"
        switch await exchange.send(head, body: metadata.encoded) {
        case .success(let response): return try registered(response, at: endpoint)
        case .failure(let failure): throw failure.error(.registration, at: endpoint)
        }
    }

    private var metadata: JSONValue {
        [
            "client_name": .string(client.name), "redirect_uris": [.string(client.redirectURI)],
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
            // What is installed on a user's machine keeps no secret (RFC 8252, section 8.4). Servers of the official Python
            // SDK take such clients too, though their metadata does not say so.
            "token_endpoint_auth_method": "none",
        ]
    }

    /// The client as it was registered, which need not be as it was asked for (RFC 7591, section 3.2.1).
    private func registered(
        _ response: AuthorizationExchange.Response, at endpoint: HTTPURL
    ) throws(AuthorizationError) -> RegisteredClient {
        func problem(_ text: String) -> AuthorizationError {
            AuthorizationError(.registration, "\(endpoint.plain): \(text)")
        }
        guard response.status == 201 || response.status == 200 else { throw problem("status \(response.status)") }
        guard let value = try? JSONValue(response.body, depthMax: 64), let id = value["client_id"]?.text, !id.isEmpty
        else { throw problem("the response has no client_id") }
        if let redirectURIs = value["redirect_uris"]?.elements, !redirectURIs.contains(.string(client.redirectURI)) {
            throw problem("the redirect URI was not registered")
        }
        let method = value["token_endpoint_auth_method"]?.text
        guard [nil, "none", "client_secret_basic", "client_secret_post"].contains(method) else {
            throw problem("the client was registered for a token_endpoint_auth_method that it did not ask for")
        }
        let expiry = value["client_secret_expires_at"]?.integer.flatMap { $0 > 0 ? Int64($0) : nil }
        return RegisteredClient(
            id: id, secret: method == "none" ? nil : value["client_secret"]?.text,
            sendsSecretInBody: method.map { $0 == "client_secret_post" } ?? server.takesSecretInBody,
            secretExpiresAt: expiry, redirectURI: client.redirectURI)
    }
}
