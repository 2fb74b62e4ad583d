import MCPWire

/// A message to be posted, and what the transport has to know of it.
struct OutgoingMessage: Sendable, Equatable {
    /// What the transport has to tell apart.
    enum Kind: Sendable, Equatable {
        /// The request that begins a session; it names no session and no revision in its headers.
        case initialize
        /// The notification after which the session stands: what comes next waits until the server has taken it.
        case initialized
        /// Any other request.
        case request
        /// Any other notification, or an answer.
        case note
    }

    /// The message as it is to be posted.
    var bytes: [UInt8]
    var kind: Kind
    /// The ids of the requests in it.
    var ids: [MessageID] = []
    /// The request that it cancels (`notifications/cancelled`).
    var cancels: MessageID?

    /// Looks at a message; what is none is posted all the same.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        kind = .note
        let message = Message.read(bytes.span)
        switch (message.kind, message.method) {
        case (.request, let method):
            kind = method == "initialize" ? .initialize : .request
            ids = [message.id].compactMap(\.self)
        case (.notification, "notifications/initialized"): kind = .initialized
        case (.notification, "notifications/cancelled"): cancels = Self.cancelledID(message, in: bytes)
        case (.batch(let messages), _):
            ids = messages.compactMap { $0.kind == .request ? $0.id : nil }
            if !ids.isEmpty { kind = .request }
        default: break
        }
    }

    private static func cancelledID(_ message: Message, in bytes: [UInt8]) -> MessageID? {
        guard let params = message.params, let document = try? JSONDocument(Array(bytes[params])),
            let node = document.member("requestId", of: 0)
        else { return nil }
        return MessageID(text: Array(document.raw(at: node)))
    }
}
