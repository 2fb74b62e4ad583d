import MCPCore

extension Outcome {
    /// The words for errors, one for each case of `ConnectionError`.
    public static let errorWords = [
        "not-connected", "outcome-unknown", "not-in-manager-context", "unknown-server", "disabled", "needs-auth",
        "undeclared", "refused", "rejected", "timed-out", "cancelled", "illegal-transition",
    ]

    /// The word that scenarios use for an error of the connection manager.
    public static func word(for error: ConnectionError) -> String {
        switch error {
        case .notConnected: "not-connected"
        case .outcomeUnknown: "outcome-unknown"
        case .notInManagerContext: "not-in-manager-context"
        case .unknownServer: "unknown-server"
        case .disabled: "disabled"
        case .needsAuth: "needs-auth"
        case .undeclared: "undeclared"
        case .refused: "refused"
        case .rejected: "rejected"
        case .timedOut: "timed-out"
        case .cancelled: "cancelled"
        case .illegalTransition: "illegal-transition"
        }
    }
}
