import MCPWire
import RepriseRecording

/// What a message is about, as faults and observers name it.
enum MessageSubject: Equatable {
    /// A request or notification.
    case call(method: String)
    /// A response; nil when it answers no open request.
    case response(method: String?)
    case batch
    case malformed
    /// No message: an attempt to connect.
    case other

    /// The method, or that of the request that a response answers.
    var method: String? {
        switch self {
        case .call(let method): method
        case .response(let method): method
        case .batch, .malformed, .other: nil
        }
    }

    /// The name in a ``WireEvent``.
    var name: String {
        switch self {
        case .call(let method): method
        case .response(let method?): "response to \(method)"
        case .response(nil): "response"
        case .batch: "batch"
        case .malformed: "malformed"
        case .other: ""
        }
    }
}

/// The requests of one connection that are not answered yet, which responses are named by.
struct OpenRequests {
    private var fromClient: [MessageID: String] = [:]
    private var fromServer: [MessageID: String] = [:]

    /// What a message that is sent in that direction is about.
    mutating func subject(of message: Message, _ direction: Direction) -> MessageSubject {
        switch message.kind {
        case .request:
            let method = message.method ?? ""
            if let id = message.id {
                if direction == .clientToServer { fromClient[id] = method } else { fromServer[id] = method }
            }
            return .call(method: method)
        case .notification: return .call(method: message.method ?? "")
        case .result, .error:
            guard let id = message.id else { return .response(method: nil) }
            return .response(
                method: direction == .clientToServer
                    ? fromServer.removeValue(forKey: id) : fromClient.removeValue(forKey: id))
        case .batch(let elements):
            for element in elements { _ = subject(of: element, direction) }
            return .batch
        case .malformed: return .malformed
        }
    }
}
