import MCPCore
import MCPWire

/// One stream of a session of a double: what it says in answer to one POST, or without being asked, over all exchanges.
struct ServerStream: Sendable {
    /// How the response to a POST is written.
    enum Form: Sendable {
        case events
        /// One JSON body when all is answered: an array for a batch.
        case json(isBatch: Bool)
    }

    /// From 1 for those of a POST; 0 is the one for messages that answer no request.
    let number: UInt32
    let form: Form
    /// The exchange on which it is carried now.
    var exchange: Int?
    /// When that exchange is closed, so that the client polls.
    var closesAt: Instant?
    /// Requests that are not answered yet.
    var awaited: [MessageID] = []
    /// Answers for a JSON body.
    var answers: [[UInt8]] = []
    /// How many messages were ever put on it.
    private(set) var lastNumber: UInt32 = 0
    /// The last message that was put on an exchange.
    var handedNumber: UInt32 = 0
    /// The latest messages, those before `oldest` gone.
    private var kept: [[UInt8]] = []
    private var oldest = 0

    init(number: UInt32, form: Form = .events, exchange: Int? = nil, awaited: [MessageID] = []) {
        self.number = number
        self.form = form
        self.exchange = exchange
        self.awaited = awaited
    }

    /// Whether it is of a POST whose requests are all answered.
    var isComplete: Bool { number > 0 && awaited.isEmpty }

    /// A request of it is answered, or never will be.
    mutating func settle(_ request: MessageID) {
        if let index = awaited.firstIndex(of: request) { awaited.remove(at: index) }
    }

    /// Puts a message on it, of which the latest `limit` are kept.
    mutating func append(_ message: [UInt8], keeping limit: Int) {
        lastNumber += 1
        guard limit > 0 else { return }
        kept.append(message)
        guard kept.count - oldest > limit else { return }
        kept[oldest] = []
        oldest += 1
        guard oldest >= limit else { return }
        kept.removeFirst(oldest)
        oldest = 0
    }

    /// The number of the oldest message that is kept; one more than the last if there is none.
    var firstKeptNumber: UInt32 { lastNumber - UInt32(kept.count - oldest) + 1 }

    /// The messages behind that number, each with its own; nil if some of them are no longer kept, or it never was.
    func messages(after number: UInt32) -> [(number: UInt32, message: [UInt8])]? {
        guard number <= lastNumber, number + 1 >= firstKeptNumber else { return nil }
        let missing = Int(lastNumber - number)
        return kept.suffix(missing).enumerated().map { (number + 1 + UInt32($0.offset), $0.element) }
    }
}
