extension ChannelKind {
    /// Whether its channels have a route, a tool or a message beside the server.
    var hasDetail: Bool {
        switch self {
        case .wire, .effects, .statuses, .pushed: true
        case .states, .tools, .results, .progress, .notifications, .notices: false
        }
    }

    /// Whether that is a route, by which servers of all kinds are reached.
    var hasRoutes: Bool { self == .wire || self == .statuses }

    /// Whether its channels are of steps, by their ids.
    var isOfSteps: Bool { self == .results || self == .progress }

    /// What stands beside the server, in an error.
    var detailWords: String { hasRoutes ? "routes" : self == .pushed ? "messages" : "tools" }

    /// Whether each client has channels of its own; otherwise all clients share them.
    var isOfEachClient: Bool { !hasDetail }

    /// Whether only channels that the file mentions are looked at.
    var isOptional: Bool { self == .statuses || self == .pushed }

    /// The keys of an entry.
    var entryKeys: [String] {
        switch self {
        case .states: ["at", "state", "attempt", "reason", "will-retry", "times", "as", "after"]
        case .tools: ["at", "count", "times", "as", "after"]
        case .results: ["at", "result", "error", "settled", "times", "as", "after"]
        case .progress: ["at", "progress", "times", "as", "after"]
        case .wire: ["at", "count", "token", "resumes", "session", "as", "after"]
        case .effects, .pushed: ["at", "count", "as", "after"]
        case .notifications: ["at", "method", "data", "times", "as", "after"]
        case .notices: ["at", "kind", "times", "as", "after"]
        case .statuses: ["at", "status", "count", "as", "after"]
        }
    }
}
