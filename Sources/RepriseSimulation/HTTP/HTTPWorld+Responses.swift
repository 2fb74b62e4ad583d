import HTTPTypes
import MCPCore
import MCPWire
import RepriseRecording

/// The way of a response to its client.
extension HTTPWorld {
    /// What a service has to say.
    mutating func perform(_ said: [ServiceAction], of server: Int, at now: Instant) {
        for action in said {
            switch action {
            case .head(let number, let head): begin(head, of: number, at: now)
            case .body(let number, let bytes, let message): sendBody(bytes, message, of: number, at: now)
            case .end(let number): finish(number, at: now)
            case .reset(let number): cutOff(number, at: now)
            case .effect(let tool):
                // A tool goes on without its exchange, so that whose it was is not said.
                emit(.effect(tool: tool), FaultPlan.Place(server: servers[server].name, client: 0, connection: 0))
            }
        }
    }

    private mutating func begin(_ head: HTTPResponse, of number: Int, at now: Instant) {
        guard exchanges[number] != nil else { return }
        guard head.isEventStream else {
            exchanges[number]?.gathered = HTTPExchange.Gathered(head: head)
            return
        }
        let load = Load(
            bytes: [], message: Load.noMessage, subject: .other, response: ResponsePart(head: head, isWhole: false),
            isMessage: false)
        send(load, of: number, .serverToClient, from: now, at: now)
    }

    private mutating func sendBody(_ bytes: [UInt8], _ message: [UInt8]?, of number: Int, at now: Instant) {
        guard let exchange = exchanges[number] else { return }
        if exchange.gathered != nil {
            exchanges[number]?.gathered?.body += bytes
            exchanges[number]?.gathered?.message = message
            return
        }
        guard let message else {
            let load = Load(
                bytes: bytes, message: Load.noMessage, subject: .other, response: nil, isMessage: false)
            return send(load, of: number, .serverToClient, from: now, at: now)
        }
        let read = Message.read(message.span)
        let names = servers[exchange.server].names[exchange.place.client] ?? MessageNames()
        let subject = names.subject(of: read)
        emit(.sent(.serverToClient, name: subject.name, bytes: message), exchange.place)
        let load = Load(bytes: bytes, message: read, subject: subject, response: nil)
        send(load, of: number, .serverToClient, from: now, at: now)
    }

    /// The service has completed the response.
    private mutating func finish(_ number: Int, at now: Instant) {
        guard let exchange = exchanges[number], !exchange.isServed else { return }
        exchanges[number]?.isServed = true
        guard let gathered = exchange.gathered else { return sendEnd(.closed, of: number, at: now) }
        exchanges[number]?.gathered = nil
        let subject = MessageSubject.response(method: exchange.route)
        if let message = gathered.message {
            emit(.sent(.serverToClient, name: subject.name, bytes: message), exchange.place)
        }
        let load = Load(
            bytes: gathered.body, message: Load.noMessage, subject: subject,
            response: ResponsePart(head: gathered.head, isWhole: true))
        send(load, of: number, .serverToClient, from: now, at: now)
    }

    /// The service cuts the connection off.
    private mutating func cutOff(_ number: Int, at now: Instant) {
        guard let exchange = exchanges[number], !exchange.isServed else { return }
        exchanges[number]?.isServed = true
        exchanges[number]?.gathered = nil
        sendEnd(.reset, of: number, at: now)
    }

    private mutating func sendEnd(_ failure: TransportFailure, of number: Int, at now: Instant) {
        guard let server = exchanges[number]?.server else { return }
        let link = servers[server].link
        let due = exchanges[number]?.withLine(.serverToClient) { $0.appendEnd(failure, at: now, over: link) }
        if let due { schedule(.next(.serverToClient), of: number, at: due) }
    }

    // MARK: Arriving

    mutating func arriveResponse(_ parcel: Parcel, of number: Int) {
        guard let exchange = exchanges[number] else { return }
        if parcel.subject != .other { emit(.arrived(.serverToClient, name: parcel.subject.name), exchange.place) }
        hear(parcel, upTo: parcel.bytes.count, of: number)
        if parcel.cut == nil, parcel.response?.isWhole == true {
            exchanges[number]?.hasEndArrived = true
        }
    }

    /// The client hears the first bytes of something.
    mutating func hear(_ parcel: Parcel, upTo count: Int, of number: Int) {
        guard let exchange = exchanges[number], exchange.isHeard else { return }
        if let part = parcel.response {
            emit(.response(route: exchange.route, status: part.head.status.code), exchange.place)
            actions.append(.head(exchange: number, part.head))
        }
        if count > 0 { actions.append(.body(exchange: number, Array(parcel.bytes.prefix(count)))) }
    }

    mutating func arriveEnd(_ failure: TransportFailure, of number: Int, at now: Instant) {
        guard let exchange = exchanges[number], !exchange.toClient.isHalfClosed else { return }
        guard failure == .closed else { return lose(number, failure, at: now) }
        exchanges[number]?.hasEndArrived = true
        finishIfComplete(number)
    }

    /// The end comes when nothing stands apart any more.
    mutating func finishIfComplete(_ number: Int) {
        guard let exchange = exchanges[number], exchange.hasEndArrived, exchange.toClient.isInOrder else { return }
        exchanges[number] = nil
        if exchange.isHeard { actions.append(.end(exchange: number)) }
    }
}
