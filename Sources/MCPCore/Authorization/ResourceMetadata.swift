import MCPWire

/// What an MCP server says of who authorizes for it (RFC 9728; MCP from 2025-06-18).
public struct ResourceMetadata: Sendable, Equatable {
    /// What tokens are asked for (RFC 8707), as the server writes it.
    public var resource: String
    /// The issuers of the authorization servers that it trusts, at least one.
    public var authorizationServers: [String]
    /// The scopes that it names; nil if it names none.
    public var scopes: [String]?

    /// Reads the metadata found at `place` for the server at `server`.
    ///
    /// Throws `metadata` for what is no JSON object, for a `resource` that is not the server's (section 3.3), and
    /// without authorization server.
    public init(_ body: [UInt8], at place: HTTPURL, server: HTTPURL) throws(AuthorizationError) {
        let metadata = try JSONValue.metadata(body, at: place)
        guard let resource = metadata["resource"]?.text else {
            throw AuthorizationError(.metadata, "\(place.plain): resource is missing")
        }
        guard let url = HTTPURL(resource), Self.covers(url, server) else {
            throw AuthorizationError(.metadata, "\(place.plain): resource is not the server at \(server.plain)")
        }
        let servers = (metadata["authorization_servers"]?.elements ?? []).compactMap(\.text)
        guard !servers.isEmpty else {
            throw AuthorizationError(.metadata, "\(place.plain): authorization_servers is missing or empty")
        }
        self.resource = resource
        authorizationServers = servers
        scopes = metadata["scopes_supported"]?.elements.map { $0.compactMap(\.text) }
    }

    /// Whether a resource is the server, or a part of its origin in which the server lies.
    static func covers(_ resource: HTTPURL, _ server: HTTPURL) -> Bool {
        guard resource.origin == server.origin, resource.query == nil || resource.query == server.query else {
            return false
        }
        let (outer, inner) = (resource.path.segments, server.path.segments)
        return inner.starts(with: outer)
    }
}

extension String {
    /// The parts of a path between slashes, one at its end aside.
    fileprivate var segments: [Substring] {
        var parts = split(separator: "/", omittingEmptySubsequences: false)
        if parts.last?.isEmpty == true { parts.removeLast() }
        return parts
    }
}

extension JSONValue {
    /// The JSON object that a metadata document has to be; throws `metadata` with its place.
    static func metadata(_ body: [UInt8], at place: HTTPURL) throws(AuthorizationError) -> JSONValue {
        guard let value = try? JSONValue(body, depthMax: 64), value.members != nil else {
            throw AuthorizationError(.metadata, "\(place.plain): the body is no JSON object")
        }
        return value
    }
}
