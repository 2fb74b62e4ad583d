import MCPCore

/// Compares channels with what is expected in them, client by client where clients have channels of their own.
struct ChannelJudge {
    private let scenario: Scenario
    private let observed: ObservedChannels
    /// Where entries with a label were observed.
    private var places: [String: LabelPlaces] = [:]

    /// The observations that stand for a label: one index for each client, or a single one.
    private struct LabelPlaces {
        var isOfEachClient: Bool
        /// The last observation of the entry; nil where it was not met.
        var last: [Int?]
    }

    /// Entries that come after others, with the first observation of each client; nil where it was not met.
    private var followers: [(channel: Channel, entry: Expectations.Expected, first: [Int?])] = []

    init(_ scenario: Scenario, _ observed: ObservedChannels) {
        self.scenario = scenario
        self.observed = observed
    }

    /// What was not met in channels, in the order of the file, then what nothing expects.
    mutating func mismatches() -> [ScenarioMismatch] {
        var mismatches: [ScenarioMismatch] = []
        var expected: Set<Channel> = []
        for channel in scenario.expectations.channels {
            expected.insert(channel.channel)
            mismatches += self.mismatches(of: channel)
        }
        mismatches += followers.compactMap(outOfOrder)
        for (number, channel) in observed.channels.enumerated() {
            guard !channel.kind.isOptional, !expected.contains(channel), !scenario.relaxed.contains(channel.kind) else {
                continue
            }
            mismatches.append(unexpected(channel, observed.indices[number]))
        }
        return mismatches
    }

    private mutating func mismatches(of expected: Expectations.ExpectedChannel) -> [ScenarioMismatch] {
        let channel = expected.channel
        let isRelaxed = scenario.relaxed.contains(channel.kind)
        var order = observed.numbers[channel].map { observed.indices[$0] } ?? []
        var starts = [0, order.count]
        if channel.kind.isOfEachClient { (order, starts) = observed.byClient(channel) }
        let comparison = ChannelComparison(
            kind: channel.kind, content: expected.content, isRelaxed: isRelaxed, observations: observed.observations)
        var groups: [DifferenceGroup] = []
        var groupNumbers: [Int: Int] = [:]
        var matches = LabelMatches(expected.content, groupCount: starts.count - 1)
        for client in 0..<(starts.count - 1) {
            let slice = order[starts[client]..<starts[client + 1]]
            let difference = comparison.difference(in: slice) { entry, first, last in
                matches.note(entry: entry, group: client, first: first, last: last)
            }
            guard let difference else { continue }
            if let number = groupNumbers[difference.reason] {
                groups[number].add(difference, client: client)
            } else {
                groupNumbers[difference.reason] = groups.count
                groups.append(DifferenceGroup(difference: difference, client: client))
            }
        }
        for (label, last) in matches.labels {
            places[label] = LabelPlaces(isOfEachClient: channel.kind.isOfEachClient, last: last)
        }
        followers += matches.followers.map { (channel, $0.entry, $0.first) }
        return groups.map { group in
            let difference = group.difference
            return ScenarioMismatch(
                line: difference.line ?? (difference.isExtra ? nil : expected.line), at: difference.at,
                text: "\(words(channel, client: group.client)): \(difference.text())"
                    + more(group.clientCount - 1))
        }
    }

    private func unexpected(_ channel: Channel, _ indices: [Int]) -> ScenarioMismatch {
        let first = observed.observations[indices[0]]
        let count = indices.count > 1 ? ", the first of \(indices.count)" : ""
        return ScenarioMismatch(
            line: nil, at: first.at,
            text: "\(words(channel, client: first.client)): expected nothing, "
                + "got \(first.fact.words) at \(first.at) s\(count)")
    }

    /// The first client for which an entry came before the one that it should follow.
    private func outOfOrder(
        _ channel: Channel, _ entry: Expectations.Expected, _ first: [Int?]
    ) -> ScenarioMismatch? {
        guard let label = entry.after, let place = places[label] else { return nil }
        // Where only one of the two is of each client, what all clients did counts as one.
        let latest = place.last.compactMap(\.self).max()
        for (client, index) in first.enumerated() {
            let isOfEachClient = place.isOfEachClient && channel.kind.isOfEachClient
            guard let index, let before = isOfEachClient ? place.last[client] : latest, index <= before else {
                continue
            }
            let (observation, other) = (observed.observations[index], observed.observations[before])
            return ScenarioMismatch(
                line: entry.line, at: observation.at,
                text: "\(words(channel, client: client)): expected \(entry.words(channel.kind)) "
                    + "after \"\(label)\", \(other.channel) \(other.fact.words) at \(other.at) s, got it before")
        }
        return nil
    }

    private func words(_ channel: Channel, client: Int) -> String {
        let isNamed = observed.clientCount > 1 && channel.kind.isOfEachClient
        return isNamed ? "\(channel), client \(client)" : "\(channel)"
    }

    private func more(_ count: Int) -> String {
        count == 0 ? "" : "; the same entry fails for \(count) more client\(count == 1 ? "" : "s")"
    }
}

/// The clients for which a channel differs for the same reason; the one that differs first speaks for them.
private struct DifferenceGroup {
    var difference: ChannelDifference
    var client: Int
    var clientCount = 1

    mutating func add(_ other: ChannelDifference, client: Int) {
        clientCount += 1
        guard let at = other.at, let earliest = difference.at, at < earliest else { return }
        difference = other
        self.client = client
    }

    init(difference: ChannelDifference, client: Int) {
        self.difference = difference
        self.client = client
    }
}

/// Which observations met the entries of a channel that have a label, or follow one.
private struct LabelMatches {
    private var entries: [Int: (entry: Expectations.Expected, first: [Int?], last: [Int?])] = [:]

    init(_ content: Expectations.Content, groupCount: Int) {
        guard case .sequence(let expected) = content else { return }
        for (number, entry) in expected.enumerated() where entry.label != nil || entry.after != nil {
            let none = [Int?](repeating: nil, count: groupCount)
            entries[number] = (entry, none, none)
        }
    }

    mutating func note(entry: Int, group: Int, first: Int, last: Int) {
        entries[entry]?.first[group] = first
        entries[entry]?.last[group] = last
    }

    private var inOrder: [(entry: Expectations.Expected, first: [Int?], last: [Int?])] {
        entries.sorted { $0.key < $1.key }.map(\.value)
    }

    var labels: [(label: String, last: [Int?])] {
        inOrder.compactMap { match in match.entry.label.map { ($0, match.last) } }
    }

    var followers: [(entry: Expectations.Expected, first: [Int?])] {
        inOrder.filter { $0.entry.after != nil }.map { ($0.entry, $0.first) }
    }
}
