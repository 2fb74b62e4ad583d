import Synchronization

/// Where the credential for one server is kept; several authorizers and processes may share one.
///
/// A store whose medium fails goes on in memory: the user should not lose a sign-in because a disk is full. It does its
/// work also in a task that is cancelled.
public protocol TokenStore: Sendable {
    /// What is stored; nil is nothing.
    func load() async -> Credential?

    /// Stores a credential if what is stored has that issue, 0 being nothing; returns whether it did.
    ///
    /// Comparing and storing is one step, for all who share the store: a refresh token that can be used once must not
    /// be written over by somebody who was too late (AE-05).
    func replace(issue: Int, with credential: Credential) async -> Bool
}

/// A store that lasts as long as the process.
public final class MemoryTokenStore: TokenStore {
    private let credential: Mutex<Credential?>

    /// A store with that credential in it.
    public init(_ credential: Credential? = nil) {
        self.credential = Mutex(credential)
    }

    /// What is stored.
    public func load() async -> Credential? { credential.withLock { $0 } }

    /// Stores a credential in place of the one with that issue.
    public func replace(issue: Int, with credential: Credential) async -> Bool {
        self.credential.withLock { stored in
            guard (stored?.issue ?? 0) == issue else { return false }
            stored = credential
            return true
        }
    }
}
