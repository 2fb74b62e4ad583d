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
    }

    /// The differences: client messages, then server messages, each in the order of the first recording.
    public private(set) var entries: [Entry] = []
    /// Number of messages that have their partner in the other recording.
    public private(set) var pairedCount = 0

    /// Compares two recordings of stdio sessions.
    public init(_ first: Recording, _ second: Recording) {
        let sides = (DiffSide(first), DiffSide(second))
        var partner: [Int: Int] = [:]
        for direction in Direction.allCases { pairCalls(sides, direction, &partner) }
        pairAnswers(sides, &partner)
        for direction in Direction.allCases { compare(sides, direction, partner) }
        let ends = (Self.end(of: first), Self.end(of: second))
        if ends.0 != ends.1 { entries.append(.ended(first: ends.0, second: ends.1)) }
    }

    /// Pairs requests, notifications and malformed frames of one direction: equal ones first, then of one method.
    private mutating func pairCalls(_ sides: (DiffSide, DiffSide), _ direction: Direction, _ partner: inout [Int: Int])
    {
        let left = sides.0.calls(direction)
        let right = sides.1.calls(direction)
        let pairs = Alignment.of(
            left.map { sides.0.key(of: $0) }, right.map { sides.1.key(of: $0) },
            labels: (left.map { sides.0.log.name(of: $0) }, right.map { sides.1.log.name(of: $0) }))
        var alone: (left: [Int], right: [Int]) = ([], [])
        for pair in pairs {
            switch (pair.first, pair.second) {
            case (let i?, let j?) where sides.0.log.name(of: left[i]) == sides.1.log.name(of: right[j]):
                partner[left[i]] = right[j]
            default:
                if let i = pair.first { alone.left.append(left[i]) }
                if let j = pair.second { alone.right.append(right[j]) }
            }
        }
        // What was taken out at one place and put in at another has moved.
        var waiting: [DiffSide.Key: [Int]] = [:]
        for message in alone.right.reversed() { waiting[sides.1.key(of: message), default: []].append(message) }
        for message in alone.left {
            if let other = waiting[sides.0.key(of: message)]?.popLast() { partner[message] = other }
        }
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

    private mutating func compare(_ sides: (DiffSide, DiffSide), _ direction: Direction, _ partner: [Int: Int]) {
        let left = sides.0.messages(direction)
        let right = sides.1.messages(direction)
        let taken = Set(left.compactMap { partner[$0] })
        let order = right.filter { taken.contains($0) }
        let kept = Set(Alignment.common(left.compactMap { partner[$0] }, order).map { order[$0.second] })
        for message in left {
            let what = sides.0.log.title(of: message)
            let event = sides.0.event(of: message)
            guard let other = partner[message] else {
                entries.append(.removed(event: event, what: what))
                continue
            }
            pairedCount += 1
            let otherEvent = sides.1.event(of: other)
            if !kept.contains(other) { entries.append(.moved(first: event, second: otherEvent, what: what)) }
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

/// One recording of a comparison.
private struct DiffSide {
    /// What makes two messages of one direction equal.
    struct Key: Hashable {
        var name: String
        var params: JSONKey?
        /// The bytes of what is no request or notification.
        var bytes: [UInt8]
    }

    let log: MessageLog

    init(_ recording: Recording) {
        log = MessageLog(recording)
    }

    func event(of message: Int) -> Int { log.frames[log.messages[message].frame].event }

    func messages(_ direction: Direction) -> [Int] {
        log.messages.indices.filter { log.direction(of: $0) == direction }
    }

    /// Everything but answers to known requests.
    func calls(_ direction: Direction) -> [Int] {
        messages(direction).filter { log.messages[$0].request == nil }
    }

    func key(of index: Int) -> Key {
        let message = log.messages[index].message
        let params = try? JSONDocument(log.bytes(message.params, of: index))
        let isMessage = message.method != nil
        return Key(
            name: log.name(of: index),
            params: params.map { JSONKey($0, mask: VariableRules.strictMask(method: message.method ?? "")) },
            bytes: isMessage ? [] : log.bytes(message.range, of: index))
    }
}
