import MCPCore
import RepriseRecording

/// Decides which fault applies to what: counts, skips, windows of time and patterns of messages.
///
/// A value without clock or I/O. Faults are inert until ``activate(origin:)``; of those that apply to one thing the
/// first is used. Partitions and slow readers are properties of the line, and act beside a fault of a message.
struct FaultPlan {
    /// A connection, or an attempt to have one.
    struct Place: Equatable, Sendable {
        var server: String
        var client: Int
        var connection: Int
    }

    /// What becomes of an attempt to connect.
    enum ConnectFate: Equatable {
        case proceed
        case refuse(TransportFailure)
        /// It takes so much longer, whether it is cancelled or not.
        case delay(Duration)
        /// It waits for the end of a partition.
        case wait(until: Instant)
        case hang
    }

    /// What becomes of a message that is handed to the network.
    struct MessageFate: Equatable {
        enum Course: Equatable {
            case pass
            case drop
            case delay(Duration)
            case copies(Int)
            /// It waits for ``Consequence/release(fault:)``.
            case hold(fault: Int)
            /// It waits for the next message of its direction, or for ``Consequence/release(fault:)``.
            case reorder(fault: Int)
            case cut(Int)
        }

        var course: Course = .pass
        /// It survives the end of its connection.
        var isLate = false
    }

    /// What follows from time or from a message that has passed.
    enum Consequence: Equatable {
        /// The end, whole or of one direction, of the connection that the message passed on.
        case end(Fault.Effect)
        /// The same for every connection for which ``strikes(_:_:at:)`` says so.
        case strike(fault: Int)
        /// What was held by this fault goes on: messages, or the news that a connection has ended.
        case release(fault: Int)
    }

    private struct Rule {
        let fault: Fault
        var from = Instant.zero
        var until: Instant?
        /// Opportunities that passed unharmed.
        var skipped = 0
        var uses = 0
        /// Messages seen of the pattern ``Fault/Placement/after``.
        var seenBefore = 0
        /// Messages seen of the pattern of ``Fault/Effect/hold(release:)``.
        var seenForRelease = 0

        var isArmed: Bool { fault.placement.after.map { seenBefore >= $0.number } ?? true }
    }

    private var rules: [Rule]
    private var random: SplitMix64
    /// Consequences of time, the earliest last.
    private var deadlines: [(at: Instant, consequence: Consequence)] = []
    private var connecting: [Int] = []
    private var messaging: [Int] = []
    private var partitions: [Int] = []
    private var slowReaders: [Int] = []
    /// What looks at every message that passes.
    private var watching: [Int] = []
    private var closing: [Int] = []

    /// Makes a plan; `random` is drawn from for faults with a probability alone.
    init(_ faults: [Fault], random: SplitMix64) {
        rules = faults.map { Rule(fault: $0) }
        self.random = random
    }

    /// From now on faults apply, and their instants count from `origin`.
    mutating func activate(origin: Instant) {
        (connecting, messaging, partitions, slowReaders, watching, closing) = ([], [], [], [], [], [])
        deadlines = []
        for index in rules.indices {
            let fault = rules[index].fault
            rules[index] = Rule(fault: fault)
            rules[index].from = Self.absolute(fault.placement.from ?? .zero, origin)
            rules[index].until = fault.placement.until.map { Self.absolute($0, origin) }
            sortIn(index)
        }
        deadlines.sort { $0.at > $1.at }
    }

    private static func absolute(_ instant: Instant, _ origin: Instant) -> Instant {
        origin.advanced(by: Instant.zero.duration(to: instant))
    }

    private mutating func sortIn(_ index: Int) {
        let rule = rules[index]
        var isWatching = rule.fault.placement.after != nil
        switch rule.fault.effect {
        case .refuse, .delayConnect, .hangConnect: connecting.append(index)
        case .partition: partitions.append(index)
        case .slowReader: slowReaders.append(index)
        case .drop, .delay, .duplicate, .cut: messaging.append(index)
        case .hold(let release):
            messaging.append(index)
            isWatching = isWatching || release != nil
            if let until = rule.until { deadlines.append((until, .release(fault: index))) }
        case .reorder:
            messaging.append(index)
            if let until = rule.until { deadlines.append((until, .release(fault: index))) }
        case .holdClose:
            closing.append(index)
            if let until = rule.until { deadlines.append((until, .release(fault: index))) }
        case .reset, .halfClose:
            isWatching = isWatching || rule.fault.placement.method != nil
            if rule.fault.placement.method == nil { deadlines.append((rule.from, .strike(fault: index))) }
        }
        if isWatching { watching.append(index) }
    }

    // MARK: Time

    /// When ``advance(to:)`` has something to do; nil is never.
    var nextDeadline: Instant? { deadlines.last?.at }

    /// What follows from the time that has come, in the order of its instants.
    mutating func advance(to now: Instant) -> [Consequence] {
        var consequences: [Consequence] = []
        while let last = deadlines.last, last.at <= now {
            consequences.append(last.consequence)
            deadlines.removeLast()
        }
        return consequences
    }

    // MARK: Connections

    /// Decides an attempt to connect; over HTTP for a request, which `subject` says.
    mutating func connect(_ place: Place, _ subject: MessageSubject = .other, at now: Instant) -> ConnectFate {
        for index in connecting where applies(index, place, nil, subject, at: now) {
            switch rules[index].fault.effect {
            case .refuse(let failure): return .refuse(failure)
            case .delayConnect(let duration): return .delay(duration)
            default: return .hang
            }
        }
        guard let end = partitionEnd(place, nil, subject, at: now) else { return .proceed }
        return end == .max ? .hang : .wait(until: end)
    }

    /// Whether a fault that cuts off or half closes does so to this connection, which counts as an opportunity.
    mutating func strikes(_ fault: Int, _ place: Place, at now: Instant) -> Fault.Effect? {
        applies(fault, place, at: now) ? rules[fault].fault.effect : nil
    }

    /// The fault that keeps the end of this connection from its client, if there is one.
    mutating func holdsClose(_ place: Place, at now: Instant) -> Int? {
        for index in closing where applies(index, place, at: now) { return index }
        return nil
    }

    // MARK: Messages

    /// Decides a message that is handed to the network.
    mutating func send(
        _ subject: MessageSubject, _ direction: Direction, _ place: Place, at now: Instant
    ) -> MessageFate {
        for index in messaging where !isReleased(index) && applies(index, place, direction, subject, at: now) {
            let fault = rules[index].fault
            let course: MessageFate.Course =
                switch fault.effect {
                case .delay(let duration): .delay(duration)
                case .duplicate(let count): .copies(count)
                case .hold: .hold(fault: index)
                case .reorder: .reorder(fault: index)
                case .cut(let count): .cut(count)
                default: .drop
                }
            return MessageFate(course: course, isLate: fault.placement.isLate)
        }
        return MessageFate()
    }

    /// Whether the message that a hold waits for has passed already.
    private func isReleased(_ index: Int) -> Bool {
        guard case .hold(let release?) = rules[index].fault.effect else { return false }
        return rules[index].seenForRelease >= release.number
    }

    /// Until when a message that is due now cannot pass; nil when it can, the last instant there is for ever.
    mutating func partitionEnd(
        _ place: Place, _ direction: Direction?, _ subject: MessageSubject, at now: Instant
    ) -> Instant? {
        for index in partitions where applies(index, place, direction, subject, at: now) {
            return rules[index].until ?? .max
        }
        return nil
    }

    /// How many bytes a second the reader of that direction takes; nil is no limit.
    mutating func readerRate(
        _ place: Place, _ direction: Direction, _ subject: MessageSubject, at now: Instant
    ) -> Int? {
        for index in slowReaders where applies(index, place, direction, subject, at: now) {
            if case .slowReader(let rate) = rules[index].fault.effect { return max(1, rate) }
        }
        return nil
    }

    /// What follows from a message that has arrived.
    mutating func passed(
        _ subject: MessageSubject, _ direction: Direction, _ place: Place, at now: Instant
    ) -> [Consequence] {
        var consequences: [Consequence] = []
        for index in watching where isInScope(index, place) {
            let fault = rules[index].fault
            if case .hold(let release?) = fault.effect, Self.matches(release, subject, direction) {
                rules[index].seenForRelease += 1
                if rules[index].seenForRelease == release.number { consequences.append(.release(fault: index)) }
            }
            var isNewlyArmed = false
            if let after = fault.placement.after, Self.matches(after, subject, direction) {
                rules[index].seenBefore += 1
                isNewlyArmed = rules[index].seenBefore == after.number
            }
            guard fault.effect.endsConnections else { continue }
            if fault.placement.method == nil {
                if isNewlyArmed, rules[index].from <= now { consequences.append(.strike(fault: index)) }
            } else if !isNewlyArmed, applies(index, place, direction, subject, at: now) {
                consequences.append(.end(fault.effect))
            }
        }
        return consequences
    }

    // MARK: Placement

    /// Whether a fault is used for this opportunity, which is counted.
    private mutating func applies(
        _ index: Int, _ place: Place, _ direction: Direction? = nil, _ subject: MessageSubject = .other,
        at now: Instant
    ) -> Bool {
        guard now >= rules[index].from, rules[index].until.map({ now < $0 }) ?? true else { return false }
        guard isInScope(index, place), rules[index].isArmed else { return false }
        let placement = rules[index].fault.placement
        guard placement.connection.map({ $0 == place.connection }) ?? true else { return false }
        if let wanted = placement.direction, let direction, wanted != direction { return false }
        if let method = placement.method, method != subject.method { return false }
        if let count = placement.count, rules[index].uses >= count { return false }
        guard rules[index].skipped >= placement.skip else {
            rules[index].skipped += 1
            return false
        }
        if placement.probability < 1, Double.random(in: 0..<1, using: &random) >= placement.probability { return false }
        rules[index].uses += 1
        return true
    }

    private func isInScope(_ index: Int, _ place: Place) -> Bool {
        let placement = rules[index].fault.placement
        return placement.client.map { $0 == place.client } ?? true
            && placement.server.map { $0 == place.server } ?? true
    }

    private static func matches(
        _ pattern: Fault.MessagePattern, _ subject: MessageSubject, _ direction: Direction
    ) -> Bool {
        pattern.method == subject.method && pattern.direction.map { $0 == direction } ?? true
    }
}

extension Fault.Effect {
    /// Whether it takes connections, or one of their directions, away.
    var endsConnections: Bool {
        switch self {
        case .reset, .halfClose: true
        default: false
        }
    }
}

extension Instant {
    /// The last instant there is, which stands for never.
    static let max = Instant(nanoseconds: .max)
}
