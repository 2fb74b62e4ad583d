import MCPWire
import RepriseRecording

/// A recorded HTTP session, or several, as the replayer needs it: what each request is answered with, and when.
struct HTTPScript: Sendable {
    /// What passed under one session id; the first of them is what passed without any.
    struct Session: Sendable {
        var script: ReplayScript
        /// The streams that were opened by a GET with this session's id, in order; for the first session, without one.
        var openings: [Int] = []
        /// The streams that are the responses to a DELETE of this session.
        var deletions: [Int] = []
        /// All streams of its MCP traffic.
        var streams: [Int] = []
        /// The stream that carries a step of the server, by the step's index in `script`.
        var streamOfStep: [Int?] = []
        /// Whether the server gave the id to the client, and did not merely get it from one.
        var isFromServer = false
    }

    /// What one exchange brought, with what later exchanges brought that resumed it.
    struct Stream: Sendable {
        /// Index in `sessions`.
        var session: Int
        var segments: [Segment]
        var elements: [Element] = []
        /// The client steps in the body of its first request.
        var requests: [Int] = []
        /// Whether the response is a stream of events, which goes out piece by piece and can be resumed.
        var isEventStream: Bool
    }

    /// The part of a stream that one exchange brought.
    struct Segment: Sendable {
        /// Index in the log.
        var exchange: Int
        /// Whether the server had ended or broken what came before, so that the client had to come back.
        var followsEnding = false
    }

    /// One thing that the server did on a stream.
    struct Element: Sendable {
        enum Content: Sendable {
            case head(ResponseHead)
            case frame(FrameTemplate, cuts: [Frame.Cut]?)
            /// The payload was left out of the recording, so that it cannot be sent.
            case omitted(byteCount: Int)
            /// The response is complete, or, with a reason, was broken off by the server.
            case ending(Disconnect?)
        }

        var event: Int
        var content: Content
        /// Microseconds in the recording between the last thing it waits for and itself.
        var delay: Int64 = 0
        /// The id of a server-sent event.
        var eventID: String?
        /// The step of the session's script that this is.
        var step: Int?
        /// The step that has to be due for it: its own, or that of the body of which it is the head.
        var waitsFor: Int?
        /// Whether it waits for everything that the client had sent before it: an ending that follows no answer.
        var waitsForAll = false
        var segment: Int
    }

    private struct EventID: Hashable {
        var session: Int
        var id: String
    }

    let log: HTTPLog
    /// The path of the recorded URL.
    let path: String
    private(set) var sessions: [Session]
    private(set) var streams: [Stream] = []
    /// The stream that an exchange began or went on with, by index in the log.
    private(set) var streamOfExchange: [Int] = []
    /// The streams of metadata, logins and other pages that are no MCP traffic.
    private(set) var pages: [Int] = []
    /// Paths of MCP traffic.
    private(set) var protocolPaths: Set<String>
    private var pongs: Set<Int> = []
    /// The latest stream on which an event with an id was sent in a session.
    private var streamOfEventID: [EventID: Int] = [:]
    /// The session whose client sends its messages to a target (MCP 2024-11-05).
    private(set) var sessionOfEndpoint: [String: Int] = [:]

    /// The script of a recording; throws ``ReplayError`` for what cannot be replayed over HTTP.
    init(_ recording: Recording) throws(ReplayError) {
        guard recording.header.transport == "http" else { throw .transport(recording.header.transport) }
        for (index, event) in recording.events.enumerated() {
            if case .unknown(let kind) = event.kind { throw .unknownKind(event: index + 1, kind: kind) }
        }
        log = HTTPLog(recording)
        guard !log.exchanges.isEmpty else { throw .nothingToReplay }
        let messages = MessageLog(recording)
        let sessionCount = log.exchanges.compactMap(\.session).max() ?? 0
        sessions = [Session(script: ReplayScript(messages, session: nil))]
        for number in 0..<sessionCount {
            sessions.append(Session(script: ReplayScript(messages, session: number + 1)))
        }
        path = HTTPLog.path(of: recording.header)
        protocolPaths = [path]
        let steps = sessions.map { session in
            Dictionary(
                session.script.server.enumerated().map { ($0.element.event, $0.offset) },
                uniquingKeysWith: { first, _ in first })
        }
        pongs = Self.pongs(in: messages)
        for index in log.exchanges.indices { add(index, steps: steps[log.exchanges[index].session ?? 0]) }
        for index in sessions.indices {
            sessions[index].streamOfStep = Array(repeating: nil, count: sessions[index].script.server.count)
        }
        for index in streams.indices {
            for step in streams[index].elements.compactMap(\.step) {
                sessions[streams[index].session].streamOfStep[step] = index
            }
        }
        for session in sessions.indices {
            for (step, content) in sessions[session].script.client.enumerated() {
                guard let exchange = content.exchange.flatMap({ log.index[$0] }) else { continue }
                streams[streamOfExchange[exchange]].requests.append(step)
            }
        }
    }

    /// Number of the event with which a stream begins.
    func requestEvent(of stream: Int) -> Int { log.exchanges[streams[stream].segments[0].exchange].requestEvent }

    private mutating func add(_ index: Int, steps: [Int: Int]) {
        let exchange = log.exchanges[index]
        let session = exchange.session ?? 0
        if let endpoint = exchange.endpoint { sessionOfEndpoint[endpoint] = session }
        if let stream = resumedStream(by: exchange) {
            streamOfExchange.append(stream)
            streams[stream].resume(by: index, at: exchange.requestEvent)
            append(exchange, to: stream, steps: steps)
            // An older connection may go on for a while beside the new one.
            streams[stream].elements.sort { $0.event < $1.event }
            return
        }
        let stream = streams.count
        streamOfExchange.append(stream)
        streams.append(
            Stream(
                session: session, segments: [Segment(exchange: index)],
                isEventStream: exchange.response?.isEventStream == true))
        append(exchange, to: stream, steps: steps)
        guard exchange.isProtocol, ["POST", "GET", "DELETE"].contains(exchange.request.method) else {
            pages.append(stream)
            return
        }
        protocolPaths.insert(exchange.request.path)
        sessions[session].streams.append(stream)
        if exchange.response?.fields.first("mcp-session-id") != nil || exchange.endpoint != nil {
            sessions[session].isFromServer = true
        }
        let hasSessionID = exchange.request.fields.first("mcp-session-id") != nil
        switch exchange.request.method {
        case "GET": sessions[hasSessionID ? session : 0].openings.append(stream)
        case "DELETE": sessions[session].deletions.append(stream)
        default: break
        }
    }

    /// The events that answer a client's pings: the replayer answers these itself.
    private static func pongs(in log: MessageLog) -> Set<Int> {
        let pongs = log.frames.filter { frame in
            frame.direction == .serverToClient && frame.messages.count == 1
                && log.messages[frame.messages.lowerBound].request.map { log.messages[$0].message.method } == "ping"
        }
        return Set(pongs.map(\.event))
    }

    /// The stream that a recorded GET went on with: its last event id is the id of an event of it.
    private func resumedStream(by exchange: HTTPLog.Exchange) -> Int? {
        guard exchange.request.method == "GET", let id = exchange.lastEventID,
            exchange.response?.isEventStream == true
        else { return nil }
        return streamOfEventID[EventID(session: exchange.session ?? 0, id: id)]
    }

    private mutating func append(_ exchange: HTTPLog.Exchange, to stream: Int, steps: [Int: Int]) {
        let segment = streams[stream].segments.count - 1
        var lastTime = segment == 0 ? exchange.requestTime : max(exchange.requestTime, exchange.responseTime)
        func delay(to time: Int64, after waited: Int64 = 0) -> Int64 {
            defer { lastTime = max(lastTime, time) }
            return max(0, time - max(lastTime, waited))
        }
        let script = sessions[streams[stream].session].script
        let isWhole = exchange.response?.isEventStream != true
        if let head = exchange.response, let event = exchange.responseEvent, segment == 0 {
            let body = isWhole ? exchange.items.first.flatMap { steps[$0.event] } : nil
            streams[stream].elements.append(
                Element(
                    event: event, content: .head(head),
                    delay: delay(to: exchange.responseTime, after: body.map { script.lastTime(before: $0) } ?? 0),
                    waitsFor: body, segment: segment))
        }
        var isAnswered = false
        let known = Set(segment == 0 ? [] : streams[stream].elements.compactMap(\.eventID))
        for item in exchange.items where !pongs.contains(item.event) {
            // A server that is asked for what came after an event sends the same events once more.
            if let id = item.sse?.id, known.contains(id) {
                lastTime = max(lastTime, item.time)
                continue
            }
            let step = steps[item.event]
            if let id = item.sse?.id {
                streamOfEventID[EventID(session: streams[stream].session, id: id)] = stream
            }
            if let step { isAnswered = isAnswered || !script.server[step].answers.isEmpty }
            streams[stream].elements.append(
                Element(
                    event: item.event, content: Self.content(of: item, as: step.map { script.server[$0] }),
                    delay: delay(to: item.time, after: step.map { script.lastTime(before: $0) } ?? 0),
                    eventID: item.sse?.id, step: step, waitsFor: step, segment: segment))
        }
        guard let event = exchange.endEvent, let how = exchange.ending?.byServer else { return }
        streams[stream].elements.append(
            Element(
                event: event, content: .ending(how), delay: delay(to: exchange.endTime),
                waitsForAll: exchange.isProtocol && !isWhole && !isAnswered, segment: segment))
    }

    private static func content(of item: HTTPLog.Item, as step: ReplayScript.ServerStep?) -> Element.Content {
        let frame = item.frame
        guard let wire = frame.wireBytes else { return .omitted(byteCount: frame.wireByteCount) }
        guard case .frame(let template) = step?.content else {
            let shift = frame.pre.count
            let places = frame.placeholders.map { $0.lowerBound + shift..<$0.upperBound + shift }
            return .frame(FrameTemplate(bytes: wire, placeholders: places), cuts: frame.cuts)
        }
        guard item.sse != nil else { return .frame(template, cuts: frame.cuts) }
        return .frame(template.embedded(in: wire, at: SSEDataLine.ranges(in: wire)), cuts: frame.cuts)
    }
}

extension HTTPScript.Stream {
    /// The recorded client came back in an exchange; that an older connection ends later means nothing any more.
    fileprivate mutating func resume(by exchange: Int, at event: Int) {
        func isEnding(_ element: HTTPScript.Element) -> Bool {
            if case .ending = element.content { true } else { false }
        }
        elements.removeAll { $0.event > event && isEnding($0) }
        let last = elements.last { $0.event < event }
        segments.append(.init(exchange: exchange, followsEnding: last.map(isEnding) ?? false))
    }
}

extension HTTPLog.Ending {
    /// How the server ended a response, nil inside for in order; nil outside where it did not.
    fileprivate var byServer: Disconnect?? {
        switch self {
        case .complete: .some(nil)
        case .broken(by: .serverToClient, let how): .some(how)
        case .broken: nil
        }
    }
}

extension ReplayScript {
    /// Number of client steps recorded before an event.
    func clientCount(before event: Int) -> Int {
        var range = client.startIndex..<client.endIndex
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = client[middle].event < event ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }

    /// When the last thing came for which a server step waits; 0 for nothing.
    func lastTime(before step: Int) -> Int64 {
        let step = server[step]
        guard step.waitsForAll else { return step.answers.map { client[$0].time }.max() ?? 0 }
        return step.clientStepCountBefore > 0 ? client[step.clientStepCountBefore - 1].time : 0
    }
}
