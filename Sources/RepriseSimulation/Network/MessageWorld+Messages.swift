import MCPCore
import MCPWire
import RepriseRecording

/// The way of a message from one side to the other, and how connections end.
extension MessageWorld {
    mutating func send(_ bytes: [UInt8], on number: Int, _ direction: Direction, at now: Instant) {
        guard var connection = connections[number], !connection.isOver else { return }
        guard direction == .clientToServer || !connection.isEnding else { return }
        let message = Message.read(bytes.span)
        let subject = connection.open.subject(of: message, direction)
        let place = connection.place
        emit(.sent(direction, name: subject.name, bytes: bytes), place)
        let fate = plan.send(subject, direction, place, at: now)
        let rate = plan.readerRate(place, direction, subject, at: now)
        // What is sent before the connection stands waits for it; for one that hangs, for ever.
        let start = max(now, connection.stands ?? .max)
        let server = connection.server
        let (parcelNumber, due) = Self.withLine(&connection, direction) { line in
            let due = line.due(
                byteCount: bytes.count, at: start, over: servers[server].link, readerRate: rate,
                random: &servers[server].random)
            return (line.nextNumber(), due)
        }
        connections[number] = connection
        var delay = Duration.zero
        var cut: Int?
        if case .delay(let duration) = fate.course { delay = duration }
        if case .cut(let count) = fate.course { cut = max(0, count) }
        let parcel = Parcel(
            bytes: bytes, message: message, subject: subject, number: parcelNumber, due: due.advanced(by: delay),
            cut: cut)
        switch fate.course {
        case .drop, .copies(...0): emit(.vanished(direction, name: subject.name, why: "dropped"), place)
        case .copies(let count): for _ in 0..<count { arrive(parcel, on: number, direction) }
        case .hold(let fault): hold(parcel, on: number, direction, by: fault, waitsForNext: false)
        case .reorder(let fault): hold(parcel, on: number, direction, by: fault, waitsForNext: true)
        case .delay: arrive(parcel, on: number, direction)
        case .pass, .cut:
            // What comes later does not overtake it.
            Self.withLine(&connection, direction) { line in
                line.append(parcel)
                line.removeFirst()
            }
            connections[number] = connection
            arrive(parcel, on: number, direction)
        }
    }

    private static func withLine<T>(
        _ connection: inout Connection, _ direction: Direction, _ body: (inout Line) -> T
    ) -> T {
        direction == .clientToServer ? body(&connection.toServer) : body(&connection.toClient)
    }

    private mutating func arrive(_ parcel: Parcel, on number: Int, _ direction: Direction) {
        if parcel.due < .max { insert(.arrive(connection: number, direction, parcel), at: parcel.due) }
    }

    private mutating func hold(
        _ parcel: Parcel, on number: Int, _ direction: Direction, by fault: Int, waitsForNext: Bool
    ) {
        let waiting = Held(connection: number, direction: direction, parcel: parcel, waitsForNext: waitsForNext)
        held.append((fault, waiting))
    }

    // MARK: Time

    mutating func happen(_ event: Event, at now: Instant) {
        switch event {
        case .refuse(let number, let failure):
            guard connections[number]?.isOver == false else { return }
            actions.append(.refuse(connection: number, failure))
            finish(number)
        case .end(let number, let failure): lose(number, failure)
        case .arrive(let number, let direction, let parcel): happen(parcel, on: number, direction, at: now)
        }
    }

    private mutating func happen(_ parcel: Parcel, on number: Int, _ direction: Direction, at now: Instant) {
        guard var connection = connections[number] else { return }
        let (place, name) = (connection.place, parcel.subject.name)
        guard !connection.isOver else {
            return emit(.vanished(direction, name: name, why: "the connection is over"), place)
        }
        if let end = plan.partitionEnd(place, direction, parcel.subject, at: now) {
            if end < .max { insert(.arrive(connection: number, direction, parcel), at: end) }
            return
        }
        guard !Self.withLine(&connection, direction, \.isHalfClosed) else {
            return emit(.vanished(direction, name: name, why: "that direction is closed"), place)
        }
        if let cut = parcel.cut, cut < parcel.bytes.count {
            emit(.vanished(direction, name: name, why: "cut after \(cut) of \(parcel.bytes.count) bytes"), place)
            if cut > 0 { deliver(Array(parcel.bytes[..<cut]), on: number, direction, isWhole: false, at: now) }
            return lose(number, .reset)
        }
        emit(.arrived(direction, name: name), place)
        deliver(parcel.bytes, on: number, direction, at: now)
        if parcel.cut != nil { lose(number, .reset) }
        release {
            $0.waitsForNext && $0.connection == number && $0.direction == direction
                && $0.parcel.number < parcel.number
        }
        for consequence in plan.passed(parcel.subject, direction, place, at: now) {
            if case .end(let effect) = consequence { suffer(effect, number) } else { carryOut(consequence, at: now) }
        }
    }

    private mutating func deliver(
        _ bytes: [UInt8], on number: Int, _ direction: Direction, isWhole: Bool = true, at now: Instant
    ) {
        guard direction == .clientToServer else {
            return actions.append(.send(connection: number, bytes, isWhole: isWhole))
        }
        let doings = connections[number]?.machine.receive(bytes, Message.read(bytes.span), at: now)
        perform(doings ?? [], of: number, at: now)
    }

    mutating func perform(_ doings: [ServerDoubleMachine.Action], of number: Int, at now: Instant) {
        for doing in doings {
            guard let place = connections[number]?.place else { return }
            switch doing {
            case .send(let message, _), .answer(let message, _):
                send(message, on: number, .serverToClient, at: now)
            case .forget: break
            case .execute(let tool): emit(.effect(tool: tool), place)
            case .close: end(number, .closed, at: now)
            case .exit(let code): end(number, .exited(code: code), at: now)
            }
        }
    }

    // MARK: Faults

    mutating func carryOut(_ consequence: FaultPlan.Consequence, at now: Instant) {
        switch consequence {
        case .end: preconditionFailure("\(consequence) is carried out by its connection")
        case .release(let fault): release(by: fault)
        case .strike(let fault):
            for number in connections.keys.sorted() {
                guard let connection = connections[number], !connection.isOver,
                    connection.stands.map({ $0 <= now }) ?? false,
                    let effect = plan.strikes(fault, connection.place, at: now)
                else { continue }
                suffer(effect, number)
            }
        }
    }

    private mutating func release(by fault: Int? = nil, where isMeant: (Held) -> Bool = { _ in true }) {
        let going = held.filter { (fault == nil || $0.fault == fault) && isMeant($0.1) }
        held.removeAll { (fault == nil || $0.fault == fault) && isMeant($0.1) }
        for (_, waiting) in going { arrive(waiting.parcel, on: waiting.connection, waiting.direction) }
    }

    private mutating func suffer(_ effect: Fault.Effect, _ number: Int) {
        switch effect {
        case .reset(let failure): lose(number, failure)
        case .halfClose(.clientToServer): connections[number]?.toServer.isHalfClosed = true
        case .halfClose(.serverToClient): connections[number]?.toClient.isHalfClosed = true
        default: break
        }
    }

    /// The server closes: what it has sent arrives first.
    private mutating func end(_ number: Int, _ failure: TransportFailure, at now: Instant) {
        guard var connection = connections[number], !connection.isOver, !connection.isEnding else { return }
        connection.isEnding = true
        let at = connection.toClient.appendEnd(failure, at: now, over: servers[connection.server].link)
        connections[number] = connection
        insert(.end(connection: number, failure), at: at)
    }

    private mutating func lose(_ number: Int, _ failure: TransportFailure) {
        guard let connection = connections[number], !connection.isOver else { return }
        emit(.lost(failure.lossText), connection.place)
        actions.append(.close(connection: number, failure))
        finish(number)
    }

    /// The connection is over for both sides; tools that are being executed go on.
    mutating func finish(_ number: Int) {
        connections[number]?.isOver = true
        connections[number]?.machine.disconnect()
        held.removeAll { $0.1.connection == number }
    }
}
