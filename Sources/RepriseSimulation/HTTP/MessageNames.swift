import MCPWire

/// What the responses of one server to one client answer, over all their exchanges: the methods of its latest requests.
///
/// Unlike ``OpenRequests`` it keeps a request that was answered, since a stream that is resumed may answer it again.
struct MessageNames {
    private let limit: Int
    private var methods: [MessageID: String] = [:]
    /// The ids in order of entry; those before `oldest` are gone.
    private var order: [MessageID] = []
    private var oldest = 0

    /// Keeps so many requests.
    init(limit: Int = 4096) {
        self.limit = limit
    }

    /// Remembers the requests of a body that the client has sent.
    mutating func noteRequests(in message: Message) {
        switch message.kind {
        case .request: if let id = message.id { note(id, message.method ?? "") }
        case .batch(let elements): for element in elements { noteRequests(in: element) }
        default: break
        }
    }

    private mutating func note(_ id: MessageID, _ method: String) {
        guard methods.updateValue(method, forKey: id) == nil else { return }
        order.append(id)
        guard methods.count > limit else { return }
        methods[order[oldest]] = nil
        oldest += 1
        guard oldest >= limit else { return }
        order.removeFirst(oldest)
        oldest = 0
    }

    /// What a message of the server is about.
    func subject(of message: Message) -> MessageSubject {
        switch message.kind {
        case .request, .notification: .call(method: message.method ?? "")
        case .result, .error: .response(method: message.id.flatMap { methods[$0] })
        case .batch: .batch
        case .malformed: .malformed
        }
    }
}
