import HTTPTypes
import MCPCore
import RepriseSimulation

/// A service that does what the path of a request says, and keeps what it was told.
///
/// `/echo` answers with the body; `/stream/3` with three events, one a second, each a notification `n/1`, `n/2`, …;
/// `/reset` cuts off; `/never` begins no response.
struct EchoService: HTTPService {
    private struct Due {
        var at: Instant
        var action: ServiceAction
    }

    private(set) var activations: [Instant] = []
    private(set) var told: [String] = []
    private var timers: [Due] = []

    var nextDeadline: Instant? { timers.map(\.at).min() }

    mutating func activate(origin: Instant) { activations.append(origin) }

    func detail(of request: ServiceRequest) -> ExchangeDetail {
        let path = request.head.path ?? ""
        return ExchangeDetail(route: String(path.dropFirst().prefix { $0 != "/" }))
    }

    mutating func receive(_ request: ServiceRequest, at now: Instant) -> [ServiceAction] {
        let exchange = request.exchange
        let parts = (request.head.path ?? "").split(separator: "/")
        told.append("\(now) receives \(exchange)")
        switch parts.first {
        case "echo":
            return [
                .head(exchange: exchange, HTTPResponse(status: .ok)),
                .body(exchange: exchange, request.body, message: nil), .end(exchange: exchange),
            ]
        case "stream":
            let count = parts.dropFirst().first.flatMap { Int($0) } ?? 1
            for number in 0..<count {
                let message = notification(number + 1)
                let event = Array("data: ".utf8) + message + Array("\n\n".utf8)
                timers.append(
                    Due(
                        at: now.advanced(by: .seconds(number)),
                        action: .body(exchange: exchange, event, message: message)))
            }
            timers.append(Due(at: now.advanced(by: .seconds(count)), action: .end(exchange: exchange)))
            return [
                .head(exchange: exchange, HTTPResponse(status: .ok, headerFields: [.contentType: "text/event-stream"]))
            ]
        case "reset": return [.reset(exchange: exchange)]
        default: return []
        }
    }

    mutating func abandoned(exchange: Int, at now: Instant) -> [ServiceAction] {
        told.append("\(now) abandoned \(exchange)")
        return []
    }

    mutating func advance(to now: Instant) -> [ServiceAction] {
        let due = timers.filter { $0.at <= now }
        timers.removeAll { $0.at <= now }
        return due.map(\.action)
    }
}
