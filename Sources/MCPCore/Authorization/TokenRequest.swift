import HTTPTypes
import MCPWire

/// A request to a token endpoint (RFC 6749, sections 4.1.3 and 6).
struct TokenRequest: Sendable {
    /// Method, URL and headers.
    var head: HTTPRequest
    /// The form.
    var body: [UInt8]

    /// A refresh; `resource` is left out before 2025-06-18.
    init(refreshing credential: Credential, with refreshToken: String, at endpoint: HTTPURL, resource: String?) {
        var fields = [(name: "grant_type", value: "refresh_token"), (name: "refresh_token", value: refreshToken)]
        if let resource { fields.append((name: "resource", value: resource)) }
        self.init(fields, client: credential.client, at: endpoint)
    }

    /// The exchange of a code for tokens, with the verifier of its challenge (RFC 7636, section 4.5).
    init(
        code: String, verifier: String, redirectURI: String, client: RegisteredClient, at endpoint: HTTPURL,
        resource: String?
    ) {
        var fields = [
            (name: "grant_type", value: "authorization_code"), (name: "code", value: code),
            (name: "redirect_uri", value: redirectURI), (name: "code_verifier", value: verifier),
        ]
        if let resource { fields.append((name: "resource", value: resource)) }
        self.init(fields, client: client, at: endpoint)
    }

    private init(_ fields: [(name: String, value: String)], client: RegisteredClient, at endpoint: HTTPURL) {
        // Beside a header it is allowed (RFC 6749, section 3.2.1), and servers of the official Python SDK want it.
        var fields = fields + [(name: "client_id", value: client.id)]
        head = HTTPRequest(method: .post, endpoint)
        head.headerFields[.contentType] = "application/x-www-form-urlencoded"
        if let secret = client.secret, !client.sendsSecretInBody {
            let pair = FormText.encode(client.id.utf8) + ":" + FormText.encode(secret.utf8)
            var header = Array("Basic ".utf8)
            Base64.encode(Array(pair.utf8), into: &header)
            head.headerFields[.authorization] = String(decoding: header, as: UTF8.self)
        } else if let secret = client.secret {
            fields.append((name: "client_secret", value: secret))
        }
        body = Array(FormText.encode(fields).utf8)
    }
}

extension HTTPRequest {
    /// A request for JSON from that URL.
    init(method: Method, _ url: HTTPURL) {
        self.init(method: method, scheme: url.origin.scheme, authority: url.origin.authority, path: url.target)
        headerFields[.accept] = "application/json"
    }
}
