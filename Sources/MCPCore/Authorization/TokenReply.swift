import MCPWire

/// What an authorization server answers to a token request (RFC 6749, sections 5.1 and 5.2).
public enum TokenReply: Sendable, Equatable {
    /// Tokens.
    case granted(GrantedToken)
    /// The refresh token or the code is no longer good (`invalid_grant`).
    case invalidGrant
    /// Nothing will come of asking again; one phrase says why.
    case refused(String)
    /// It may be otherwise the next time; `retryAfter` is the header as written.
    case failed(String, retryAfter: String?)

    /// Reads a response; errors that the server words itself are not repeated, since they may hold anything.
    public init(status: Int, retryAfter: String? = nil, body: [UInt8]) {
        let value = try? JSONValue(body, depthMax: 64)
        switch status {
        case 200:
            guard let value, value.members != nil else {
                self = .failed("the body of the token response is no JSON object", retryAfter: nil)
                return
            }
            self = Self.granted(value)
        case 408, 429, 500...599: self = .failed("status \(status)", retryAfter: retryAfter)
        default: self = Self.refused(status, code: value?["error"]?.text)
        }
    }

    private static func granted(_ value: JSONValue) -> TokenReply {
        guard let token = value["access_token"]?.text, isToken(token) else {
            return .refused("the token response has no access_token that a header can carry")
        }
        guard value["token_type"]?.text?.lowercased() ?? "bearer" == "bearer" else {
            return .refused("the token response has a token_type other than Bearer")
        }
        let refreshToken = value["refresh_token"]?.text.flatMap { $0.isEmpty ? nil : $0 }
        return .granted(
            GrantedToken(
                accessToken: token, refreshToken: refreshToken, expiresIn: lifetime(value["expires_in"]),
                scope: value["scope"]?.text))
    }

    /// Whole seconds; a life beyond a century, or before its beginning, is as good as none that is said.
    private static func lifetime(_ value: JSONValue?) -> Int64? {
        guard case .number(let text)? = value, let seconds = Double(text), (0...3_155_760_000).contains(seconds) else {
            return nil
        }
        return Int64(seconds.rounded(.down))
    }

    private static func refused(_ status: Int, code: String?) -> TokenReply {
        switch code {
        case "invalid_grant": .invalidGrant
        case "temporarily_unavailable", "server_error": .failed(code ?? "", retryAfter: nil)
        case let code? where knownCodes.contains(code): .refused(code)
        default: .refused("status \(status)")
        }
    }

    /// Whether the server does not know the client, or does not let it do this (RFC 6749, section 5.2).
    var refusesClient: Bool { self == .refused("invalid_client") || self == .refused("unauthorized_client") }

    private static let knownCodes = [
        "invalid_request", "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
        "invalid_target", "access_denied",
    ]

    /// Visible ASCII, 64 KiB at most.
    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 65_536 && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}

/// Tokens as they were granted; the description holds no secret.
public struct GrantedToken: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    /// The access token.
    public var accessToken: String
    /// The new refresh token; nil leaves the old one good (RFC 6749, section 6).
    public var refreshToken: String?
    /// The life of the access token in seconds; nil if it is not said.
    public var expiresIn: Int64?
    /// What was granted; nil is what was asked for.
    public var scope: String?

    /// Granted tokens.
    public init(accessToken: String, refreshToken: String? = nil, expiresIn: Int64? = nil, scope: String? = nil) {
        self.accessToken = accessToken
        self.refreshToken = refreshToken
        self.expiresIn = expiresIn
        self.scope = scope
    }

    /// What there is, without its value.
    public var description: String { "granted token" + (refreshToken == nil ? "" : " with a refresh token") }
    /// No children.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
