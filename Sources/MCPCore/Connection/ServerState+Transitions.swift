extension ServerState {
    /// Whether a server may go from one state to another; `from` is nil when it is loaded (S-025: 17 pairs, 5 starts).
    public static func allows(from: ServerState?, to: ServerState) -> Bool {
        switch from {
        case nil, .pending: true
        case .connected: to != .connected
        case .failed: to == .pending || to == .needsAuth || to == .disabled
        case .needsAuth: to != .needsAuth
        case .disabled: to == .pending
        }
    }
}

/// The status of one server, which only changes along the edges of the table of states.
public struct StatusTrack: Sendable, Equatable {
    /// The status taken last; nil before the server is loaded.
    public private(set) var status: ServerStatus?

    /// A server that is not loaded yet.
    public init() {}

    /// Takes a status; throws `illegalTransition` and changes nothing when the table has no such edge (S-025).
    public mutating func take(_ next: ServerStatus) throws(ConnectionError) {
        guard ServerState.allows(from: status?.state, to: next.state) else {
            throw .illegalTransition(from: status?.state, to: next.state)
        }
        status = next
    }
}
