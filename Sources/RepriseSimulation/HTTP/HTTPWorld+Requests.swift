import HTTPTypes
import MCPCore
import MCPWire
import RepriseRecording

/// The way of a request to its service, and how an exchange is left.
extension HTTPWorld {
    mutating func begin(_ request: ServiceRequest, with server: Int, at now: Instant) {
        servers[server].exchangeCounts[request.client, default: 0] += 1
        let number = servers[server].exchangeCounts[request.client] ?? 1
        let place = FaultPlan.Place(server: servers[server].name, client: request.client, connection: number)
        let detail = servers[server].service.detail(of: request)
        emit(.request(detail), place)
        let exchange = HTTPExchange(server: server, place: place, route: detail.route, request: request)
        exchanges[request.exchange] = exchange
        let subject = MessageSubject.call(method: detail.route)
        switch plan.connect(place, subject, at: now) {
        case .proceed: send(request, subject, from: now, at: now)
        case .delay(let duration): send(request, subject, from: now.advanced(by: duration), at: now)
        case .wait(let until): send(request, subject, from: until, at: now)
        case .hang: exchanges[request.exchange]?.isHanging = true
        case .refuse(let failure):
            exchanges[request.exchange]?.refusal = failure
            let roundTrip = servers[server].link.latency * 2
            queue.insert(.refusal, of: request.exchange, at: now.advanced(by: roundTrip))
        }
    }

    private mutating func send(
        _ request: ServiceRequest, _ subject: MessageSubject, from start: Instant, at now: Instant
    ) {
        let message = Message.read(request.body.span)
        let load = Load(bytes: request.body, message: message, subject: subject, response: nil)
        send(load, of: request.exchange, .clientToServer, from: start, at: now)
    }

    /// A request has arrived, whole.
    mutating func arriveRequest(_ parcel: Parcel, of number: Int, at now: Instant) {
        guard let request = exchanges[number]?.request, let exchange = exchanges[number] else { return }
        exchanges[number]?.request = nil
        emit(.arrived(.clientToServer, name: parcel.subject.name), exchange.place)
        servers[exchange.server].names[exchange.place.client, default: MessageNames()]
            .noteRequests(in: parcel.message)
        perform(servers[exchange.server].service.receive(request, at: now), of: exchange.server, at: now)
        guard exchange.isAbandoned else { return }
        exchanges[number] = nil
        perform(
            servers[exchange.server].service.abandoned(exchange: number, at: now), of: exchange.server, at: now)
    }

    /// Nobody took the connection, or somebody who speaks HTTP did and would not have the request.
    mutating func refuse(_ number: Int) {
        guard let exchange = exchanges.removeValue(forKey: number), !exchange.isAbandoned,
            let failure = exchange.refusal
        else { return }
        guard let head = failure.statusHead else { return actions.append(.refuse(exchange: number, failure)) }
        emit(.response(route: exchange.route, status: head.status.code), exchange.place)
        actions += [.head(exchange: number, head), .end(exchange: number)]
    }

    /// The client goes away.
    mutating func leave(_ number: Int, at now: Instant) {
        guard let exchange = exchanges[number], !exchange.isAbandoned else { return }
        vanishAll(of: number, .serverToClient, "the client has gone away")
        guard exchange.request == nil else {
            if exchange.isHanging || exchange.refusal != nil {
                exchanges[number] = nil
            } else {
                exchanges[number]?.isAbandoned = true
            }
            return
        }
        exchanges[number] = nil
        guard !exchange.isServed else { return }
        perform(
            servers[exchange.server].service.abandoned(exchange: number, at: now), of: exchange.server, at: now)
    }
}

extension TransportFailure {
    /// The response by which a server refuses a request, for failures that are made of one.
    fileprivate var statusHead: HTTPResponse? {
        switch self {
        case .unauthorized(let status), .status(let status): HTTPResponse(status: .init(code: status))
        case .sessionExpired: HTTPResponse(status: .notFound)
        case .unavailable(let status, let retryAfter):
            HTTPResponse(
                status: .init(code: status), headerFields: retryAfter.map { [.retryAfter: $0] } ?? HTTPFields())
        case .refused, .reset, .closed, .exited, .protocolBroken, .misconfigured: nil
        }
    }
}
