import MCPWire
import RepriseRecording

/// A recorded session as the replayer needs it: what the client must say, what the server says, and when.
struct ReplayScript: Sendable {
    /// One message that the client sent, or the end of its pipe.
    struct ClientStep: Sendable {
        enum Content: Sendable {
            /// A request or notification; its params are empty when absent.
            case call(CallPattern)
            /// The answer to a request of the server.
            case answer(id: MessageID, body: [UInt8], secrets: SecretPattern)
            /// A frame that is no message, kept byte for byte.
            case malformed([UInt8])
            /// A frame of which redaction kept only length and digest.
            case omitted(byteCount: Int, sha256: String)
            /// The end of the client's pipe.
            case end
        }

        var event: Int
        var time: Int64
        var content: Content
        /// Whether it is a request that the recording answers, and that a client expects to be answered soon.
        var isAnswerAwaited = false
        /// The HTTP exchange that carried it (key `x`).
        var exchange: Int?
    }

    /// One frame that the server sent, or the end of its pipe.
    struct ServerStep: Sendable {
        enum Content: Sendable {
            case frame(FrameTemplate)
            /// The payload was left out of the recording, so that it cannot be sent.
            case omitted(byteCount: Int)
            case end
        }

        var event: Int
        /// Method, or what it answers.
        var name: String
        var content: Content
        /// The client steps that this frame answers; empty for what answers no request.
        var answers: [Int]
        /// Whether it waits for everything that the client had sent before it: all but an ordinary answer does.
        var waitsForAll: Bool
        /// The cancellations of those requests that were recorded before it: the answer may be what they led to.
        var cancellations: [Int] = []
        /// Number of client steps recorded before it.
        var clientStepCountBefore: Int
        /// Number of answers of the client recorded before it.
        var clientAnswerCountBefore: Int
        /// Microseconds in the recording between the last thing it waits for and itself.
        var delay: Int64
        /// Ids of the server's own requests in it.
        var requestIDs: [MessageID]
        /// Where reads ended; nil when one read ended with the frame.
        var cuts: [Frame.Cut]?
    }

    private(set) var client: [ClientStep] = []
    private(set) var server: [ServerStep] = []
    /// The client steps that are answers to requests of the server.
    private(set) var clientAnswers: [Int] = []

    /// The script of a recording; throws ``ReplayError`` for what cannot be replayed on stdio.
    init(_ recording: Recording) throws(ReplayError) {
        guard recording.header.transport == "stdio" else { throw .transport(recording.header.transport) }
        for (index, event) in recording.events.enumerated() {
            if case .unknown(let kind) = event.kind { throw .unknownKind(event: index + 1, kind: kind) }
        }
        let log = MessageLog(recording)
        guard !log.frames.isEmpty else { throw .nothingToReplay }
        let ends = Self.ends(of: recording)
        var builder = Builder(log: log)
        var next = 0
        for (event, time, pipe) in ends {
            while next < log.frames.count, log.frames[next].event < event {
                builder.append(frame: next)
                next += 1
            }
            builder.appendEnd(of: pipe, event: event, time: time)
        }
        while next < log.frames.count {
            builder.append(frame: next)
            next += 1
        }
        client = builder.client
        server = builder.server
        clientAnswers = builder.clientAnswers
    }

    /// One session of an HTTP recording, or what belongs to none.
    init(_ log: MessageLog, session: Int?) {
        var builder = Builder(log: log)
        for (index, frame) in log.frames.enumerated() where frame.session == session { builder.append(frame: index) }
        client = builder.client
        server = builder.server
        clientAnswers = builder.clientAnswers
    }

    /// The ends of the two protocol pipes; standard error carries no protocol.
    private static func ends(of recording: Recording) -> [(event: Int, time: Int64, pipe: Pipe)] {
        recording.events.enumerated().compactMap { index, event in
            guard case .end(let pipe?) = event.kind, pipe != .stderr else { return nil }
            return (index + 1, event.time, pipe)
        }
    }
}

/// Collects the steps in recorded order.
private struct Builder {
    let log: MessageLog
    var client: [ReplayScript.ClientStep] = []
    var server: [ReplayScript.ServerStep] = []
    var clientAnswers: [Int] = []
    /// The cancellation of a client step, where one was recorded.
    private var cancellations: [Int: Int] = [:]
    /// Index in `client` of the step that stands for a message of the log.
    private var stepOfMessage: [Int: Int] = [:]
    /// The latest client step that used a progress token, or a request id.
    private var tokens: [MessageID: Int] = [:]
    private var requests: [MessageID: Int] = [:]
    /// The client step that opened a subscription, by its id, which is that of the request.
    private var subscriptions: [MessageID: Int] = [:]
    private var lastServerTime: Int64 = 0

    init(log: MessageLog) {
        self.log = log
    }

    mutating func append(frame index: Int) {
        switch log.frames[index].direction {
        case .clientToServer: appendClient(index)
        case .serverToClient: appendServer(index)
        }
    }

    mutating func appendEnd(of pipe: Pipe, event: Int, time: Int64) {
        if pipe == .stdin {
            client.append(.init(event: event, time: time, content: .end))
        } else {
            server.append(
                .init(
                    event: event, name: "the end of its output", content: .end, answers: [], waitsForAll: true,
                    clientStepCountBefore: client.count,
                    clientAnswerCountBefore: clientAnswers.count,
                    delay: delay(of: time, answers: []), requestIDs: []))
            lastServerTime = time
        }
    }

    private mutating func appendClient(_ index: Int) {
        let frame = log.frames[index]
        if let omitted = frame.omitted {
            let content = ReplayScript.ClientStep.Content.omitted(byteCount: omitted.byteCount, sha256: omitted.sha256)
            client.append(.init(event: frame.event, time: frame.time, content: content, exchange: frame.exchange))
            return
        }
        for message in frame.messages where !isPing(message) {
            let content: ReplayScript.ClientStep.Content
            let part = log.messages[message].message
            switch part.kind {
            case .request, .notification:
                let pattern = CallPattern(message: message, of: log, cancelling: { requests[$0] })
                if let id = part.id { requests[id] = client.count }
                if let id = part.id, pattern.method == VariableRules.subscribing { subscriptions[id] = client.count }
                if let cancelled = pattern.cancels { cancellations[cancelled] = client.count }
                if let token = pattern.progressToken { tokens[token] = client.count }
                content = .call(pattern)
            case .result, .error:
                clientAnswers.append(client.count)
                content = answer(part, of: frame)
            case .batch, .malformed:
                content = .malformed(frame.bytes)
            }
            stepOfMessage[message] = client.count
            client.append(.init(event: frame.event, time: frame.time, content: content, exchange: frame.exchange))
        }
    }

    private func answer(_ message: Message, of frame: MessageLog.LoggedFrame) -> ReplayScript.ClientStep.Content {
        let body = Array(frame.bytes[message.range])
        let secrets = (try? JSONDocument(body)).map {
            SecretPattern(frame.placeholders, in: message.range, document: $0)
        }
        return .answer(
            id: message.id ?? MessageID(text: Array("null".utf8)), body: body, secrets: secrets ?? SecretPattern())
    }

    private mutating func appendServer(_ index: Int) {
        let frame = log.frames[index]
        // Pings are answered by the replayer itself: when a client pings is a matter of its timers.
        if frame.messages.contains(where: { log.messages[$0].request.map(isPing) ?? false }), frame.messages.count == 1
        {
            return
        }
        let answers = frame.messages.compactMap { log.messages[$0].request.flatMap { stepOfMessage[$0] } }
        var waitsForAll = answers.isEmpty
        for step in answers {
            guard case .call(let pattern) = client[step].content else { continue }
            // The answer to a subscription is its end (MCP 2026-07-28): no client waits for it, and it is no reaction.
            let isSubscription = pattern.method == VariableRules.subscribing
            client[step].isAnswerAwaited = !isSubscription
            waitsForAll = waitsForAll || isSubscription
        }
        let requests = frame.messages.filter { log.messages[$0].message.kind == .request }
        let content: ReplayScript.ServerStep.Content =
            if let omitted = frame.omitted {
                .omitted(byteCount: omitted.byteCount)
            } else {
                .frame(
                    FrameTemplate(
                        frame: index, of: log, stepOfRequest: { stepOfMessage[$0] }, stepOfToken: { tokens[$0] },
                        stepOfSubscription: { subscriptions[$0] }))
            }
        server.append(
            .init(
                event: frame.event, name: log.name(ofFrame: index), content: content, answers: answers,
                waitsForAll: waitsForAll, cancellations: answers.compactMap { cancellations[$0] },
                clientStepCountBefore: client.count,
                clientAnswerCountBefore: clientAnswers.count,
                delay: delay(of: frame.time, answers: answers),
                requestIDs: requests.compactMap { log.messages[$0].message.id }, cuts: frame.cuts))
        lastServerTime = frame.time
    }

    private func delay(of time: Int64, answers: [Int]) -> Int64 {
        let waitsFor = answers.isEmpty ? client.last.map { [$0.time] } ?? [] : answers.map { client[$0].time }
        return max(0, time - max(lastServerTime, waitsFor.max() ?? 0))
    }

    private func isPing(_ message: Int) -> Bool {
        let part = log.messages[message].message
        return part.kind == .request && part.method == "ping" && log.direction(of: message) == .clientToServer
    }
}
