import HTTPTypes
import MCPWire

/// A client's registration of itself (RFC 7591).
struct ClientRegistration: Sendable {
    let client: OAuthClient

    /// Registers; throws `registration` for what is no new client.
    func send(
        to endpoint: HTTPURL, by exchange: AuthorizationExchange
    ) async throws(AuthorizationError) -> RegisteredClient {
        var head = HTTPRequest(method: .post, endpoint)
        head.headerFields[.contentType] = "application/json"
        switch await exchange.send(head, body: metadata.encoded) {
        case .success(let response): return try Self.client(response, at: endpoint)
        case .failure(let failure): throw failure.error(.registration, at: endpoint)
        }
    }

    private var metadata: JSONValue {
        [
            "client_name": .string(client.name), "redirect_uris": [.string(client.redirectURI)],
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
            // What is installed on a user's machine keeps no secret (RFC 8252, section 8.4).
            "token_endpoint_auth_method": "none",
        ]
    }

    private static func client(
        _ response: AuthorizationExchange.Response, at endpoint: HTTPURL
    ) throws(AuthorizationError) -> RegisteredClient {
        guard response.status == 201 || response.status == 200 else {
            throw AuthorizationError(.registration, "\(endpoint.plain): status \(response.status)")
        }
        guard let value = try? JSONValue(response.body, depthMax: 64), let id = value["client_id"]?.text, !id.isEmpty
        else { throw AuthorizationError(.registration, "\(endpoint.plain): the response has no client_id") }
        return RegisteredClient(
            id: id, secret: value["client_secret"]?.text,
            sendsSecretInBody: value["token_endpoint_auth_method"] == "client_secret_post")
    }
}
