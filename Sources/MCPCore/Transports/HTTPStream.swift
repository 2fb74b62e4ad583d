import HTTPTypes
import MCPWire

/// What a server says in answer to one message, or to the GET for messages that answer none.
struct HTTPStream: Sendable {
    enum Kind: Sendable {
        /// The answer to a message.
        case message(OutgoingMessage.Kind)
        /// Messages that answer no request.
        case push
        /// The answer to DELETE.
        case farewell
    }

    let kind: Kind
    /// The message that was posted; let go of when the server has answered.
    var posted: [UInt8] = []
    /// The requests that have no answer yet.
    var awaited: [MessageID] = []
    /// The stream of the request that the message cancels.
    var cancels: Int?
    /// The id of the last event, with which the stream can be resumed; nil if it cannot.
    var cursor: String?
    /// How long the server asked to wait before the stream is resumed.
    var retry: Duration?
    /// Whether the server has ever begun a stream of events.
    var hasBegun = false
    /// How often it was resumed since it last gave a sign of life.
    var attempts = 0
    /// When it is resumed.
    var resumeAt: Instant?
    /// How long its exchange may last in its present phase.
    var deadline: Instant?
    /// What is under way.
    var exchange: Exchange?

    init(_ kind: Kind) {
        self.kind = kind
    }

    /// When something is due.
    var due: Instant? {
        guard let resumeAt else { return deadline }
        return deadline.map { min($0, resumeAt) } ?? resumeAt
    }

    var isInitialize: Bool { if case .message(.initialize) = kind { true } else { false } }
    var isPush: Bool { if case .push = kind { true } else { false } }
    var isInitialized: Bool { if case .message(.initialized) = kind { true } else { false } }

    /// Whether it counts as a request that is under way.
    var isRequest: Bool { !awaited.isEmpty }

    /// Whether it counts as a notification or an answer that is under way, until the server has ended its response.
    var isNote: Bool {
        guard case .message(let kind) = kind, kind == .note || kind == .initialized else { return false }
        return exchange != nil
    }

    /// One request with its response.
    struct Exchange: Sendable {
        enum Phase: Sendable {
            /// The response has not begun.
            case waiting
            /// The authorizer is asked for another token.
            case recovering
            /// The body is a stream of events.
            case events
            /// The body is one JSON text.
            case json
            /// The body says why the request was refused.
            case refusal
            /// The body means nothing.
            case ignoring
        }

        let number: Int
        let method: HTTPRequest.Method
        let endpoint: HTTPURL
        /// Whether it named a session.
        let hasSession: Bool
        let redirects: Int
        /// The statuses with which the server had refused it for want of authorization, before it was sent once more.
        let refusals: Set<Int>
        /// What the authorizer gave when the server had refused it.
        let token: AccessToken?
        var phase = Phase.waiting
        var status = 0
        /// When its stream of events began.
        var began = Instant.zero
        /// Whether a message has come.
        var hasMessage = false
        /// Whether an event has come that has an id and no data, by which a server has a client poll.
        var isPrimed = false
        var decoder = SSEDecoder()
        var collected: [UInt8] = []
    }
}
