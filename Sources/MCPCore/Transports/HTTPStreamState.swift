import HTTPTypes
import MCPWire

/// What the tasks of one session over Streamable HTTP share; only touched under its lock.
///
/// Tasks are cancelled under the lock, as it says whether they are still there; what their cancellation handlers wait for
/// is the business of the sender, the authorizer and the clock, none of which calls back here. Continuations are
/// resumed when it is free again (see ``WakingLock``).
struct HTTPStreamState {
    /// A request to be sent.
    struct Call: Sendable {
        var exchange: Int
        var request: HTTPRequest
        var body: [UInt8]
        var token: AccessToken?
    }

    /// An exchange that the machine has not let go of.
    struct Running {
        /// Nil before it has begun.
        var task: TaskHandle?
        var token: AccessToken?
        /// Whether it was given to the sender.
        var isSent = false
        var body: (any HTTPBody)?
        /// What the authorizer is to be told.
        var refusal: AuthorizationRefusal?
        /// Where its task waits for room.
        var pause: UnsafeContinuation<Void, Never>?
    }

    /// What is to be done when the lock is free again.
    struct Orders {
        var begun: [Call] = []
        var closing: [any HTTPBody] = []
        var sleep: (until: Instant, number: Int)?
        var rejection: TransportFailure?
        var isFinished = false
    }

    private struct Sleeper {
        var number: Int
        var until: Instant
        var task: TaskHandle?
    }

    var exchanges: [Int: Running] = [:]
    private let wakings: Wakings
    private var machine: StreamableHTTPMachine
    private let limits: StreamableHTTPLimits
    /// What the reader has not taken yet.
    private var events: [StreamEvent] = []
    private var takenCount = 0
    private var undeliveredByteCount = 0
    private var reader: UnsafeContinuation<StreamEvent?, Never>?
    /// Whether no event comes any more.
    private var isOver = false
    /// Exchanges that are not to be sent any more.
    private var takenBack: Set<Int> = []
    private var isFinished = false
    private var closers: [UnsafeContinuation<Void, Never>] = []
    private var sleeper: Sleeper?
    private var lastSleep = 0

    init(machine: StreamableHTTPMachine, limits: StreamableHTTPLimits, wakings: Wakings) {
        self.wakings = wakings
        self.machine = machine
        self.limits = limits
    }

    // MARK: The machine

    mutating func receive(_ input: StreamableHTTPMachine.Input, at now: Instant) -> Orders {
        var orders = Orders()
        guard !isFinished else {
            orders.rejection = .closed
            return orders
        }
        if case .close = input { stopReading() }
        for action in machine.receive(input, at: now) {
            switch action {
            case .begin(let exchange, let request, let body, let token):
                exchanges[exchange] = Running()
                orders.begun.append(Call(exchange: exchange, request: request, body: body, token: token))
            case .recover(let exchange, let status, let challenges):
                let token = exchanges[exchange]?.token
                exchanges[exchange]?.refusal = AuthorizationRefusal(
                    status: status, challenges: challenges, token: token)
            case .end(let exchange): orders.closing += end(exchange)
            case .report(let event): report(event)
            case .reject(let failure): orders.rejection = failure
            case .finished:
                orders.closing += finish()
                orders.isFinished = true
            }
        }
        orders.sleep = arrangeSleep()
        return orders
    }

    /// Has the task of an exchange end; returns the body that is to be closed.
    private mutating func end(_ exchange: Int) -> [any HTTPBody] {
        guard let running = exchanges.removeValue(forKey: exchange) else { return [] }
        running.task?.cancel()
        wake(running.pause)
        return running.body.map { [$0] } ?? []
    }

    /// Everything is over; returns the bodies that are to be closed.
    mutating func finish() -> [any HTTPBody] {
        isFinished = true
        stopReading()
        for closer in closers { wake(closer) }
        closers = []
        sleeper?.task?.cancel()
        sleeper = nil
        return exchanges.keys.sorted().flatMap { end($0) }
    }

    mutating func awaitFinish(_ continuation: UnsafeContinuation<Void, Never>) {
        if isFinished { wake(continuation) } else { closers.append(continuation) }
    }

    private func wake(_ continuation: UnsafeContinuation<Void, Never>?) {
        if let continuation { wakings.add { continuation.resume() } }
    }

    private func wake(_ reader: UnsafeContinuation<StreamEvent?, Never>, _ event: StreamEvent?) {
        wakings.add { reader.resume(returning: event) }
    }

    // MARK: Events

    /// What the reader gets: an event, or nil at the end.
    struct Next {
        var event: StreamEvent?
    }

    /// The next event, or the end; nil when the reader has to wait.
    mutating func takeEvent() -> Next? {
        guard takenCount < events.count else { return isOver ? Next() : nil }
        let event = events[takenCount]
        takenCount += 1
        undeliveredByteCount -= event.byteCount
        if takenCount == events.count || takenCount > limits.undeliveredCountMax {
            events.removeFirst(takenCount)
            takenCount = 0
        }
        if !isFull { resumeReading() }
        return Next(event: event)
    }

    mutating func await(_ continuation: UnsafeContinuation<StreamEvent?, Never>) {
        if let next = takeEvent() { wake(continuation, next.event) } else { reader = continuation }
    }

    private mutating func report(_ event: StreamEvent) {
        guard !isOver else { return }
        if let reader {
            self.reader = nil
            wake(reader, event)
        } else {
            events.append(event)
            undeliveredByteCount += event.byteCount
        }
        if case .closed = event { isOver = true }
    }

    /// The client wants no more events.
    private mutating func stopReading() {
        isOver = true
        (events, takenCount, undeliveredByteCount) = ([], 0, 0)
        if let reader { wake(reader, nil) }
        reader = nil
        resumeReading()
    }

    // MARK: Exchanges

    /// The task of an exchange begins; false if nobody wants it any more.
    mutating func begin(_ exchange: Int, _ task: TaskHandle) -> Bool {
        guard exchanges[exchange] != nil else { return false }
        exchanges[exchange]?.task = task
        return true
    }

    /// A request is about to be sent; false if it is not to be.
    mutating func beginSending(_ exchange: Int) -> Bool {
        guard exchanges[exchange] != nil, !takenBack.contains(exchange) else { return false }
        exchanges[exchange]?.isSent = true
        return true
    }

    /// Has requests not be sent that no server has executed; returns their ids.
    mutating func takeBack() -> [MessageID] {
        takenBack = Set(exchanges.filter { !$0.value.isSent }.keys)
        return machine.takeBack(unsent: takenBack)
    }

    /// A response has begun; false if nobody wants it any more.
    mutating func attach(_ body: any HTTPBody, to exchange: Int, _ token: AccessToken?) -> Bool {
        guard exchanges[exchange] != nil else { return false }
        exchanges[exchange]?.body = body
        exchanges[exchange]?.token = token
        return true
    }

    private var isFull: Bool {
        events.count - takenCount >= limits.undeliveredCountMax
            || undeliveredByteCount >= limits.undeliveredByteCountMax
    }

    /// Whether a body may be read on; nil when it has to wait.
    func hasRoom(_ exchange: Int) -> Bool? {
        guard exchanges[exchange] != nil else { return false }
        return isFull ? nil : true
    }

    mutating func pause(_ exchange: Int, _ continuation: UnsafeContinuation<Void, Never>) {
        if hasRoom(exchange) == nil { exchanges[exchange]?.pause = continuation } else { wake(continuation) }
    }

    private mutating func resumeReading() {
        for exchange in exchanges.keys.sorted() {
            wake(exchanges[exchange]?.pause)
            exchanges[exchange]?.pause = nil
        }
    }

    // MARK: Sleep

    /// Sees to it that somebody sleeps until the next deadline; one that wakes too early does no harm.
    private mutating func arrangeSleep() -> (until: Instant, number: Int)? {
        let next = isFinished ? nil : machine.nextDeadline
        if let sleeper {
            if let next, sleeper.until <= next { return nil }
            sleeper.task?.cancel()
            self.sleeper = nil
        }
        guard let next else { return nil }
        lastSleep += 1
        sleeper = Sleeper(number: lastSleep, until: next)
        return (next, lastSleep)
    }

    /// A task is about to sleep; false if it need not any more.
    mutating func beginSleep(_ number: Int, _ task: TaskHandle) -> Bool {
        guard sleeper?.number == number else { return false }
        sleeper?.task = task
        return true
    }

    /// A sleeper is awake; false if it is not the one any more that counts.
    mutating func endSleep(_ number: Int) -> Bool {
        guard sleeper?.number == number else { return false }
        sleeper = nil
        return true
    }
}

extension StreamEvent {
    /// How many bytes of a message it holds.
    fileprivate var byteCount: Int { if case .message(let bytes) = self { bytes.count } else { 0 } }
}
