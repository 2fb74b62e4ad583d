import HTTPTypes
import MCPCore
import MCPWire

@testable import RepriseSimulation

/// A double of an authorization server `login` in a world with the MCP server `files`, and somebody who asks it by hand.
struct AuthorizationDesk {
    static let origins = ["login": "https://login.sim", "files": "https://files.sim"]
    static let resource = "https://files.sim/mcp"
    static let redirectURI = "http://127.0.0.1:7000/callback"
    /// Example of RFC 7636, appendix B.
    static let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    static let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

    var server: AuthorizationServer
    var now = Instant.zero
    private(set) var exchange = 0

    init(seed: UInt64 = 1, _ change: (inout AuthorizationServerDescription) -> Void = { _ in }) {
        var description = AuthorizationServerDescription()
        change(&description)
        server = AuthorizationServer(description, name: "login", origins: Self.origins, seed: seed)
        server.activate(origin: .zero)
    }

    /// What came of a request.
    struct Answer {
        var status = 0
        var fields = HTTPFields()
        var body: [UInt8] = []
        var isReset = false
        var isComplete = false

        var json: JSONValue { (try? JSONValue(body)) ?? .null }
        var error: String? { json["error"]?.text }
        /// The query of the address that it sends to.
        var query: FormFields { FormFields(queryOf: fields[.location] ?? "") }

        init(_ actions: [ServiceAction]) {
            for action in actions {
                switch action {
                case .head(_, let head): (status, fields) = (head.status.code, head.headerFields)
                case .body(_, let bytes, _): body += bytes
                case .end: isComplete = true
                case .reset: isReset = true
                case .effect: break
                }
            }
        }
    }

    @discardableResult
    mutating func ask(
        _ method: HTTPRequest.Method, _ path: String, type: String? = nil, authorization: String? = nil,
        body: [UInt8] = []
    ) -> Answer {
        exchange += 1
        var head = HTTPRequest(method: method, scheme: "https", authority: "login.sim", path: path)
        head.headerFields[.contentType] = type
        head.headerFields[.authorization] = authorization
        let request = ServiceRequest(exchange: exchange, client: 0, head: head, body: body)
        return Answer(server.receive(request, at: now))
    }

    /// A request for tokens with these fields.
    mutating func token(_ fields: [(String, String)], authorization: String? = nil) -> Answer {
        var form = FormFields()
        for (name, value) in fields { form.append(name, value) }
        return ask(
            .post, "/token", type: "application/x-www-form-urlencoded", authorization: authorization,
            body: Array(form.encoded.utf8))
    }

    /// A refresh by the client that is configured.
    @discardableResult
    mutating func refresh(_ refreshToken: String?, resource: String? = resource, client: String? = nil) -> Answer {
        var fields = [
            ("grant_type", "refresh_token"), ("refresh_token", refreshToken ?? ""),
            ("client_id", client ?? AuthorizationServer.configuredClient),
        ]
        if let resource { fields.append(("resource", resource)) }
        return token(fields)
    }

    /// Sends the user to agree, with some fields changed, or left out where the value is nil.
    mutating func authorize(_ changes: [String: String?] = [:]) -> Answer {
        var form = FormFields()
        let fields = [
            ("response_type", "code"), ("client_id", AuthorizationServer.configuredClient),
            ("redirect_uri", Self.redirectURI), ("state", "s 1"), ("code_challenge", Self.challenge),
            ("code_challenge_method", "S256"), ("scope", "mcp read"), ("resource", Self.resource),
        ]
        for (name, value) in fields {
            if let value = changes[name] ?? value { form.append(name, value) }
        }
        return ask(.get, "/authorize?" + form.encoded)
    }

    /// Redeems a code, with some fields changed, or left out where the value is nil.
    mutating func redeem(_ code: String?, _ changes: [String: String?] = [:]) -> Answer {
        let fields = [
            ("grant_type", "authorization_code"), ("code", code ?? ""),
            ("client_id", AuthorizationServer.configuredClient), ("redirect_uri", Self.redirectURI),
            ("code_verifier", Self.verifier), ("resource", Self.resource),
        ]
        return token(fields.compactMap { name, value in (changes[name] ?? value).map { (name, $0) } })
    }

    /// What the token in an answer says.
    static func minted(_ answer: Answer) -> MintedToken? {
        answer.json["access_token"]?.text.flatMap(MintedToken.init)
    }
}
