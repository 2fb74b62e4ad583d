import MCPWire

/// The requests of users to one server that have no answer yet, and what becomes of each when its connection ends.
///
/// A call belongs to the server and not to the connection: one that may be executed twice outlives a lost connection
/// and is sent once more, under a new id, on the next (RS-09); so does one that the server refused unexecuted because
/// it had forgotten the session (SR-14). Every other call ends with its connection.
public struct CallLedger: Sendable {
    private struct Entry {
        var call: Call
        /// The id under which it is under way; nil while it waits for a connection.
        var requestID: Int?
        /// When the caller gives up; nil is never.
        var due: Instant?
        /// Whether the transport has begun to take it.
        var isHandedOver = false
        /// Whether the transport has taken it back, as no server has executed it.
        var isTakenBack = false
        /// How often it may have been executed.
        var sendCount = 1
        /// Whether a server refused it because it had forgotten the session.
        var isRenewed = false
        /// Why the last sending that may have been executed has no answer.
        var cause: TransportFailure?
    }

    private let server: String
    private let lateMax: Int
    private var entries: [Int: Entry] = [:]
    /// From the id under which a call is under way to its number.
    private var numbers: [Int: Int] = [:]
    /// Ids of requests that were given up without an answer, the oldest first.
    private var late: [Int] = []
    /// Not later than the earliest deadline: what ends before its time leaves it as it is.
    private var earliest: Instant?

    /// An empty ledger. Of requests that were given up the latest `lateMax` ids are remembered.
    public init(server: String, lateMax: Int = 256) {
        self.server = server
        self.lateMax = lateMax
    }

    /// How many calls have no answer yet.
    public var count: Int { entries.count }

    /// When to ask for what has expired: at the next deadline or before it; nil when no call ever gives up.
    public var nextDeadline: Instant? { earliest }

    // MARK: Sending

    /// Takes a call in, to be sent under that id.
    public mutating func begin(_ call: Call, requestID: Int, at now: Instant) {
        let due = call.patience.due(at: now)
        entries[call.number] = Entry(call: call, requestID: requestID, due: due)
        numbers[requestID] = call.number
        if let due { earliest = earliest.map { min($0, due) } ?? due }
    }

    /// The transport begins to take the request of that id: from now on it may have been executed.
    ///
    /// False if nobody waits for it any more, and it is not to be sent.
    @discardableResult
    public mutating func handOver(requestID: Int) -> Bool {
        guard let number = numbers[requestID] else { return false }
        entries[number]?.isHandedOver = true
        return true
    }

    /// The calls to send on a new connection, in the order in which they were made; each must then be resent.
    public var waiting: [Call] {
        guard entries.count > numbers.count else { return [] }
        return entries.values.filter { $0.requestID == nil }.map(\.call).sorted { $0.number < $1.number }
    }

    /// A call is to be sent once more, under that id; returns it, unless it has ended.
    @discardableResult
    public mutating func resend(_ number: Int, requestID: Int) -> Call? {
        guard let call = entries[number]?.call else { return nil }
        entries[number]?.requestID = requestID
        numbers[requestID] = number
        return call
    }

    // MARK: Hearing

    /// An answer has come.
    public mutating func answered(requestID: Int, _ outcome: Outcome) -> Match {
        if let number = numbers[requestID], let ending = end(number, outcome) { return .ending(ending) }
        guard let index = late.firstIndex(of: requestID) else { return .unknown }
        late.remove(at: index)
        return .late
    }

    /// The call that the progress of that token belongs to, whose patience begins anew; nil if there is none.
    public mutating func progressed(token: Int, at now: Instant) -> Int? {
        guard let number = numbers[token], let entry = entries[number], entry.call.wantsProgress else { return nil }
        if let due = entry.call.patience.due(at: now) {
            entries[number]?.due = due
        }
        return number
    }

    // MARK: Ending

    /// The caller does not wait any longer.
    public mutating func cancel(_ number: Int) -> Ending? {
        giveUp(number, .cancelled(server: server))
    }

    /// Ends the calls whose deadline has come, in the order in which they were made.
    public mutating func expire(at now: Instant) -> [Ending] {
        guard let earliest, earliest <= now else { return [] }
        var expired: [Int] = []
        var next: Instant?
        for (number, entry) in entries {
            guard let due = entry.due else { continue }
            if due <= now { expired.append(number) } else { next = next.map { min($0, due) } ?? due }
        }
        self.earliest = next
        return expired.sorted().compactMap { giveUp($0, .timedOut(server: server)) }
    }

    /// A request that was given up by somebody else: its answer is tolerated.
    public mutating func remember(late requestID: Int) {
        if late.count == lateMax { late.removeFirst() }
        late.append(requestID)
    }

    /// The request of that id gets no answer any more, while the connection stands.
    public mutating func failed(requestID: Int, _ failure: RequestFailure) -> Consequence {
        guard let number = numbers[requestID], let entry = entries[number] else { return .none }
        switch failure {
        case .lost(let cause) where entry.call.isIdempotent && entry.sendCount == 1:
            mayHaveRun(number, cause)
            putBack(number)
            return .resend(number)
        case .notSent(let cause): return notSent(number, entry, cause).map { .ending($0) } ?? .none
        case .lost(let cause): return ending(number, .outcomeUnknown(server: server, cause: cause))
        case .refused(let status, let text):
            return ending(number, .rejected(server: server, status: status, text: text))
        case .unauthorized: return ending(number, unexecuted(entry, .needsAuth(server: server)))
        }
    }

    /// The transport has taken back the requests of those ids, which no server has executed; the connection ends next.
    public mutating func takenBack(_ requestIDs: [Int]) {
        for id in requestIDs {
            if let number = numbers[id] { entries[number]?.isTakenBack = true }
        }
    }

    /// The connection is gone; returns the calls that end with it, in the order in which they were made.
    ///
    /// What the transport had not begun to take ends `notConnected`, or waits once for the next session if the server has
    /// forgotten this one; of the rest, an idempotent call that was sent once waits for the next connection, and every
    /// other ends `outcomeUnknown`, or `notConnected` if it was taken back.
    public mutating func connectionLost(_ cause: TransportFailure) -> [Ending] {
        late = []
        guard !numbers.isEmpty else { return [] }
        let underWay = numbers.values.sorted()
        numbers = [:]
        return underWay.compactMap { number in
            guard let entry = entries[number] else { return nil }
            guard entry.isHandedOver else { return notSent(number, entry, cause) }
            guard entry.call.isIdempotent, entry.sendCount == 1 || entry.isTakenBack else {
                let failure = entry.isTakenBack ? unsent(entry) : .outcomeUnknown(server: server, cause: cause)
                return end(number, .failure(failure))
            }
            if !entry.isTakenBack { mayHaveRun(number, cause) }
            putBack(number)
            return nil
        }
    }

    /// There will be no new connection by itself: ends what waits for one.
    public mutating func endWaiting() -> [Ending] {
        waiting.compactMap { call in
            guard let entry = entries[call.number] else { return nil }
            return end(call.number, .failure(unsent(entry)))
        }
    }

    // MARK: Steps

    /// Why a call fails that was not sent now.
    private func unsent(_ entry: Entry) -> ConnectionError { unexecuted(entry, .notConnected(server: server)) }

    /// Why a call fails that was not executed now: it may have been when it was sent before.
    private func unexecuted(_ entry: Entry, _ error: ConnectionError) -> ConnectionError {
        entry.cause.map { .outcomeUnknown(server: server, cause: $0) } ?? error
    }

    /// What was not sent since the server has forgotten the session waits for the next, once; everything else ends.
    private mutating func notSent(_ number: Int, _ entry: Entry, _ cause: TransportFailure) -> Ending? {
        guard cause == .sessionExpired, !entry.isRenewed else { return end(number, .failure(unsent(entry))) }
        entries[number]?.isRenewed = true
        putBack(number)
        return nil
    }

    private mutating func mayHaveRun(_ number: Int, _ cause: TransportFailure) {
        entries[number]?.cause = cause
        entries[number]?.sendCount += 1
    }

    /// Has a call wait for a connection.
    private mutating func putBack(_ number: Int) {
        if let requestID = entries[number]?.requestID { numbers[requestID] = nil }
        entries[number]?.requestID = nil
        entries[number]?.isHandedOver = false
        entries[number]?.isTakenBack = false
    }

    private mutating func giveUp(_ number: Int, _ error: ConnectionError) -> Ending? {
        guard let entry = entries[number] else { return nil }
        var ending = end(number, .failure(error))
        if entry.isHandedOver, let requestID = entry.requestID {
            remember(late: requestID)
            ending?.abandoned = requestID
        }
        return ending
    }

    private mutating func ending(_ number: Int, _ error: ConnectionError) -> Consequence {
        end(number, .failure(error)).map { .ending($0) } ?? .none
    }

    private mutating func end(_ number: Int, _ outcome: Outcome) -> Ending? {
        guard let entry = entries.removeValue(forKey: number) else { return nil }
        if let requestID = entry.requestID { numbers[requestID] = nil }
        if entries.isEmpty { earliest = nil }
        return Ending(number: number, outcome: outcome)
    }
}
