import MCPCore
import RepriseSimulation

/// The server from which a test's recording is made.
///
/// Only whole messages are recorded, no header fields, environment or command lines, and nothing is redacted: a session
/// in which something looks like a secret is not written. Such sessions are for `reprise record`, which redacts.
public struct RecordingSource: Sendable {
    enum Kind: Sendable {
        case double(ServerDescription)
        case live(@Sendable () async throws -> any MessageConnector)
    }

    let kind: Kind

    /// A declared double; the test runs in virtual time while it is recorded too.
    public static func double(_ description: ServerDescription) -> RecordingSource {
        RecordingSource(kind: .double(description))
    }

    /// A real server, reached through what the closure returns; the test runs in real time while it is recorded.
    public static func live(_ connector: @escaping @Sendable () async throws -> any MessageConnector) -> RecordingSource
    {
        RecordingSource(kind: .live(connector))
    }
}
