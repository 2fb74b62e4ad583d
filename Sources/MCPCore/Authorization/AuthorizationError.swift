/// Why there is no token: where it went wrong, and one phrase that holds no secret.
public struct AuthorizationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// How far it had come.
    public var stage: Stage
    /// One phrase, with the URL or limit that it is about.
    public var text: String

    /// The steps of signing in.
    public enum Stage: String, Sendable, CaseIterable {
        /// What the application gave cannot work, or it signs in already.
        case setup
        /// Finding out who authorizes for the server (RFC 9728, RFC 8414).
        case metadata
        /// Registering the client (RFC 7591).
        case registration
        /// With the user, and the way back.
        case user
        /// Getting tokens (RFC 6749, sections 4.1.3 and 6).
        case token
        /// The task was cancelled.
        case cancelled
    }

    /// Makes an error.
    public init(_ stage: Stage, _ text: String) {
        self.stage = stage
        self.text = text
    }

    /// Stage and phrase.
    public var description: String { "\(stage): \(text)" }
}
