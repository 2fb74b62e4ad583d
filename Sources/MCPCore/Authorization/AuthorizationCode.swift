import MCPWire

/// What a client keeps to itself between sending a user away and their coming back (RFC 6749, 4.1; RFC 7636).
struct AuthorizationCode: Sendable {
    /// Where they come back to.
    let redirectURI: String
    /// Comes back with them, so that nobody else's code is taken.
    let state: String
    /// Proves to the token endpoint that the code is ours.
    let verifier: String
    /// Who sends them back; nil is not checked.
    let issuer: String?
    /// Whether the way back has to name the issuer (RFC 9207).
    let needsIssuer: Bool

    /// Random bytes for a state of 128 bits and a verifier of 256.
    static let randomByteCount = 48

    /// Makes state and verifier of ``randomByteCount`` random bytes.
    init(redirectURI: String, issuer: String?, needsIssuer: Bool, random: [UInt8]) {
        self.redirectURI = redirectURI
        self.issuer = issuer
        self.needsIssuer = needsIssuer
        state = String(decoding: Base64URL.encoded(Array(random.prefix(16))), as: UTF8.self)
        verifier = String(decoding: Base64URL.encoded(Array(random.dropFirst(16))), as: UTF8.self)
    }

    /// The challenge of the verifier by the method S256.
    var challenge: String {
        var digest = SHA256()
        digest.update(Array(verifier.utf8))
        return String(decoding: Base64URL.encoded(digest.finishBytes()), as: UTF8.self)
    }

    /// The URL that the user is sent to.
    func url(at endpoint: HTTPURL, client: RegisteredClient, scope: String?, resource: String?) -> HTTPURL {
        var fields = [
            (name: "response_type", value: "code"), (name: "client_id", value: client.id),
            (name: "redirect_uri", value: redirectURI), (name: "state", value: state),
            (name: "code_challenge", value: challenge), (name: "code_challenge_method", value: "S256"),
        ]
        if let scope { fields.append((name: "scope", value: scope)) }
        if let resource { fields.append((name: "resource", value: resource)) }
        return endpoint.adding(fields)
    }

    /// The code in the URL that the user came back with; throws `user` for what is not the answer to this request.
    func code(in url: String) throws(AuthorizationError) -> String {
        guard url.utf8.count <= HTTPURL.byteCountMax else {
            throw AuthorizationError(.user, "the URL of the way back is longer than \(HTTPURL.byteCountMax) bytes")
        }
        let parts = url.prefix { $0 != "#" }.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let expected = redirectURI.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.first == expected.first else {
            throw AuthorizationError(.user, "the way back is not the redirect URI")
        }
        let fields = FormText.fields(of: parts.count > 1 ? Array(parts[1].utf8) : [])
        func value(_ name: String) throws(AuthorizationError) -> String? {
            let values = fields.filter { $0.name == name }.map(\.value)
            guard values.count <= 1 else { throw AuthorizationError(.user, "\(name) comes twice on the way back") }
            return values.first
        }
        guard try value("state") == state else {
            throw AuthorizationError(.user, "the state on the way back is not the one that was sent")
        }
        let named = try value("iss")
        if let issuer {
            guard named == nil ? !needsIssuer : named == issuer else {
                throw AuthorizationError(.user, "the issuer on the way back is not the one that was asked")
            }
        }
        if let error = try value("error") { throw AuthorizationError(.user, Self.phrase(error)) }
        guard let code = try value("code"), !code.isEmpty else {
            throw AuthorizationError(.user, "there is no code on the way back")
        }
        return code
    }

    /// Errors that the server words itself are not repeated, since they may hold anything (RFC 6749, section 4.1.2.1).
    private static func phrase(_ error: String) -> String {
        let known = [
            "invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_scope", "server_error",
            "temporarily_unavailable", "invalid_target",
        ]
        if error == "access_denied" { return "the user, or the server for them, did not agree" }
        return known.contains(error) ? "the server sent the user back with \(error)" : "the server sent an error"
    }
}
