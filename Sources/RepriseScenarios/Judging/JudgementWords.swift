import MCPCore
import MCPWire
import RepriseSimulation

extension Observation.Fact {
    /// What it was, in the words of a mismatch: `failed (network, will retry)`.
    var words: String {
        switch self {
        case .state(let status, _): status.words
        case .wire: "one"
        case .tools(let count): count == 1 ? "1 tool" : "\(count) tools"
        case .result(let outcome): outcome.words
        case .effect, .pushed: "one"
        case .request(let detail): Self.words(detail)
        case .notification(let method, let params):
            method + (params["data"].map { " with data \($0.shortened)" } ?? "")
        case .progress(let progress): "progress \(progress.shortText)"
        case .notice(let kind): kind.rawValue
        case .response(let status): "status \(status)"
        }
    }
}

extension Observation.Fact {
    /// One request, by what it carries.
    private static func words(_ detail: ExchangeDetail) -> String {
        let parts = [
            detail.token.map { "token \($0)" }, detail.session.map { "session \($0)" },
            detail.resumes.map { "resuming after \($0)" },
        ].compactMap(\.self)
        return "one" + (parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))")
    }
}

extension ServerStatus {
    fileprivate var words: String {
        switch self {
        case .pending(let attempt, _): "pending (attempt \(attempt))"
        case .connected, .needsAuth: state.rawValue
        case .failed(let reason, let willRetry): "failed (\(reason.rawValue), \(Self.words(willRetry)))"
        case .disabled(.user): "disabled (by the user)"
        case .disabled(.policy(let reason)): "disabled (policy: \(reason))"
        }
    }

    fileprivate static func words(_ willRetry: Bool) -> String { willRetry ? "will retry" : "will not retry" }
}

extension Outcome {
    fileprivate var words: String {
        switch self {
        case .result(let value): "result \(value.shortened)"
        case .error(let word): "error \(word)"
        case .settled(let servers): Self.words(servers)
        }
    }

    fileprivate static func words(_ servers: [Settled]) -> String {
        "settled (\(servers.map { "\($0.server) \($0.state.rawValue)" }.joined(separator: ", ")))"
    }
}

extension JSONValue {
    /// The text, cut after 200 characters.
    fileprivate var shortened: String {
        let text = description
        return text.utf8.count <= 200 ? text : text.prefix(200) + "…"
    }
}

extension Expectations.Expected {
    /// What is expected, and when: `failed (network) at 3 s`.
    func words(_ kind: ChannelKind) -> String {
        var words = "anything"
        if let state {
            var details: [String] = []
            if let attempt { details.append("attempt \(attempt)") }
            if let reason { details.append(reason.rawValue) }
            if let willRetry { details.append(ServerStatus.words(willRetry)) }
            words = state.rawValue + (details.isEmpty ? "" : " (\(details.joined(separator: ", ")))")
        } else if let toolCount {
            words = toolCount == 1 ? "1 tool" : "\(toolCount) tools"
        } else if let result {
            words = "result \(result.shortened)"
        } else if let error {
            words = "error \(error)"
        } else if let settled {
            words = Outcome.words(settled)
        } else if let progress {
            words = "progress \(progress.shortText)"
        } else if let notice {
            words = notice.rawValue
        } else if let status {
            words = "status \(status)"
        } else if method != nil || data != nil {
            words = (method ?? "one") + (data.map { " with data \($0.shortened)" } ?? "")
        } else if kind.hasDetail {
            words = "one" + carried
        }
        return words + (at.map { " at \($0) s" } ?? "")
    }

    /// What a request is to carry.
    private var carried: String {
        let parts = [
            token.map { "token \($0.words)" }, session.map { "session \($0.words)" },
            resumes.map { "resuming after \($0.words)" },
        ].compactMap(\.self)
        return parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
    }
}

extension ClosedRange<Int> {
    /// `3`, `at least 1`, `1 to 3`.
    var words: String {
        if lowerBound == upperBound { return "\(lowerBound)" }
        if upperBound == .max { return "at least \(lowerBound)" }
        return lowerBound == 0 ? "at most \(upperBound)" : "\(lowerBound) to \(upperBound)"
    }
}

extension Double {
    /// The number, a whole one without a fraction.
    var shortText: String { Int64(exactly: self).map { "\($0)" } ?? "\(self)" }
}
