import HTTPTypes
import MCPCore
import MCPWire

extension AuthorizationServer {
    /// Registers a client (RFC 7591): it needs `redirect_uris`, and gets a secret unless it says that it keeps none.
    mutating func register(_ request: ServiceRequest) -> ServiceResponse {
        guard request.head.method == .post else {
            return Self.failure("invalid_request", "register by POST", status: 405)
        }
        guard let metadata = try? JSONValue(request.body), metadata.members != nil else {
            return Self.failure("invalid_client_metadata", "the body is no JSON object")
        }
        let redirectURIs = (metadata["redirect_uris"]?.elements ?? []).compactMap(\.text)
        guard !redirectURIs.isEmpty, redirectURIs.count <= 100, redirectURIs.allSatisfy(Self.isRedirectURI) else {
            return Self.failure("invalid_redirect_uri", "redirect_uris has no absolute URI, or something else")
        }
        guard clients.count < Self.entriesMax else {
            return Self.failure("invalid_client_metadata", "there are \(Self.entriesMax) clients already")
        }
        let method = metadata["token_endpoint_auth_method"]?.text ?? "client_secret_basic"
        let id = "client-\(clients.count + 1)"
        let client = Registration(
            redirectURIs: redirectURIs, secret: method == "none" ? nil : secret("secret"))
        clients[id] = client
        let own = ["client_id", "client_secret", "client_secret_expires_at", "token_endpoint_auth_method"]
        var members: [JSONValue.Member] = [.init("client_id", .string(id))]
        if let secret = client.secret {
            members += [.init("client_secret", .string(secret)), .init("client_secret_expires_at", 0)]
        }
        members.append(.init("token_endpoint_auth_method", .string(method)))
        members += (metadata.members ?? []).filter { !own.contains($0.key) }
        return ServiceResponse(status: 201, .object(members))
    }

    /// Sends the user back with a code, at once; what is wrong with client or redirect URI stays here (RFC 6749, 4.1.2.1).
    mutating func authorize(_ request: ServiceRequest, at now: Instant) -> ServiceResponse {
        guard request.head.method == .get else {
            return ServiceResponse(status: 405, text: "authorize by GET")
        }
        let fields = FormFields(queryOf: request.head.path ?? "")
        guard let client = fields["client_id"], isKnown(client) else {
            return ServiceResponse(status: 400, text: "the client is not known")
        }
        guard let redirectURI = redirectURI(fields["redirect_uri"], of: client) else {
            return ServiceResponse(status: 400, text: "the redirect URI is not one of the client's")
        }
        var answer = FormFields()
        switch code(for: fields, client: client, redirectURI: redirectURI, at: now) {
        case .success(let code): answer.append("code", code)
        case .failure(let refusal):
            answer.append("error", refusal.error)
            answer.append("error_description", refusal.text)
        }
        if let state = fields["state"] { answer.append("state", state) }
        answer.append("iss", issuer)
        return ServiceResponse(redirectTo: redirectURI + (redirectURI.contains("?") ? "&" : "?") + answer.encoded)
    }

    private mutating func code(
        for fields: FormFields, client: String, redirectURI: String, at now: Instant
    ) -> Result<String, Refusal> {
        guard !fields.hasDuplicates else { return .failure(.init("invalid_request", "a parameter comes twice")) }
        guard fields["response_type"] == "code" else {
            return .failure(.init("unsupported_response_type", "only response_type=code"))
        }
        guard let challenge = fields["code_challenge"], fields["code_challenge_method"] == "S256",
            (43...128).contains(challenge.utf8.count)
        else { return .failure(.init("invalid_request", "a code_challenge of the method S256 is needed")) }
        if let resource = fields["resource"], !isKnown(resource: resource) {
            return .failure(.init("invalid_target", "the resource is not known"))
        }
        let text = secret("code")
        if codes.count >= Self.entriesMax { codes.removeFirst() }
        codes.append(
            AuthorizationCode(
                text: text, client: client, redirectURI: redirectURI, challenge: challenge,
                scope: description.grantedScope ?? fields["scope"], resource: fields["resource"],
                expiresAt: now.advanced(by: Self.codeLifetime)))
        return .success(text)
    }

    /// Why a client does not get what it asks for.
    struct Refusal: Error, Equatable {
        /// The word of OAuth for it.
        var error: String
        /// For people.
        var text: String

        init(_ error: String, _ text: String) {
            self.error = error
            self.text = text
        }
    }

    static func failure(_ error: String, _ text: String, status: Int = 400) -> ServiceResponse {
        ServiceResponse(status: status, ["error": .string(error), "error_description": .string(text)])
    }

    // MARK: What is known

    func isKnown(_ client: String) -> Bool { client == Self.configuredClient || clients[client] != nil }

    /// A resource is an MCP endpoint of the world, or its origin.
    func isKnown(resource: String) -> Bool {
        let text = resource.hasSuffix("/") ? String(resource.dropLast()) : resource
        return resources.contains { $0 == text || Self.origin(of: $0) == text }
    }

    private func redirectURI(_ asked: String?, of client: String) -> String? {
        guard let known = clients[client]?.redirectURIs else {
            return asked.flatMap { Self.isRedirectURI($0) ? $0 : nil }
        }
        // The only one need not be named (RFC 6749, section 3.1.2.3).
        guard let asked else { return known.count == 1 ? known[0] : nil }
        return known.contains(asked) ? asked : nil
    }

    private static func isRedirectURI(_ text: String) -> Bool {
        text.utf8.count <= 2048 && text.contains(":") && !text.hasPrefix(":") && !text.contains("#")
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
