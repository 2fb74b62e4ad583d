import MCPCore
import RepriseSimulation

/// The first place where a channel leaves what is expected.
struct ChannelDifference {
    /// The same for clients that differ at the same entry.
    var reason: Int
    /// The entry's line, where an entry has one of its own.
    var line: Int?
    var at: Instant?
    /// Whether it is an observation that nothing expects, so that no line was not met.
    var isExtra = false
    /// Expected and got; made only for the difference that is told.
    var text: () -> String
}

/// Compares the observations of one channel, or of one client in it, with what is expected there.
struct ChannelComparison {
    let kind: ChannelKind
    let content: Expectations.Content
    let isRelaxed: Bool
    let observations: [Observation]

    /// The first difference; `matched` hears of each entry that was met, with its first and last observation.
    func difference(
        in slice: ArraySlice<Int>, matched: (_ entry: Int, _ first: Int, _ last: Int) -> Void
    ) -> ChannelDifference? {
        switch content {
        case .sequence(let entries): sequence(entries, slice, matched)
        case .count(let range): count(range, slice)
        case .instants(let instants): self.instants(instants, slice)
        }
    }

    private func sequence(
        _ entries: [Expectations.Expected], _ slice: ArraySlice<Int>, _ matched: (Int, Int, Int) -> Void
    ) -> ChannelDifference? {
        var next = slice.startIndex
        for (number, entry) in entries.enumerated() {
            var first: Int?
            for repetition in 0..<entry.count {
                let start = next
                if isRelaxed { while next < slice.endIndex, !entry.isMet(by: observations[slice[next]]) { next += 1 } }
                guard next < slice.endIndex, entry.isMet(by: observations[slice[next]]) else {
                    let got = start < slice.endIndex ? slice[start] : nil
                    return missing(entry, number, repetition, got: got)
                }
                first = first ?? slice[next]
                next += 1
            }
            if entry.label != nil || entry.after != nil, let first { matched(number, first, slice[next - 1]) }
        }
        guard !isRelaxed, next < slice.endIndex else { return nil }
        let (extra, count) = (observations[slice[next]], slice.endIndex - next)
        return ChannelDifference(reason: entries.count, line: nil, at: extra.at, isExtra: true) {
            "expected nothing\(entries.isEmpty ? "" : " more"), got \(extra.fact.words) at \(extra.at) s"
                + (count > 1 ? ", the first of \(count)" : "")
        }
    }

    private func missing(
        _ entry: Expectations.Expected, _ number: Int, _ repetition: Int, got index: Int?
    ) -> ChannelDifference {
        let got = index.map { observations[$0] }
        let earliest = [entry.at, got?.at].compactMap(\.self).min()
        return ChannelDifference(reason: number, line: entry.line, at: earliest) {
            let expected =
                "expected \(entry.words(kind))\(entry.count > 1 ? ", \(repetition + 1) of \(entry.count)" : "")"
            guard let got else { return "\(expected), got nothing more" }
            return "\(expected), got \(got.fact.words) at \(got.at) s"
        }
    }

    private func count(_ range: ClosedRange<Int>, _ slice: ArraySlice<Int>) -> ChannelDifference? {
        guard !range.contains(slice.count) else { return nil }
        let excess = slice.count > range.upperBound ? observations[slice[slice.startIndex + range.upperBound]] : nil
        let total = slice.count
        return ChannelDifference(reason: 0, line: nil, at: excess?.at) {
            guard let excess else { return "expected \(range.words), got \(total)" }
            return "expected \(range.words), got \(total); one too many is \(excess.fact.words) at \(excess.at) s"
        }
    }

    private func instants(
        _ expected: [(at: Instant, count: Int)], _ slice: ArraySlice<Int>
    ) -> ChannelDifference? {
        var next = slice.startIndex
        for instant in expected {
            var found = 0
            while next < slice.endIndex, observations[slice[next]].at <= instant.at {
                let at = observations[slice[next]].at
                if at < instant.at, !isRelaxed { return early(at, before: instant) }
                if at == instant.at { found += 1 }
                next += 1
            }
            if found < instant.count || (found > instant.count && !isRelaxed) {
                let following = next < slice.endIndex ? observations[slice[next]].at : nil
                return ChannelDifference(reason: 0, line: nil, at: instant.at) {
                    "expected \(instant.count) at \(instant.at) s, got \(found == 0 ? "none" : "\(found)")"
                        + (found < instant.count
                            ? following.map { ", the next is at \($0) s" } ?? ", and none later" : "")
                }
            }
        }
        guard !isRelaxed, next < slice.endIndex else { return nil }
        let (at, count) = (observations[slice[next]].at, slice.endIndex - next)
        return ChannelDifference(reason: 0, line: nil, at: at) {
            "expected none after \(expected.last?.at ?? .zero) s, got \(count), the first at \(at) s"
        }
    }

    private func early(_ at: Instant, before instant: (at: Instant, count: Int)) -> ChannelDifference {
        ChannelDifference(reason: 0, line: nil, at: at) {
            "expected the next at \(instant.at) s, got one at \(at) s"
        }
    }
}

extension Expectations.Expected {
    /// Whether an observation is what this entry says, as far as it says something.
    public func isMet(by observation: Observation) -> Bool {
        if let at, at != observation.at { return false }
        switch observation.fact {
        case .wire, .effect, .pushed: return token == nil && resumes == nil && session == nil
        case .request(let detail): return isMet(by: detail)
        case .notification(let method, let params):
            return self.method.map { $0 == method } ?? true
                && data.map { data in params["data"].map { data.means($0) } ?? false } ?? true
        case .progress(let progress): return self.progress.map { $0 == progress } ?? true
        case .notice(let kind): return notice.map { $0 == kind } ?? true
        case .response(let status): return self.status.map { $0 == status } ?? true
        case .state(let status, _): return isMet(by: status)
        case .tools(let count): return toolCount.map { $0 == count } ?? true
        case .result(let outcome): return isMet(by: outcome)
        }
    }

    private func isMet(by detail: ExchangeDetail) -> Bool {
        token.map { $0.isMet(by: detail.token) } ?? true && resumes.map { $0.isMet(by: detail.resumes) } ?? true
            && session.map { $0.isMet(by: detail.session) } ?? true
    }

    private func isMet(by status: ServerStatus) -> Bool {
        if let state, state != status.state { return false }
        switch status {
        case .pending(let attempt, _): return self.attempt.map { $0 == attempt } ?? true
        case .failed(let reason, let willRetry):
            return self.reason.map { $0 == reason } ?? true && self.willRetry.map { $0 == willRetry } ?? true
        case .connected, .needsAuth, .disabled: return true
        }
    }

    private func isMet(by outcome: Outcome) -> Bool {
        guard result != nil || error != nil || settled != nil else { return true }
        switch outcome {
        case .result(let value): return result.map { value.means($0) } ?? false
        case .error(let word): return error == word
        case .settled(let servers): return settled == servers
        }
    }
}

extension Expectations.Carried {
    /// Whether it is what a request carried, nil being nothing.
    fileprivate func isMet(by carried: Value?) -> Bool {
        switch self {
        case .nothing: carried == nil
        case .value(let value): carried == value
        }
    }

    /// The value, or "no".
    var words: String {
        switch self {
        case .nothing: "none"
        case .value(let value): "\(value)"
        }
    }
}
