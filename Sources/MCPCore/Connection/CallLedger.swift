import MCPWire

/// The calls of one server that have no answer yet, and what becomes of each when its connection ends.
///
/// A call belongs to the server and not to the connection: one whose tool is idempotent outlives a lost connection and
/// is sent once more, under a new id, on the next (RS-09). Every other call ends with its connection.
public struct CallLedger: Sendable {
    /// One call.
    public struct Call: Sendable, Equatable {
        /// The call's number in the manager, which no other call has.
        public var number: Int
        /// The tool's name on the wire.
        public var tool: String
        /// Its arguments.
        public var arguments: JSONValue
        /// Whether a repeated call does no more than the first.
        public var isIdempotent: Bool
        /// When the caller gives up; nil is never.
        public var deadline: Instant?

        /// Makes a call.
        public init(number: Int, tool: String, arguments: JSONValue, isIdempotent: Bool, deadline: Instant? = nil) {
            self.number = number
            self.tool = tool
            self.arguments = arguments
            self.isIdempotent = isIdempotent
            self.deadline = deadline
        }
    }

    /// What a call ends with.
    public typealias Outcome = Result<JSONValue, ConnectionError>

    /// The end of a call.
    public struct Ending: Sendable, Equatable {
        /// The call's number.
        public var number: Int
        /// What the caller gets.
        public var outcome: Outcome

        /// Makes an end.
        public init(number: Int, outcome: Outcome) {
            self.number = number
            self.outcome = outcome
        }
    }

    /// What an answer meets.
    public enum Match: Sendable, Equatable {
        case ending(Ending)
        /// The call is over: it was cancelled, or its time had passed. Answers to such calls are tolerated.
        case late
        /// No such request was ever sent on this connection, or it has its answer already.
        case unknown
    }

    private struct Entry {
        var call: Call
        /// The id under which it is under way; nil while it waits for a connection.
        var requestID: Int?
        /// Whether the transport has begun to take it.
        var isHandedOver = false
        var sendCount = 1
        /// How the last connection ended.
        var cause: TransportFailure?
    }

    private let server: String
    private let lateMax: Int
    private var entries: [Int: Entry] = [:]
    /// From the id under which a call is under way to its number.
    private var numbers: [Int: Int] = [:]
    /// Ids of calls that ended without an answer, the oldest first.
    private var late: [Int] = []
    /// The earliest deadline; only meaningful while `isDeadlineKnown`.
    private var earliest: Instant?
    private var isDeadlineKnown = true

    /// An empty ledger. Of calls that ended without an answer the latest `lateMax` ids are remembered.
    public init(server: String, lateMax: Int = 256) {
        self.server = server
        self.lateMax = lateMax
    }

    /// How many calls have no answer yet.
    public var count: Int { entries.count }

    /// When the next call gives up; nil when none ever does.
    public var nextDeadline: Instant? {
        mutating get {
            if !isDeadlineKnown {
                earliest = entries.values.compactMap(\.call.deadline).min()
                isDeadlineKnown = true
            }
            return earliest
        }
    }

    /// Takes a call in, to be sent under that id.
    public mutating func begin(_ call: Call, requestID: Int) {
        entries[call.number] = Entry(call: call, requestID: requestID)
        numbers[requestID] = call.number
        if let deadline = call.deadline, isDeadlineKnown { earliest = earliest.map { min($0, deadline) } ?? deadline }
    }

    /// The transport begins to take the request of that id: from now on it may have been executed.
    public mutating func handOver(requestID: Int) {
        guard let number = numbers[requestID] else { return }
        entries[number]?.isHandedOver = true
    }

    /// The transport has not taken the request of that id; returns the end of its call.
    public mutating func notTaken(requestID: Int) -> Ending? {
        guard let number = numbers[requestID] else { return nil }
        return end(number, .failure(.notConnected(server: server)))
    }

    /// An answer has come.
    public mutating func answered(requestID: Int, _ outcome: Outcome) -> Match {
        if let number = numbers[requestID], let ending = end(number, outcome) { return .ending(ending) }
        if let index = late.firstIndex(of: requestID) {
            late.remove(at: index)
            return .late
        }
        return .unknown
    }

    /// The caller does not wait any longer.
    public mutating func cancel(_ number: Int) -> Ending? {
        remember(number)
        return end(number, .failure(.cancelled(server: server)))
    }

    /// Ends the calls whose deadline has come, in the order in which they were made.
    public mutating func expire(at now: Instant) -> [Ending] {
        guard let due = nextDeadline, due <= now else { return [] }
        let expired = entries.values.filter { $0.call.deadline.map { $0 <= now } ?? false }.map(\.call.number).sorted()
        return expired.compactMap {
            remember($0)
            return end($0, .failure(.timedOut(server: server)))
        }
    }

    /// The connection is gone; returns the calls that end with it, in the order in which they were made.
    ///
    /// What the transport had not begun to take ends `notConnected`; of the rest, an idempotent call that was sent once
    /// waits for the next connection, and every other ends `outcomeUnknown`.
    public mutating func connectionLost(_ cause: TransportFailure) -> [Ending] {
        late = []
        guard !numbers.isEmpty else { return [] }
        let underWay = numbers.values.sorted()
        numbers = [:]
        return underWay.compactMap { number in
            guard let entry = entries[number] else { return nil }
            guard entry.isHandedOver else {
                // A call that is sent for the second time may have been executed the first time.
                let error = entry.cause.map { ConnectionError.outcomeUnknown(server: server, cause: $0) }
                return end(number, .failure(error ?? .notConnected(server: server)))
            }
            guard entry.call.isIdempotent, entry.sendCount == 1 else {
                return end(number, .failure(.outcomeUnknown(server: server, cause: cause)))
            }
            entries[number]?.requestID = nil
            entries[number]?.isHandedOver = false
            entries[number]?.cause = cause
            return nil
        }
    }

    /// The calls to send on a new connection, in the order in which they were made; each must then be resent.
    public var waiting: [Call] {
        guard entries.count > numbers.count else { return [] }
        return entries.values.filter { $0.requestID == nil }.map(\.call).sorted { $0.number < $1.number }
    }

    /// A waiting call is to be sent once more, under that id.
    public mutating func resend(_ number: Int, requestID: Int) {
        entries[number]?.requestID = requestID
        entries[number]?.sendCount += 1
        numbers[requestID] = number
    }

    /// There will be no new connection by itself: ends what waits for one.
    public mutating func endWaiting() -> [Ending] {
        waiting.compactMap { call in
            let cause = entries[call.number]?.cause ?? .closed
            return end(call.number, .failure(.outcomeUnknown(server: server, cause: cause)))
        }
    }

    private mutating func remember(_ number: Int) {
        guard let requestID = entries[number]?.requestID else { return }
        if late.count == lateMax { late.removeFirst() }
        late.append(requestID)
    }

    private mutating func end(_ number: Int, _ outcome: Outcome) -> Ending? {
        guard let entry = entries.removeValue(forKey: number) else { return nil }
        if let requestID = entry.requestID { numbers[requestID] = nil }
        if entry.call.deadline != nil, entry.call.deadline == earliest { isDeadlineKnown = false }
        return Ending(number: number, outcome: outcome)
    }
}
