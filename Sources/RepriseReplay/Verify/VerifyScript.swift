import MCPWire
import RepriseRecording

/// A recorded session as the verifier needs it: what the client does, and what of the server it waits for.
struct VerifyScript: Sendable {
    /// One thing that the client did.
    struct Step: Sendable {
        enum Content: Equatable, Sendable {
            /// A frame of protocol: its index in the log.
            case frame(Int)
            /// The end of the client's pipe (stdio).
            case end
            /// A request without a message, by its exchange (HTTP).
            case open(exchange: Int)
            /// The client broke an exchange off (HTTP).
            case abort(exchange: Int)
        }

        var event: Int
        var content: Content
        /// Number of items that the recorded server had delivered before.
        var itemCountBefore: Int
    }

    /// One thing of the server that a later step waits for.
    struct Item: Sendable {
        enum Content: Equatable, Sendable {
            /// A message: its index in the log.
            case message(Int)
            /// The head of the answer to an exchange (HTTP).
            case head(exchange: Int)
            /// The end of the server's pipe (stdio).
            case end
        }

        var event: Int
        var content: Content
        /// Microseconds in the recording since whatever stands before it.
        var delay: Int64
        /// Requests of the client that were open then and answered later; once the live server has answered all of
        /// them, an item that did not come is late or left out, and nobody waits for it.
        var openCalls: [Int] = []
    }

    let log: MessageLog
    private(set) var steps: [Step] = []
    private(set) var items: [Item] = []

    /// The script for a server on stdio: the messages of the recording in order, and the ends of pipes.
    ///
    /// Without ends it is for a server that is played a stdio recording over HTTP.
    init(stdio recording: Recording, log: MessageLog, hasEnds: Bool = true) {
        self.log = log
        var builder = VerifyScriptBuilder(log: log)
        var next = 0
        for (index, event) in recording.events.enumerated() {
            while next < log.frames.count, log.frames[next].event <= index + 1 {
                builder.append(frame: next)
                next += 1
            }
            guard hasEnds else { continue }
            switch event.kind {
            case .end(.stdin?): builder.appendEnd(event: index + 1)
            case .end(.stdout?): builder.append(.end, event: index + 1, time: event.time)
            default: break
            }
        }
        if hasEnds { builder.finish(event: recording.events.count) }
        steps = builder.steps
        items = builder.items
    }

    /// The script that was built.
    init(_ builder: VerifyScriptBuilder, log: MessageLog) {
        self.log = log
        steps = builder.steps
        items = builder.items
    }
}

/// Collects steps and items in recorded order.
struct VerifyScriptBuilder {
    let log: MessageLog
    private(set) var steps: [VerifyScript.Step] = []
    private(set) var items: [VerifyScript.Item] = []
    private var openCalls: [Int] = []
    private var lastTime: Int64 = 0
    private var hasEnd = false

    init(log: MessageLog) {
        self.log = log
    }

    mutating func append(frame index: Int) {
        let frame = log.frames[index]
        switch frame.direction {
        case .clientToServer:
            for message in frame.messages where log.messages[message].answer != nil { openCalls.append(message) }
            lastTime = frame.time
            if !frame.isPong(in: log) { append(.frame(index), event: frame.event) }
        case .serverToClient:
            for message in frame.messages {
                if let request = log.messages[message].request { openCalls.removeAll { $0 == request } }
                guard !log.isServerPing(message) else { continue }
                append(.message(message), event: frame.event, time: frame.time)
            }
        }
    }

    mutating func append(_ content: VerifyScript.Step.Content, event: Int) {
        steps.append(.init(event: event, content: content, itemCountBefore: items.count))
    }

    mutating func append(_ content: VerifyScript.Item.Content, event: Int, time: Int64) {
        var item = VerifyScript.Item(event: event, content: content, delay: max(0, time - lastTime))
        if case .message(let message) = content, log.messages[message].request == nil { item.openCalls = openCalls }
        items.append(item)
        lastTime = time
    }

    mutating func appendEnd(event: Int) {
        append(.end, event: event)
        hasEnd = true
    }

    /// A client whose end was not recorded closes its pipe at last.
    mutating func finish(event: Int) {
        if !hasEnd { appendEnd(event: event) }
    }
}

extension MessageLog.LoggedFrame {
    /// Whether the frame does nothing but answer pings of the server.
    func isPong(in log: MessageLog) -> Bool {
        direction == .clientToServer && !messages.isEmpty
            && messages.allSatisfy { log.messages[$0].request.map(log.isServerPing) ?? false }
    }
}

extension MessageLog {
    /// Whether a message is a ping of the server: when those come is a matter of its timers, so they are not compared.
    func isServerPing(_ message: Int) -> Bool {
        let logged = messages[message]
        return logged.message.kind == .request && logged.message.method == "ping"
            && direction(of: message) == .serverToClient
    }
}
