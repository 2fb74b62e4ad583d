import MCPCore
import RepriseSimulation

/// One thing that happened while a scenario ran: a line of its transcript.
public struct ScenarioEvent: Sendable, Equatable {
    /// What it was.
    public enum What: Sendable, Equatable {
        /// On the network, or in a server.
        case wire(WireEvent)
        /// In a client's connection manager.
        case manager(ManagerEvent)
        /// A client began a step.
        case step(String)
        /// A call with that id heard how far it has come.
        case progress(id: String, RequestProgress)
        /// A step with that id ended.
        case ended(id: String, Outcome)
    }

    /// Since the scenario's start.
    public var at: Instant
    /// The client's number, from 0.
    public var client: Int
    /// What happened.
    public var what: What

    /// Something that happened so long after the scenario's start.
    public init(at: Instant, client: Int, what: What) {
        self.at = at
        self.client = client
        self.what = what
    }

    /// What a scenario can expect of this; nil for what only the transcript tells.
    public var observation: Observation? {
        let channel: Channel
        let fact: Observation.Fact
        switch what {
        case .wire(let event):
            switch event.what {
            case .connect: (channel, fact) = (Channel(.wire, event.server, "connect"), .wire)
            case .clientClosed: (channel, fact) = (Channel(.wire, event.server, "close"), .wire)
            case .readPastEnd: (channel, fact) = (Channel(.wire, event.server, "read-past-end"), .wire)
            case .sent(.clientToServer, let name, _): (channel, fact) = (Channel(.wire, event.server, name), .wire)
            case .sent(.serverToClient, let name, _): (channel, fact) = (Channel(.pushed, event.server, name), .pushed)
            case .effect(let tool): (channel, fact) = (Channel(.effects, event.server, tool), .effect)
            case .request(let detail): (channel, fact) = (Channel(.wire, event.server, detail.route), .request(detail))
            case .response(let route, let status):
                (channel, fact) = (Channel(.statuses, event.server, route), .response(status: status))
            case .accepted, .lost, .arrived, .vanished: return nil
            }
        case .manager(.state(let change)):
            (channel, fact) = (Channel(.states, change.server), .state(change.status, revision: change.revision))
        case .manager(.tools(let change)):
            (channel, fact) = (Channel(.tools, change.server), .tools(count: change.tools.count))
        case .manager(.notification(let notification)):
            channel = Channel(.notifications, notification.server)
            fact = .notification(method: notification.method, params: notification.params)
        case .manager(.notice(let notice)): (channel, fact) = (Channel(.notices, notice.server), .notice(notice.kind))
        case .progress(let id, let progress):
            (channel, fact) = (Channel(.progress, id), .progress(progress.progress))
        case .ended(let id, let outcome):
            (channel, fact) = (Channel(.results, id), .result(outcome))
        case .step: return nil
        }
        return Observation(at: at, client: client, channel: channel, fact: fact)
    }
}

extension ScenarioEvent: CustomStringConvertible {
    /// Instant, tab, client and what happened.
    public var description: String { "\(at)\tclient \(client)\t\(text)" }

    private var text: String {
        switch what {
        case .wire(let event): "\(event.server) #\(event.connection)\t\(event.what)"
        case .manager(.state(let change)): "\(change.server)\t\(Self.text(change.status)) (revision \(change.revision))"
        case .manager(.tools(let change)):
            "\(change.server)\ttools: \(change.tools.count) (revision \(change.revision))"
        case .manager(.notification(let notification)):
            "\(notification.server)\t\(notification.method) \(notification.params)"
        case .manager(.notice(let notice)): "\(notice.server)\t\(notice.kind.rawValue): \(notice.text)"
        case .step(let text): "does\t\(text)"
        case .progress(let id, let progress):
            "progress\t\(id): \(progress.progress.shortText)"
                + (progress.total.map { " of \($0.shortText)" } ?? "")
        case .ended(let id, let outcome): "result\t\(id): \(outcome)"
        }
    }

    private static func text(_ status: ServerStatus) -> String {
        switch status {
        case .pending(let attempt, let maxAttempts): "pending, attempt \(attempt) of \(maxAttempts)"
        case .connected(let generation): "connected, generation \(generation)"
        case .failed(let reason, let willRetry): "failed (\(reason.rawValue)), \(willRetry ? "will retry" : "for good")"
        case .needsAuth: "needs-auth"
        case .disabled(.user): "disabled"
        case .disabled(.policy(let reason)): "disabled by policy: \(reason)"
        }
    }
}

extension Outcome: CustomStringConvertible {
    /// The result as JSON, the word for the error, or the servers with their states.
    public var description: String {
        switch self {
        case .result(let value): "\(value)"
        case .error(let word): word
        case .settled(let servers): servers.map { "\($0.server) \($0.state.rawValue)" }.joined(separator: ", ")
        }
    }
}
