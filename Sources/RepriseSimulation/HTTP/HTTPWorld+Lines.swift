import MCPCore
import MCPWire
import RepriseRecording

/// What is under way in the two directions of an exchange.
extension HTTPWorld {
    /// Something that is handed to the network.
    struct Load {
        var bytes: [UInt8]
        var message: Message
        var subject: MessageSubject
        var response: ResponsePart?
        /// Whether the faults of messages apply to it.
        var isMessage = true

        /// What stands for a message where there is none.
        static let noMessage: Message = {
            let nothing: [UInt8] = []
            return Message.read(nothing.span)
        }()
    }

    /// Hands something to the network; `start` is when its connection stands.
    mutating func send(_ load: Load, of number: Int, _ direction: Direction, from start: Instant, at now: Instant) {
        guard let place = exchanges[number]?.place, let server = exchanges[number]?.server else { return }
        var course = FaultPlan.MessageFate.Course.pass
        var rate: Int?
        if load.isMessage {
            course = plan.send(load.subject, direction, place, at: now).course
            rate = plan.readerRate(place, direction, load.subject, at: now)
        }
        let link = servers[server].link
        guard
            let (own, arrival) = exchanges[number]?.withLine(
                direction,
                { line in
                    let due = line.due(
                        byteCount: load.bytes.count, at: start, over: link, readerRate: rate,
                        random: &servers[server].random)
                    return (line.nextNumber(), due)
                })
        else { return }
        var due = arrival
        var cut: Int?
        switch course {
        case .delay(let duration): due = due.advanced(by: duration)
        case .cut(let count): cut = max(0, count)
        default: break
        }
        let parcel = Parcel(
            bytes: load.bytes, message: load.message, subject: load.subject, number: own, due: due, cut: cut,
            response: load.response)
        let isPiece = direction == .serverToClient && load.response == nil
        dispatch(parcel, course, isPiece: isPiece, of: number, direction)
    }

    /// `isPiece` says whether it can come twice, or after the next.
    private mutating func dispatch(
        _ parcel: Parcel, _ course: FaultPlan.MessageFate.Course, isPiece: Bool, of number: Int, _ direction: Direction
    ) {
        switch course {
        case .pass, .cut: enqueue(parcel, of: number, direction)
        case .copies(let count) where count > 0:
            for _ in 0..<(isPiece ? count : 1) { enqueue(parcel, of: number, direction) }
        case .drop, .copies: vanish(parcel, of: number, direction, "dropped")
        case .delay:
            let own = exchanges[number]?.withLine(direction) { $0.setApart(parcel, .time) } ?? 0
            schedule(.apart(direction, number: own), of: number, at: parcel.due)
        case .hold(let fault): hold(parcel, .release, of: number, direction, by: fault)
        case .reorder(let fault): hold(parcel, isPiece ? .nextParcel : .release, of: number, direction, by: fault)
        }
    }

    private mutating func enqueue(_ parcel: Parcel, of number: Int, _ direction: Direction) {
        exchanges[number]?.withLine(direction) { $0.append(parcel) }
        schedule(.next(direction), of: number, at: parcel.due)
    }

    private mutating func hold(
        _ parcel: Parcel, _ reason: Line.Reason, of number: Int, _ direction: Direction, by fault: Int
    ) {
        let own = exchanges[number]?.withLine(direction) { $0.setApart(parcel, reason) } ?? 0
        heldParcels[fault, default: []].append(Held(exchange: number, direction: direction, number: own))
    }

    mutating func schedule(_ delivery: DeliveryQueue.Delivery, of number: Int, at instant: Instant) {
        guard instant < .max else { return }
        queue.insert(delivery, of: number, at: instant)
    }

    // MARK: Arriving

    /// One of the things that are due at `now`, which the seed chooses: a service's, or the queue's first.
    mutating func deliverOne(at now: Instant) {
        var due: [Int?] = []
        var earliest = now
        func consider(_ instant: Instant?, _ candidate: Int?) {
            guard let instant, instant <= earliest else { return }
            if instant < earliest { due = [] }
            earliest = instant
            due.append(candidate)
        }
        for index in servers.indices { consider(servers[index].service.nextDeadline, index) }
        consider(queue.first?.at, nil)
        guard !due.isEmpty else { return }
        guard let server = due[due.count == 1 ? 0 : choices.below(due.count)] else { return deliverFirst(at: now) }
        perform(servers[server].service.advance(to: now), of: server, at: now)
    }

    private mutating func deliverFirst(at now: Instant) {
        guard let entry = queue.first else { return }
        queue.removeFirst()
        switch entry.delivery {
        case .refusal: refuse(entry.exchange)
        case .next(let direction): arriveNext(of: entry.exchange, direction, at: now)
        case .apart(let direction, let number): arriveApart(number, of: entry.exchange, direction, at: now)
        case .release(let fault): releaseParcels(of: fault, at: now)
        }
    }

    /// There is one entry in the queue for each freight, so that each takes the head, whichever of them comes first.
    private mutating func arriveNext(of number: Int, _ direction: Direction, at now: Instant) {
        guard let place = exchanges[number]?.place,
            let (first, blocked) = exchanges[number]?.withLine(direction, { ($0.first, $0.blockedUntil) }),
            let first
        else { return }
        if let blocked, blocked > now { return schedule(.next(direction), of: number, at: blocked) }
        var subject = MessageSubject.other
        if case .parcel(let parcel) = first { subject = parcel.subject }
        if let end = plan.partitionEnd(place, direction, subject, at: now) {
            exchanges[number]?.withLine(direction) { $0.blockedUntil = end }
            return schedule(.next(direction), of: number, at: end)
        }
        exchanges[number]?.withLine(direction) { $0.removeFirst() }
        switch first {
        case .parcel(let parcel): arrive(parcel, of: number, direction, at: now)
        case .end(let failure): arriveEnd(failure, of: number, at: now)
        }
    }

    /// A parcel that stands apart has its time, or was released.
    mutating func arriveApart(_ own: Int, of number: Int, _ direction: Direction, at now: Instant) {
        guard let place = exchanges[number]?.place,
            let parcel = exchanges[number]?.withLine(direction, { $0.takeApart(own) }) ?? nil
        else { return }
        var waitUntil = plan.partitionEnd(place, direction, parcel.subject, at: now)
        if waitUntil == nil, parcel.due > now { waitUntil = parcel.due }
        guard let waitUntil else { return arrive(parcel, of: number, direction, at: now) }
        exchanges[number]?.withLine(direction) { $0.putBack(parcel, as: own) }
        schedule(.apart(direction, number: own), of: number, at: waitUntil)
    }

    private mutating func arrive(_ parcel: Parcel, of number: Int, _ direction: Direction, at now: Instant) {
        guard let exchange = exchanges[number] else { return }
        guard !(direction == .clientToServer ? exchange.toServer : exchange.toClient).isHalfClosed else {
            return vanish(parcel, of: number, direction, "that direction is closed")
        }
        if let cut = parcel.cut, cut < parcel.bytes.count {
            vanish(parcel, of: number, direction, "cut after \(cut) of \(parcel.bytes.count) bytes")
            if direction == .serverToClient { hear(parcel, upTo: cut, of: number) }
            return lose(number, .reset, at: now)
        }
        if direction == .clientToServer {
            arriveRequest(parcel, of: number, at: now)
        } else {
            arriveResponse(parcel, of: number)
        }
        if parcel.cut != nil { lose(number, .reset, at: now) }
        let waiting = exchanges[number]?.withLine(direction) { $0.waiting(for: parcel) } ?? []
        for own in waiting { arriveApart(own, of: number, direction, at: now) }
        if parcel.subject != .other {
            for consequence in plan.passed(parcel.subject, direction, exchange.place, at: now) {
                carryOut(consequence, passing: number, at: now)
            }
        }
        finishIfComplete(number)
    }

    mutating func vanish(_ parcel: Parcel, of number: Int, _ direction: Direction, _ why: String) {
        guard let place = exchanges[number]?.place, parcel.subject != .other else { return }
        emit(.vanished(direction, name: parcel.subject.name, why: why), place)
        guard direction == .clientToServer else { return }
        // The service will never hear of it, and need not be told when the client goes away.
        exchanges[number]?.request = nil
        exchanges[number]?.isServed = true
        if exchanges[number]?.isAbandoned == true { exchanges[number] = nil }
    }

    mutating func vanishAll(of number: Int, _ direction: Direction, _ why: String) {
        let parcels = exchanges[number]?.withLine(direction) { $0.removeAll() } ?? []
        for parcel in parcels { vanish(parcel, of: number, direction, why) }
    }
}
