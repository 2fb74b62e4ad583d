import HTTPTypes
import MCPCore
import RepriseRecording

/// The part of a response that travels as one parcel, where it is more than a piece of a body.
final class ResponsePart: Sendable {
    let head: HTTPResponse
    /// The body is complete with it.
    let isWhole: Bool

    init(head: HTTPResponse, isWhole: Bool) {
        self.head = head
        self.isWhole = isWhole
    }
}

/// One request with its response, as far as it has come; each travels as if on a connection of its own.
struct HTTPExchange {
    /// The index of the server.
    let server: Int
    let place: FaultPlan.Place
    let route: String
    /// The request until it has arrived.
    var request: ServiceRequest?
    /// The client has gone away; what it has sent still arrives.
    var isAbandoned = false
    /// It waits for a connection that never comes.
    var isHanging = false
    /// Nobody took the connection.
    var refusal: TransportFailure?
    /// The service has said all that it has to say.
    var isServed = false
    /// A response that is no stream of events, until it is complete.
    var gathered: Gathered?
    /// The end of the response has its turn, and waits for pieces that stand apart.
    var hasEndArrived = false
    /// The response was cut off, and the client has still to hear of it.
    var isNewsHeld = false
    var toServer = Line()
    var toClient = Line()

    /// Whether a connection of it stands, which faults can cut off.
    var isOpen: Bool { !isHanging && refusal == nil && !isNewsHeld && !isAbandoned }

    /// Whether the client can still hear of it.
    var isHeard: Bool { !isAbandoned && !isNewsHeld }

    /// Does something to the line of that direction.
    mutating func withLine<T>(_ direction: Direction, _ body: (inout Line) -> T) -> T {
        direction == .clientToServer ? body(&toServer) : body(&toClient)
    }

    /// A response whose body is still to come.
    struct Gathered {
        var head: HTTPResponse
        var body: [UInt8] = []
        var message: [UInt8]?
    }
}

extension HTTPResponse {
    /// Whether its body is a stream of events, whose pieces arrive one by one.
    var isEventStream: Bool {
        guard let type = headerFields[.contentType] else { return false }
        let mediaType = type.prefix { $0 != ";" && $0 != " " }
        return mediaType.lowercased() == "text/event-stream"
    }
}
