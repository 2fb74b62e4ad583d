/// What the name of an HTTP header field says about its value.
enum HeaderMeaning: Equatable {
    /// On the safe list: kept but for secrets that patterns find or that are known.
    case safe
    /// Kept by a rule, but for known secrets.
    case keep
    /// A URL or a reference: user information and the secret values of its query and fragment go.
    case url
    /// Challenges: schemes and parameters stay readable, nonces go.
    case challenge
    /// A scheme's word, which is kept, and credentials.
    case authorization
    case cookie, setCookie
    /// An argument of a call, as secret as in the body; but in base64 nothing would be found.
    case argument
    /// Everything else: the whole value goes.
    case secret
}

/// The safe list of HTTP header fields: what debugging HTTP and MCP needs and what carries no secret by its definition.
///
/// Every field that is not named here loses its value, as nobody knows the fields that servers and gateways invent.
enum HeaderRules {
    /// Names on the safe list, in lower case.
    static let safe: Set<String> = [
        // Content and its negotiation (RFC 9110 sections 8, 12 and 14).
        "content-type", "content-length", "content-encoding", "content-language", "content-range", "accept",
        "accept-charset", "accept-encoding", "accept-language", "accept-ranges", "range", "vary",
        // Who speaks with whom.
        "host", "origin", "user-agent", "server", "x-powered-by", "date", "allow", "expect", "retry-after", "priority",
        "max-forwards", "x-requested-with",
        // Framing and connections (RFC 9110 section 7.6, RFC 9112).
        "connection", "keep-alive", "proxy-connection", "transfer-encoding", "te", "trailer", "upgrade",
        "upgrade-insecure-requests", "x-accel-buffering",
        // Caching; validators may tell users apart and are not here.
        "age", "cache-control", "pragma", "expires", "last-modified", "if-modified-since", "if-unmodified-since",
        // Streams and MCP; the session's id is a credential and is not here.
        "last-event-id", "mcp-protocol-version", "mcp-method", "mcp-name",
        // CORS and what browsers are told.
        "access-control-allow-credentials", "access-control-allow-headers", "access-control-allow-methods",
        "access-control-allow-origin", "access-control-expose-headers", "access-control-max-age",
        "access-control-request-headers", "access-control-request-method", "sec-fetch-dest", "sec-fetch-mode",
        "sec-fetch-site", "sec-fetch-user", "referrer-policy", "strict-transport-security", "x-content-type-options",
        "x-frame-options",
        // Limits.
        "ratelimit-limit", "ratelimit-policy", "ratelimit-remaining", "ratelimit-reset", "x-ratelimit-limit",
        "x-ratelimit-remaining", "x-ratelimit-reset",
    ]

    /// Names of fields that hold a URL.
    static let urls: Set<String> = ["location", "content-location", "referer"]

    /// Names of fields that hold challenges (RFC 9110 section 11.6.1).
    static let challenges: Set<String> = ["www-authenticate", "proxy-authenticate"]

    /// Parameters of challenges that are made to be used once, and so are credentials of a kind.
    static let secretParameters: Set<String> = ["nonce", "opaque", "nextnonce", "cnonce", "rspauth", "response"]

    /// Fields that repeat arguments of a call (MCP 2026-07-28) begin with this.
    static let argumentPrefix = "mcp-param-"

    static func meaning(of name: String, _ names: SecretNames) -> HeaderMeaning {
        let bytes = Array(name.utf8)
        let said = names.meaning(of: bytes)
        switch said {
        case .keep: return .keep
        case .authorization: return .authorization
        case .cookie: return .cookie
        case .setCookie: return .setCookie
        case .secret, .secretOrNumber: return .secret
        default: break
        }
        let name = SecretValues.lowercased(bytes)
        if safe.contains(name) { return .safe }
        if urls.contains(name) { return .url }
        if challenges.contains(name) { return .challenge }
        if name.hasPrefix(argumentPrefix) { return .argument }
        return .secret
    }

    /// Whether a value off the safe list is worth looking for in other texts: `gzip` and `production` are not.
    static func isSought(_ value: [UInt8], name: String, _ names: SecretNames) -> Bool {
        if names.isSecret(Array(name.utf8)) { return true }
        guard value.count >= 16, !SecretValues.looksPlain(value) else { return false }
        let hasDigit = value.contains { $0 >= 0x30 && $0 <= 0x39 }
        let hasLetter = value.contains { $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A }
        return hasDigit && hasLetter && !value.contains { $0 <= 0x20 || $0 == 0x2C || $0 == 0x3B }
    }
}
