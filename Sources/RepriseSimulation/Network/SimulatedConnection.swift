import MCPCore
import MCPWire
import RepriseRecording

/// One accepted connection: the shell around its two lines, the client's stream and its ends (see the extensions).
final class SimulatedConnection: @unchecked Sendable {
    /// How the client's end stands.
    enum ClientState: Equatable {
        case open
        case lost(TransportFailure)
        case closed
    }

    let network: Network
    let simulation: Simulation
    let place: FaultPlan.Place
    let route: Route
    var clientState = ClientState.open
    var isClosedByServer = false
    var session: (any ServerSession)?
    var hasSessionEnded = false
    /// Whether the client has closed it, open or lost.
    var isReleased = false
    private var openRequests = OpenRequests()
    var toServer = Line()
    var toClient = Line()

    // The client's stream.
    var buffer: [StreamEvent] = []
    var bufferHead = 0
    var reader: UnsafeContinuation<StreamEvent?, Never>?
    var readerWait: UInt64 = 0
    var hasReportedEnd = false
    lazy var waitText = "the next message of \(place.server) (connection \(place.connection) of client \(place.client))"
    /// The client has still to hear that the connection is lost.
    var isNewsHeld = false

    init(_ network: Network, _ place: FaultPlan.Place, route: Route) {
        self.network = network
        simulation = network.simulation
        self.place = place
        self.route = route
    }

    /// The server takes the connection.
    func begin() {
        network.emit(.accepted, place)
        session = route.entry.server?.accept(ServerConnection(self))
        session?.begin()
    }

    /// Whether the client's stream will report nothing more than what is in its buffer.
    var isExhausted: Bool { clientState != .open && !isNewsHeld && toClient.lateCount == 0 }

    // MARK: Sending

    /// The client sends; throws when it cannot.
    func sendFromClient(_ bytes: [UInt8]) throws(TransportFailure) {
        switch clientState {
        case .open: break
        case .lost(let failure): throw failure
        case .closed: throw .closed
        }
        if toServer.isHalfClosed { throw .closed }
        send(bytes, .clientToServer)
    }

    /// The server sends, if it still can.
    func sendFromServer(_ bytes: [UInt8]) {
        guard !isClosedByServer, !hasSessionEnded else { return }
        send(bytes, .serverToClient)
    }

    private func send(_ bytes: [UInt8], _ direction: Direction) {
        let now = simulation.now
        let message = Message.read(bytes.span)
        let subject = openRequests.subject(of: message, direction)
        network.emit(.sent(direction, name: subject.name, bytes: bytes), place)
        guard direction == .clientToServer || clientState == .open else {
            return vanish(subject, direction, "the client has closed the connection")
        }
        let fate = network.plan.send(subject, direction, place, at: now)
        let rate = network.plan.readerRate(place, direction, subject, at: now)
        let (number, due) = withLine(direction) { line in
            let due = line.due(
                byteCount: bytes.count, at: now, over: route.entry.link, readerRate: rate, random: &route.entry.random)
            return (line.nextNumber(), due)
        }
        var delay = Duration.zero
        var cut: Int?
        switch fate.course {
        case .delay(let duration): delay = duration
        case .cut(let count): cut = max(0, count)
        default: break
        }
        let parcel = Parcel(
            bytes: bytes, message: message, subject: subject, number: number, due: due.advanced(by: delay),
            isLate: fate.isLate, cut: cut)
        dispatch(parcel, fate.course, direction)
    }

    private func dispatch(_ parcel: Parcel, _ course: FaultPlan.MessageFate.Course, _ direction: Direction) {
        switch course {
        case .pass, .cut: enqueue(parcel, direction)
        case .drop: vanish(parcel.subject, direction, "dropped")
        case .delay:
            scheduleApart(setApart(parcel, .time, direction), direction, at: parcel.due)
        case .copies(let count):
            if count <= 0 { vanish(parcel.subject, direction, "dropped") }
            for _ in 0..<max(0, count) { enqueue(parcel, direction) }
        case .hold(let fault):
            network.holdMessage(of: self, direction, setApart(parcel, .release, direction), by: fault)
        case .reorder(let fault):
            network.holdMessage(of: self, direction, setApart(parcel, .nextParcel, direction), by: fault)
        }
    }

    private func enqueue(_ parcel: Parcel, _ direction: Direction) {
        guard !parcel.isLate else {
            return scheduleApart(setApart(parcel, .time, direction), direction, at: parcel.due)
        }
        network.underWayCount += 1
        withLine(direction) { $0.append(parcel) }
        scheduleNext(direction, at: parcel.due)
    }

    private func setApart(_ parcel: Parcel, _ reason: Line.Reason, _ direction: Direction) -> Int {
        network.underWayCount += 1
        return withLine(direction) { $0.setApart(parcel, reason) }
    }

    /// Nothing but the line may be touched meanwhile.
    @inline(__always)
    func withLine<T>(_ direction: Direction, _ body: (inout Line) -> T) -> T {
        direction == .clientToServer ? body(&toServer) : body(&toClient)
    }

    // MARK: Arriving

    func scheduleNext(_ direction: Direction, at instant: Instant) {
        guard instant < .max else { return }
        simulation.schedule(at: instant, .delivery) { self.arriveNext(direction) }
    }

    private func scheduleApart(_ number: Int, _ direction: Direction, at instant: Instant) {
        guard instant < .max else { return }
        simulation.schedule(at: instant, .delivery) { self.arriveApart(number, direction) }
    }

    /// There is one call for each freight in the queue, so that each takes the head, whichever of them comes first.
    private func arriveNext(_ direction: Direction) {
        let now = simulation.now
        let (first, blocked) = withLine(direction) { ($0.first, $0.blockedUntil) }
        guard let first else { return }
        if let blocked, blocked > now { return scheduleNext(direction, at: blocked) }
        var subject = MessageSubject.other
        if case .parcel(let parcel) = first { subject = parcel.subject }
        if let end = network.plan.partitionEnd(place, direction, subject, at: now) {
            withLine(direction) { $0.blockedUntil = end }
            return scheduleNext(direction, at: end)
        }
        withLine(direction) { $0.removeFirst() }
        switch first {
        case .parcel(let parcel): arrive(parcel, direction)
        case .end(let failure): arriveEnd(failure, direction)
        }
    }

    /// A parcel that stands apart has its time, or was released.
    func arriveApart(_ number: Int, _ direction: Direction) {
        let now = simulation.now
        guard let parcel = withLine(direction, { $0.takeApart(number) }) else { return }
        var waitUntil = network.plan.partitionEnd(place, direction, parcel.subject, at: now)
        if waitUntil == nil, parcel.due > now { waitUntil = parcel.due }
        guard let waitUntil else { return arrive(parcel, direction) }
        withLine(direction) { $0.putBack(parcel, as: number) }
        scheduleApart(number, direction, at: waitUntil)
    }

    private func arrive(_ parcel: Parcel, _ direction: Direction) {
        network.underWayCount -= 1
        defer { wakeReaderIfExhausted() }
        guard !withLine(direction, \.isHalfClosed) else {
            return vanish(parcel.subject, direction, "that direction is closed")
        }
        if direction == .clientToServer, isClosedByServer, !parcel.isLate {
            return vanish(parcel.subject, direction, "the server has closed the connection")
        }
        if let cut = parcel.cut, cut < parcel.bytes.count {
            vanish(parcel.subject, direction, "cut after \(cut) of \(parcel.bytes.count) bytes")
            let fragment = Array(parcel.bytes[..<cut])
            if cut > 0 { deliver(fragment, Message.read(fragment.span), direction) }
            return lose(.reset)
        }
        network.emit(.arrived(direction, name: parcel.subject.name), place)
        deliver(parcel.bytes, parcel.message, direction)
        if parcel.cut != nil { lose(.reset) }
        for number in withLine(direction, { $0.waiting(for: parcel) }) { arriveApart(number, direction) }
        for consequence in network.plan.passed(parcel.subject, direction, place, at: simulation.now) {
            if case .end(let effect) = consequence { suffer(effect) } else { network.carryOut(consequence) }
        }
    }

    private func deliver(_ bytes: [UInt8], _ message: Message, _ direction: Direction) {
        if direction == .clientToServer { session?.receive(bytes, message) } else { report(.message(bytes)) }
    }

    private func arriveEnd(_ failure: TransportFailure, _ direction: Direction) {
        guard !withLine(direction, \.isHalfClosed) else { return }
        if direction == .serverToClient {
            lose(failure)
        } else {
            vanishAll(.clientToServer, "the connection was closed")
            endSession()
        }
    }

    private func vanish(_ subject: MessageSubject, _ direction: Direction, _ why: String) {
        network.emit(.vanished(direction, name: subject.name, why: why), place)
    }

    func vanishAll(_ direction: Direction, _ why: String) {
        let parcels = withLine(direction) { $0.removeAll() }
        network.underWayCount -= parcels.count
        for parcel in parcels { vanish(parcel.subject, direction, why) }
    }
}
