import MCPWire

/// What an application says of itself to authorization servers.
public struct OAuthClient: Sendable, Equatable {
    /// The client that was registered beforehand; nil has it register itself (RFC 7591).
    public var registered: RegisteredClient?
    /// The `https` URL of its Client ID Metadata Document, used from 2025-11-25 on where the server takes one.
    public var documentURL: String?
    /// Where the user is sent back to: `https`, loopback, or a scheme of the application's own.
    public var redirectURI: String
    /// The name that users see.
    public var name: String
    /// The scopes to ask for where the server does not say; nil leaves it to the server.
    public var scope: String?

    /// A client.
    public init(
        registered: RegisteredClient? = nil, documentURL: String? = nil, redirectURI: String, name: String,
        scope: String? = nil
    ) {
        self.registered = registered
        self.documentURL = documentURL
        self.redirectURI = redirectURI
        self.name = name
        self.scope = scope
    }
}

extension OAuthClient {
    /// Throws `setup` for a way back that is neither `https`, loopback nor the application's own, and for a document that
    /// is not at an `https` URL with a path (MCP, basic/authorization, communication security and client id metadata).
    func check(requiresHTTPS: Bool) throws(AuthorizationError) {
        let rule = EndpointRule(requiresHTTPS: requiresHTTPS)
        guard redirectURI.contains(":"), HTTPURL(redirectURI).map(rule.allows) ?? !redirectURI.isHTTP else {
            throw AuthorizationError(
                .setup, "the redirect URI is neither https nor loopback nor of a scheme of its own")
        }
        guard let documentURL else { return }
        guard let url = HTTPURL(documentURL), url.origin.scheme == "https", url.path.count > 1 else {
            throw AuthorizationError(.setup, "the client's document is not at an https URL with a path")
        }
    }
}

extension String {
    /// Whether it is meant to be a URL of HTTP.
    fileprivate var isHTTP: Bool {
        ["http", "https"].contains(prefix { $0 != ":" }.lowercased())
    }
}

/// Takes the user to an authorization server and back: a browser and a listener for the redirect, as a rule.
public protocol SignInAgent: Sendable {
    /// Shows the user that URL, and returns the URL at the redirect URI that the server sent them back to.
    ///
    /// Throws when the user gives up, and when the task is cancelled; without a time limit of its own it may wait for
    /// ever.
    func authorize(_ url: String) async throws -> String
}
