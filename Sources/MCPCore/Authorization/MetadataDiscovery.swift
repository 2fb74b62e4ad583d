import MCPWire

/// Finds out who authorizes for an MCP server, in the order that a revision of MCP says (basic/authorization of each).
///
/// Until 2025-03-26 the server's origin is its own authorization server, with or without metadata. From 2025-06-18 on
/// the server names others (RFC 9728), where a challenge says or at well-known places, which are then asked (RFC 8414;
/// from 2025-11-25 on also OpenID Connect Discovery). A place that answers with 4xx is passed over for the next, unless
/// it only says that it has no time.
public struct MetadataDiscovery: Sendable {
    /// What is to be done next.
    public enum Step: Sendable, Equatable {
        /// GET this URL, and give what comes to ``receive(_:)``.
        case fetch(HTTPURL)
        /// It is found.
        case found(Authority)
        /// It cannot be found.
        case failed(AuthorizationError)
    }

    /// Who authorizes for a server.
    public struct Authority: Sendable, Equatable {
        /// What the MCP server says; nil before 2025-06-18.
        public var resource: ResourceMetadata?
        /// What the authorization server says.
        public var server: ServerMetadata
    }

    /// What came of a request.
    public struct Reply: Sendable, Equatable {
        /// The status.
        public var status: Int
        /// `Location`, if it is there.
        public var location: String?
        /// The whole body.
        public var body: [UInt8]

        /// A response.
        public init(status: Int, location: String? = nil, body: [UInt8] = []) {
            self.status = status
            self.location = location
            self.body = body
        }
    }

    /// Redirects that are followed for one document, within its origin.
    public static let redirectsMax = 3

    private let server: HTTPURL
    private let revision: ProtocolRevision
    private let rule: EndpointRule
    /// What the MCP server has said of itself.
    private var resource: ResourceMetadata?
    /// Whose metadata is being looked for; nil while it is the MCP server's own.
    private var issuer: String?
    /// Where to look, the present place first.
    private var places: [HTTPURL] = []
    private var redirectCount = 0

    /// The discovery for the MCP server at `server`, which may have sent a challenge.
    public init(server: HTTPURL, revision: ProtocolRevision, challenge: Challenge?, requiresHTTPS: Bool = true) {
        self.server = server
        self.revision = revision
        rule = EndpointRule(requiresHTTPS: requiresHTTPS)
        guard revision.hasResourceMetadata else {
            issuer = server.origin.description
            places = [HTTPURL(server.origin, path: "/.well-known/oauth-authorization-server")]
            return
        }
        if let text = challenge?["resource_metadata"] {
            // A URL that is none leaves no place, which is then said.
            places = HTTPURL(text).map { [$0] } ?? []
        } else {
            places = Self.places("oauth-protected-resource", at: server)
        }
    }

    /// The first step.
    public func begin() -> Step { next() }

    /// The step after a response to the request that was asked for.
    public mutating func receive(_ reply: Reply) -> Step {
        guard let place = places.first else { return next() }
        switch reply.status {
        case 200:
            do throws(AuthorizationError) { return try read(reply.body, at: place) } catch { return .failed(error) }
        case 301, 302, 303, 307, 308: return follow(reply.location, from: place)
        case 408, 425, 429: return failed("\(place.plain): status \(reply.status)")
        case 400...499:
            places.removeFirst()
            redirectCount = 0
            if places.isEmpty, !revision.hasResourceMetadata {
                return .found(Authority(server: ServerMetadata(fallbackAt: server.origin)))
            }
            return places.isEmpty
                ? failed("\(place.plain): status \(reply.status), and there is no other place") : next()
        default: return failed("\(place.plain): status \(reply.status)")
        }
    }

    private func next() -> Step {
        guard let place = places.first else { return failed("the challenge's resource_metadata is no URL for HTTP") }
        guard rule.allows(place) else { return failed("\(place.plain) is neither https nor loopback") }
        return .fetch(place)
    }

    private func failed(_ text: String) -> Step { .failed(AuthorizationError(.metadata, text)) }

    private mutating func follow(_ location: String?, from place: HTTPURL) -> Step {
        // What another origin says is not what this one says of itself.
        guard let target = location.flatMap(place.resolving) else {
            return failed("\(place.plain): redirected to nowhere")
        }
        guard target.origin == place.origin else {
            return failed("\(place.plain): redirected away from its origin, which is not followed")
        }
        redirectCount += 1
        guard redirectCount <= Self.redirectsMax else {
            return failed("\(place.plain): more than \(Self.redirectsMax) redirects")
        }
        places[0] = target
        return next()
    }

    private mutating func read(_ body: [UInt8], at place: HTTPURL) throws(AuthorizationError) -> Step {
        if let issuer {
            let found = try ServerMetadata(
                body, at: place, issuer: issuer, revision: revision, requiresHTTPS: rule.requiresHTTPS)
            return .found(Authority(resource: resource, server: found))
        }
        let found = try ResourceMetadata(body, at: place, server: server)
        // Which of several to take is left to clients (RFC 9728, section 7.6).
        let named = found.authorizationServers[0]
        guard let url = HTTPURL(named), url.query == nil else {
            throw AuthorizationError(.metadata, "\(place.plain): authorization_servers begins with what is no issuer")
        }
        resource = found
        issuer = named
        redirectCount = 0
        places = Self.places("oauth-authorization-server", at: url, hasRoot: false)
        if revision.hasOpenIDDiscovery {
            places += Self.places("openid-configuration", at: url, hasRoot: false)
            let path = url.path.withoutLastSlash
            if !path.isEmpty { places.append(HTTPURL(url.origin, path: path + "/.well-known/openid-configuration")) }
        }
        return next()
    }

    /// The well-known places of a URL: before its path (RFC 8414, section 3.1), then at the root of its origin.
    private static func places(_ name: String, at url: HTTPURL, hasRoot: Bool = true) -> [HTTPURL] {
        let path = url.path.withoutLastSlash
        let root = HTTPURL(url.origin, path: "/.well-known/\(name)")
        if path.isEmpty { return [root] }
        return [HTTPURL(url.origin, path: "/.well-known/\(name)\(path)")] + (hasRoot ? [root] : [])
    }
}
