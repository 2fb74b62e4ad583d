import MCPWire
import RepriseRecording

/// What differs between two recorded sessions, message by message, times and ids left aside.
public struct RecordingDiff: Equatable, Sendable {
    /// One difference.
    public enum Entry: Equatable, Sendable {
        /// Only the first recording has this message: its event there and what it is.
        case removed(event: Int, what: String)
        /// Only the second recording has this message.
        case added(event: Int, what: String)
        /// The same message at another place in the order of its direction.
        case moved(first: Int, second: Int, what: String)
        /// The same message with other contents.
        case changed(first: Int, second: Int, what: String, differences: [JSONDifference])
        /// The server process ended in another way.
        case ended(first: String, second: String)
        /// An HTTP exchange got another status or challenge, or was broken off in only one recording.
        case answered(first: Int, second: Int, what: String, from: String, to: String)
    }

    /// The differences: client messages, then server messages, each in the order of the first recording, then exchanges.
    public internal(set) var entries: [Entry] = []
    /// The transports of both where they differ, and else none; then messages alone are compared.
    public private(set) var transports: [String] = []
    /// Number of messages that have their partner in the other recording.
    public private(set) var pairedCount = 0

    /// Compares two recordings: over HTTP the k-th session with the k-th, and what was outside of sessions.
    public init(_ first: Recording, _ second: Recording) {
        let sides = (DiffSide(first), DiffSide(second))
        var partner: [Int: Int] = [:]
        for group in Self.groups(sides) { pair(sides, group, &partner) }
        pairAnswers(sides, &partner)
        let order = DiffOrder(sides, partner: partner)
        for direction in Direction.allCases { compare(sides, direction, partner, moved: order.moved(direction)) }
        if sides.0.transport != sides.1.transport {
            transports = [sides.0.transport, sides.1.transport]
        } else if sides.0.isHTTP {
            compareExchanges(sides, partner)
        } else {
            let ends = (Self.end(of: first), Self.end(of: second))
            if ends.0 != ends.1 { entries.append(.ended(first: ends.0, second: ends.1)) }
        }
    }

    private typealias Group = (left: [Int], right: [Int])

    /// The messages of sessions that belong together; a stdio recording is one session.
    private static func groups(_ sides: (DiffSide, DiffSide)) -> [Group] {
        guard sides.0.isHTTP || sides.1.isHTTP else {
            return [(Array(sides.0.log.messages.indices), Array(sides.1.log.messages.indices))]
        }
        let sessions = [nil] + (1...max(1, sides.0.sessionCount, sides.1.sessionCount)).map { $0 }
        func messages(_ side: DiffSide, _ session: Int?) -> [Int] {
            // Without any session the messages are those of the one that there would be.
            let own: Int? = side.sessionCount == 0 ? (session == 1 ? nil : .max) : session
            return side.log.messages.indices.filter { side.session(of: $0) == own }
        }
        return sessions.map { (messages(sides.0, $0), messages(sides.1, $0)) }
    }

    private func pair(_ sides: (DiffSide, DiffSide), _ group: Group, _ partner: inout [Int: Int]) {
        pairCalls(
            sides, sides.0.calls(.clientToServer, of: group.left), sides.1.calls(.clientToServer, of: group.right),
            &partner)
        let left = sides.0.calls(.serverToClient, of: group.left)
        let right = sides.1.calls(.serverToClient, of: group.right)
        guard sides.0.isHTTP, sides.1.isHTTP else { return pairCalls(sides, left, right, &partner) }
        let inStream = (
            Dictionary(grouping: left) { sides.0.stream(of: $0) },
            Dictionary(grouping: right) { sides.1.stream(of: $0) }
        )
        for (stream, other) in pairedStreams(sides, group, partner) {
            pairCalls(sides, inStream.0[stream] ?? [], inStream.1[other] ?? [], &partner)
        }
        // What came on another stream is no less the same message.
        let taken = Set(left.compactMap { partner[$0] })
        pairCalls(
            sides, left.filter { partner[$0] == nil }, right.filter { !taken.contains($0) }, &partner)
    }

    /// The streams that belong together: those of paired requests, and of the others the k-th and the k-th.
    private func pairedStreams(
        _ sides: (DiffSide, DiffSide), _ group: Group, _ partner: [Int: Int]
    ) -> [(Int, Int)] {
        var pairs: [(Int, Int)] = []
        var requested: (Set<Int>, Set<Int>) = ([], [])
        for message in sides.0.calls(.clientToServer, of: group.left) {
            let stream = sides.0.stream(of: message)
            guard requested.0.insert(stream).inserted, let other = partner[message] else { continue }
            pairs.append((stream, sides.1.stream(of: other)))
        }
        requested.1 = Set(sides.1.calls(.clientToServer, of: group.right).map { sides.1.stream(of: $0) })
        func others(_ side: DiffSide, _ messages: [Int], _ requested: Set<Int>) -> [Int] {
            Set(side.calls(.serverToClient, of: messages).map { side.stream(of: $0) }).subtracting(requested).sorted()
        }
        let left = others(sides.0, group.left, requested.0)
        return pairs + zip(left, others(sides.1, group.right, requested.1))
    }

    /// Pairs requests, notifications and malformed frames of one direction: equal ones first, then of one method.
    private func pairCalls(
        _ sides: (DiffSide, DiffSide), _ left: [Int], _ right: [Int], _ partner: inout [Int: Int]
    ) {
        guard sides.0.isHTTP || sides.1.isHTTP else {
            let keys = (left.map { sides.0.key(of: $0) }, right.map { sides.1.key(of: $0) })
            let alone = pairAlike(sides, left, right, keys, &partner)
            _ = pairEqual(sides, alone.left, alone.right, &partner)
            return
        }
        // Calls that are made at once come in any order: what is equal belongs together, wherever it stands.
        let common = Alignment.common(left.map { sides.0.key(of: $0) }, right.map { sides.1.key(of: $0) })
        for pair in common { partner[left[pair.first]] = right[pair.second] }
        let taken = Set(common.map(\.second))
        let rest = pairEqual(
            sides, left.filter { partner[$0] == nil }, right.indices.filter { !taken.contains($0) }.map { right[$0] },
            &partner)
        let titles = (rest.left.map { sides.0.log.title(of: $0) }, rest.right.map { sides.1.log.title(of: $0) })
        _ = pairAlike(sides, rest.left, rest.right, titles, &partner)
    }

    /// Pairs messages of one method in their order, those with equal keys before others; gives what is left over.
    private func pairAlike<Key: Hashable>(
        _ sides: (DiffSide, DiffSide), _ left: [Int], _ right: [Int], _ keys: ([Key], [Key]),
        _ partner: inout [Int: Int]
    ) -> Group {
        let pairs = Alignment.of(
            keys.0, keys.1,
            labels: (left.map { sides.0.log.name(of: $0) }, right.map { sides.1.log.name(of: $0) }))
        var alone: Group = ([], [])
        for pair in pairs {
            switch (pair.first, pair.second) {
            case (let i?, let j?) where sides.0.log.name(of: left[i]) == sides.1.log.name(of: right[j]):
                partner[left[i]] = right[j]
            default:
                if let i = pair.first { alone.left.append(left[i]) }
                if let j = pair.second { alone.right.append(right[j]) }
            }
        }
        return alone
    }

    /// Pairs equal messages wherever they stand: what was taken out at one place and put in at another has moved.
    private func pairEqual(
        _ sides: (DiffSide, DiffSide), _ left: [Int], _ right: [Int], _ partner: inout [Int: Int]
    ) -> Group {
        var waiting: [DiffSide.Key: [Int]] = [:]
        for message in right.reversed() { waiting[sides.1.key(of: message), default: []].append(message) }
        var taken: Set<Int> = []
        for message in left {
            guard let other = waiting[sides.0.key(of: message)]?.popLast() else { continue }
            partner[message] = other
            taken.insert(other)
        }
        return (left.filter { partner[$0] == nil }, right.filter { !taken.contains($0) })
    }

    /// Answers belong together when their requests do.
    private func pairAnswers(_ sides: (DiffSide, DiffSide), _ partner: inout [Int: Int]) {
        for (index, message) in sides.0.log.messages.enumerated() {
            guard let request = message.request, let other = partner[request],
                let answer = sides.1.log.messages[other].answer
            else { continue }
            partner[index] = answer
        }
    }

    private mutating func compare(
        _ sides: (DiffSide, DiffSide), _ direction: Direction, _ partner: [Int: Int], moved: Set<Int>
    ) {
        let left = sides.0.messages(direction)
        let right = sides.1.messages(direction)
        let taken = Set(left.compactMap { partner[$0] })
        for message in left {
            let what = sides.0.log.title(of: message)
            let event = sides.0.event(of: message)
            guard let other = partner[message] else {
                entries.append(.removed(event: event, what: what))
                continue
            }
            pairedCount += 1
            let otherEvent = sides.1.event(of: other)
            if moved.contains(message) { entries.append(.moved(first: event, second: otherEvent, what: what)) }
            let differences = Self.differences(sides, message, other)
            if !differences.isEmpty {
                entries.append(.changed(first: event, second: otherEvent, what: what, differences: differences))
            }
        }
        for message in right where !taken.contains(message) {
            entries.append(.added(event: sides.1.event(of: message), what: sides.1.log.title(of: message)))
        }
    }

    private static func differences(_ sides: (DiffSide, DiffSide), _ first: Int, _ second: Int) -> [JSONDifference] {
        let left = sides.0.log.messages[first].message
        let right = sides.1.log.messages[second].message
        if case .malformed = left.kind {
            let bytes = (sides.0.log.bytes(left.range, of: first), sides.1.log.bytes(right.range, of: second))
            return bytes.0 == bytes.1 ? [] : [JSONDifference.between(frame: bytes.0, frame: bytes.1)]
        }
        let mask = VariableRules.strictMask(method: left.method ?? "")
        var differences = JSONDifference.between(
            sides.0.log.bytes(left.params, of: first), sides.1.log.bytes(right.params, of: second), below: "/params",
            mask: mask)
        differences += JSONDifference.between(
            sides.0.log.bytes(left.result, of: first), sides.1.log.bytes(right.result, of: second), below: "/result")
        differences += JSONDifference.between(
            sides.0.log.bytes(left.error, of: first), sides.1.log.bytes(right.error, of: second), below: "/error")
        return differences
    }

    private static func end(of recording: Recording) -> String {
        for event in recording.events {
            switch event.kind {
            case .close(.exit(let code)): return "exit code \(code)"
            case .close(.signal(let signal)): return "signal \(signal)"
            default: continue
            }
        }
        return "not recorded"
    }
}
