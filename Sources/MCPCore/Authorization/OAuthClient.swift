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

/// Takes the user to an authorization server and back: a browser and a listener for the redirect, as a rule.
public protocol SignInAgent: Sendable {
    /// Shows the user that URL, and returns the URL at the redirect URI that the server sent them back to.
    ///
    /// Throws when the user gives up, and when the task is cancelled; without a time limit of its own it may wait for
    /// ever.
    func authorize(_ url: String) async throws -> String
}
