import MCPCore
import RepriseScenarios

/// What of a scenario can be judged from outside its client, up to an instant.
struct OutsideView {
    /// The scenario with that alone.
    private(set) var scenario: Scenario
    /// What is left out, a phrase each, in the order of the file.
    private(set) var notJudged: [String] = []
    private let horizon: Instant

    init(_ scenario: Scenario, until horizon: Instant) {
        self.scenario = scenario
        self.horizon = horizon
        self.scenario.end = horizon
        self.scenario.expectations.channels = scenario.expectations.channels.compactMap { visible($0) }
        self.scenario.prohibitions = scenario.prohibitions.compactMap { visible($0) }
        self.scenario.expectations.looks = []
        let looks = scenario.expectations.looks.map { "\($0.line)" }
        if !looks.isEmpty {
            let lines = looks.joined(separator: ", ")
            notJudged.append("looks at clients, \(looks.count == 1 ? "line" : "lines") \(lines)")
        }
        if horizon < scenario.end { notJudged.append("what happens after \(horizon) s") }
    }

    /// Whether anything is left to judge: a client that does nothing could otherwise not fail.
    var hasExpectations: Bool {
        !scenario.expectations.channels.isEmpty || !scenario.prohibitions.isEmpty
            || !scenario.expectations.peaks.isEmpty
    }

    /// The last instant at which something is expected that can be seen from outside; nil if none is named.
    static func lastInstant(of scenario: Scenario) -> Instant? {
        var instants = scenario.steps.map(\.at)
        for channel in scenario.expectations.channels where channel.channel.isSeenFromOutside {
            switch channel.content {
            case .sequence(let entries): instants += entries.compactMap(\.at)
            case .instants(let expected): instants += expected.map(\.at)
            case .count: break
            }
        }
        return instants.max()
    }

    private mutating func visible(_ expected: Expectations.ExpectedChannel) -> Expectations.ExpectedChannel? {
        guard expected.channel.isSeenFromOutside else {
            notJudged.append("\(expected.channel), line \(expected.line)")
            return nil
        }
        var visible = expected
        switch expected.content {
        case .sequence(let entries):
            // What comes after an entry that is too late is too late as well.
            let kept = entries.prefix { $0.at.map { $0 <= horizon } ?? true }
            visible.content = .sequence(Array(kept))
            note(expected, droppedCount: entries.count - kept.count)
        case .instants(let instants):
            let kept = instants.filter { $0.at <= horizon }
            visible.content = .instants(kept)
            note(expected, droppedCount: instants.count - kept.count)
        case .count(let range):
            // By then all that is expected has happened, unless the world was stopped before.
            guard let last = Self.lastInstant(of: scenario), last > horizon, range.lowerBound > 0 else { break }
            visible.content = .count(0...range.upperBound)
            notJudged.append("\(expected.channel), that there are \(range.lowerBound), line \(expected.line)")
        }
        return visible
    }

    private mutating func note(_ expected: Expectations.ExpectedChannel, droppedCount: Int) {
        guard droppedCount > 0 else { return }
        notJudged.append("\(expected.channel), the last \(droppedCount), line \(expected.line)")
    }

    private mutating func visible(_ prohibition: Prohibition) -> Prohibition? {
        guard prohibition.channel.isSeenFromOutside else {
            notJudged.append("never \(prohibition.channel), line \(prohibition.line)")
            return nil
        }
        return prohibition.from <= horizon ? prohibition : nil
    }
}

extension Channel {
    /// Whether who stands at the server sees what is in it.
    ///
    /// A client that lets go of a connection which is lost does nothing that the server could see.
    var isSeenFromOutside: Bool {
        switch kind {
        case .wire: detail != "close" && detail != "read-past-end"
        case .effects, .statuses, .pushed: true
        case .states, .tools, .results, .progress, .notifications, .notices: false
        }
    }
}
