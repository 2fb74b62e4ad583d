import HTTPTypes
import MCPCore
import MCPWire

/// A double of an OAuth authorization server (OAuth 2.1 as MCP asks for it), with a user who agrees to everything.
///
/// Its endpoints are `/.well-known/oauth-authorization-server`, `/.well-known/openid-configuration`, `/register`
/// (RFC 7591), `/authorize` and `/token`. Its clock says 1,800,000,000 seconds of Unix time at the origin of its
/// description's instants.
public struct AuthorizationServer: HTTPService {
    /// Unix time, in seconds, at the origin of a scenario.
    public static let unixTimeAtOrigin: Int64 = 1_800_000_000
    /// The id of a client that is known without having registered; it may use any redirect URI.
    public static let configuredClient = "configured-client"

    let description: AuthorizationServerDescription
    /// Its issuer (RFC 8414): its origin.
    let issuer: String
    /// The endpoints that it mints tokens for.
    let resources: [String]
    var random: SplitMix64
    var origin = Instant.zero
    var clients: [String: Registration] = [:]
    /// The most recent codes, the oldest first.
    var codes: [AuthorizationCode] = []
    var grants: [Grant] = []
    var nextTokenNumber = 0
    var tokenRequestCount = 0
    /// What becomes of token requests that it has, by time.
    private var pending: [Pending] = []

    private struct Pending: Sendable {
        var at: Instant
        var exchange: Int
        var reply: Reply
    }

    /// What becomes of a request.
    enum Reply: Sendable {
        case response(ServiceResponse)
        case reset
    }

    /// A server that `origins` knows by its `name`; it mints tokens for the endpoint `/mcp` of each of the others.
    public init(
        _ description: AuthorizationServerDescription, name: String, origins: [String: String], seed: UInt64
    ) {
        guard let issuer = origins[name] else { preconditionFailure("no origin is known of \(name)") }
        self.description = description
        self.issuer = issuer
        resources = origins.filter { $0.key != name }.map { $0.value + "/mcp" }.sorted()
        random = SplitMix64(seed: seed, stream: "authorization server \(name)")
    }

    /// What a description's instants are in Unix time, in whole seconds.
    public static func unixTime(at now: Instant, origin: Instant) -> Int64 {
        let nanoseconds = origin.duration(to: now).wholeNanoseconds
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return unixTimeAtOrigin + seconds - (rest < 0 ? 1 : 0)
    }

    // MARK: HTTPService

    /// When the next token request is answered.
    public var nextDeadline: Instant? { pending.first?.at }

    /// Unix time counts from `origin`.
    public mutating func activate(origin: Instant) {
        self.origin = origin
    }

    /// The route of a request; of a token request its grant.
    public func detail(of request: ServiceRequest) -> ExchangeDetail {
        switch Self.path(of: request) {
        case "/token":
            ExchangeDetail(route: FormFields(request.body)["grant_type"] ?? "token")
        case "/register": ExchangeDetail(route: "register")
        case "/authorize": ExchangeDetail(route: "authorize")
        case let path where path.hasPrefix("/.well-known/"): ExchangeDetail(route: "metadata")
        case let path: ExchangeDetail(route: path)
        }
    }

    /// Answers a request; a token request after the time that it takes.
    public mutating func receive(_ request: ServiceRequest, at now: Instant) -> [ServiceAction] {
        let path = Self.path(of: request)
        switch path {
        case "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration":
            let valid = Self.metadata(
                issuer: issuer, endpoints: issuer, hasRegistration: description.hasRegistration)
            return actions(
                .response(description.metadata.response(to: path, valid: valid, identity: "issuer")), request)
        case "/register" where description.hasRegistration: return actions(.response(register(request)), request)
        case "/authorize": return actions(.response(authorize(request, at: now)), request)
        case "/token":
            let reply = token(request, at: now)
            guard description.takes > .zero else { return actions(reply, request) }
            let at = now.advanced(by: description.takes)
            // All take the same time, so that they are answered in their order.
            pending.append(Pending(at: at, exchange: request.exchange, reply: reply))
            return []
        default:
            return actions(.response(ServiceResponse(status: 404, text: "there is nothing at \(path)")), request)
        }
    }

    /// Forgets the answer; what the request did stays done.
    public mutating func abandoned(exchange: Int, at now: Instant) -> [ServiceAction] {
        pending.removeAll { $0.exchange == exchange }
        return []
    }

    /// Answers token requests whose time has come.
    public mutating func advance(to now: Instant) -> [ServiceAction] {
        let due = pending.prefix { $0.at <= now }
        pending.removeFirst(due.count)
        return due.flatMap { Self.actions($0.reply, exchange: $0.exchange) }
    }

    private func actions(_ reply: Reply, _ request: ServiceRequest) -> [ServiceAction] {
        Self.actions(reply, exchange: request.exchange)
    }

    private static func actions(_ reply: Reply, exchange: Int) -> [ServiceAction] {
        switch reply {
        case .response(let response): response.actions(exchange: exchange)
        case .reset: [.reset(exchange: exchange)]
        }
    }

    // MARK: Addresses

    private static func path(of request: ServiceRequest) -> String {
        String((request.head.path ?? "/").prefix { $0 != "?" })
    }

    /// The scheme and authority of a URL, as it is written.
    static func origin(of url: String) -> String { String(url.prefix(Origin.length(in: url) ?? 0)) }

    /// Metadata of an authorization server (RFC 8414) with its endpoints below an origin.
    static func metadata(issuer: String, endpoints: String, hasRegistration: Bool = true) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("issuer", .string(issuer)), .init("authorization_endpoint", .string(endpoints + "/authorize")),
            .init("token_endpoint", .string(endpoints + "/token")),
        ]
        if hasRegistration { members.append(.init("registration_endpoint", .string(endpoints + "/register"))) }
        members += [
            .init("response_types_supported", ["code"]),
            .init("grant_types_supported", ["authorization_code", "refresh_token"]),
            .init("code_challenge_methods_supported", ["S256"]),
            .init(
                "token_endpoint_auth_methods_supported", ["none", "client_secret_basic", "client_secret_post"]),
        ]
        if issuer == endpoints { members.append(.init("authorization_response_iss_parameter_supported", true)) }
        return .object(members)
    }
}
