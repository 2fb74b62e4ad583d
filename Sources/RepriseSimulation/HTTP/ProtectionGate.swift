import HTTPTypes
import MCPCore
import MCPWire

/// Decides who may come in to a double of an MCP server, as its ``Protection`` says.
///
/// It knows the tokens of the doubles by themselves and asks nobody: a token is good if it was minted by its
/// authorization server for this resource, has not expired, and is not refused by the description. Its clock is right.
public struct ProtectionGate: Sendable {
    /// The scope that a sign-in is asked for where nothing else is needed; nothing needs it.
    public static let basicScope = "mcp"

    private let protection: Protection
    private let resource: String
    private let issuer: String
    /// When the description's instants count from; nil as long as they do not count.
    private var origin: Instant?

    /// The gate of the server with the endpoint `resource`, which trusts the authorization server at the origin `issuer`.
    public init(_ protection: Protection, resource: String, issuer: String) {
        self.protection = protection
        self.resource = resource
        self.issuer = issuer
    }

    /// From now on tokens expire and are refused; instants count from `origin`.
    public mutating func activate(origin: Instant) {
        self.origin = origin
    }

    /// The response that keeps a request out: 401 or 403 with a challenge; nil lets it in.
    ///
    /// From 2025-06-18 on the challenge says where the metadata is, and the token must be for this resource; from
    /// 2025-11-25 on it names a scope too (basic/authorization of each revision).
    public func check(
        _ head: HTTPRequest, route: String, revision: ProtocolRevision, at now: Instant
    ) -> ServiceResponse? {
        guard let authorization = head.headerFields[.authorization] else {
            return refusal(401, error: nil, scopes: asked(for: route), revision)
        }
        guard let token = Self.bearer(authorization).flatMap(MintedToken.init), isGood(token, revision, at: now),
            !isRefused(token.name, route, at: now)
        else { return refusal(401, error: "invalid_token", scopes: asked(for: route), revision) }
        let held = (token.scope ?? "").split(separator: " ").map(String.init)
        let needed = neededScopes(of: route)
        guard needed.allSatisfy(held.contains) else {
            let all = held + needed.filter { !held.contains($0) }
            return refusal(403, error: "insufficient_scope", scopes: all, revision)
        }
        return nil
    }

    /// The answer to a request for metadata (RFC 9728; RFC 8414 for clients of 2025-03-26); nil for any other path.
    public func metadata(for path: String) -> ServiceResponse? {
        let path = String(path.prefix { $0 != "?" })
        switch path {
        case "/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource" + endpointPath:
            return protection.metadata.response(to: path, valid: resourceMetadata, identity: "resource")
        case "/.well-known/oauth-authorization-server":
            let valid = AuthorizationServer.metadata(issuer: origin(of: resource), endpoints: issuer)
            return protection.metadata.response(to: path, valid: valid, identity: "issuer")
        default: return nil
        }
    }

    /// The name of the token that a request carries, `?` for one that no double has minted; nil without one.
    public static func tokenName(in head: HTTPRequest) -> String? {
        guard let authorization = head.headerFields[.authorization] else { return nil }
        return bearer(authorization).flatMap(MintedToken.init)?.name ?? "?"
    }

    // MARK: Tokens

    private static func bearer(_ authorization: String) -> String? {
        let parts = authorization.split(separator: " ")
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }

    private func isGood(_ token: MintedToken, _ revision: ProtocolRevision, at now: Instant) -> Bool {
        guard token.issuer == issuer, !revision.hasResourceMetadata || token.audience == resource else { return false }
        guard let origin else { return true }
        return AuthorizationServer.unixTime(at: now, origin: origin) < token.expiresAt
    }

    private func isRefused(_ token: String, _ route: String, at now: Instant) -> Bool {
        guard let origin else { return false }
        let present = Instant.zero.advanced(by: origin.duration(to: now))
        return protection.refusals.contains { refusal in
            (refusal.token ?? token) == token && (refusal.route ?? route) == route && refusal.from <= present
                && refusal.until.map { present < $0 } ?? true
        }
    }

    // MARK: Scopes and challenges

    private func neededScopes(of route: String) -> [String] {
        protection.neededScopes.filter { $0.route == route }.map(\.scope)
    }

    private func asked(for route: String) -> [String] {
        let needed = neededScopes(of: route)
        return needed.isEmpty ? [Self.basicScope] : needed
    }

    private func refusal(
        _ status: Int, error: String?, scopes: [String], _ revision: ProtocolRevision
    ) -> ServiceResponse {
        var parameters = error.map { ["error=\"\($0)\""] } ?? []
        if status == 403 || revision.hasOpenIDDiscovery {
            parameters.append("scope=\"\(scopes.joined(separator: " "))\"")
        }
        if revision.hasResourceMetadata {
            let metadata = origin(of: resource) + "/.well-known/oauth-protected-resource" + endpointPath
            parameters.append("resource_metadata=\"\(metadata)\"")
        }
        var response = ServiceResponse(status: status, text: error ?? "a token is needed")
        response.head.headerFields[.wwwAuthenticate] =
            parameters.isEmpty ? "Bearer" : "Bearer " + parameters.joined(separator: ", ")
        return response
    }

    // MARK: Metadata

    private var resourceMetadata: JSONValue {
        var scopes = [Self.basicScope]
        for needed in protection.neededScopes where !scopes.contains(needed.scope) { scopes.append(needed.scope) }
        return [
            "resource": .string(resource), "authorization_servers": [.string(issuer)],
            "scopes_supported": .array(scopes.map(JSONValue.string)), "bearer_methods_supported": ["header"],
        ]
    }

    /// The path of the endpoint, which metadata of one resource among several has at its end (RFC 9728, section 3.1).
    private var endpointPath: String { String(resource.dropFirst(origin(of: resource).count)) }

    private func origin(of url: String) -> String { AuthorizationServer.origin(of: url) }
}
