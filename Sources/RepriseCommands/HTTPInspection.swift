import MCPWire
import RepriseRecording
import RepriseReplay

/// What `reprise inspect` says of the exchanges of an HTTP recording.
struct HTTPInspection {
    let log: HTTPLog
    /// The exchange of whose stream each resuming exchange is the continuation, by exchange number.
    private let resumed: [Int: Int]
    /// Events that carry a message, which have rows of their own.
    private let messageEvents: Set<Int>
    /// Events that carry the answer to a request.
    private let answerEvents: Set<Int>
    /// The exchange and the item in it, by the number of its event.
    private var items: [Int: (exchange: Int, item: HTTPLog.Item)] = [:]

    init(_ recording: Recording, messages: MessageLog) {
        log = HTTPLog(recording)
        messageEvents = Set(messages.frames.map(\.event))
        answerEvents = Set(messages.messages.filter { $0.request != nil }.map { messages.frames[$0.frame].event })
        resumed = log.resumedStreams
        for (index, exchange) in log.exchanges.enumerated() {
            if let body = exchange.requestBody { items[body.event] = (index, body) }
            for item in exchange.items { items[item.event] = (index, item) }
        }
    }

    // MARK: Rows

    /// Adds to the row of a message which exchange carried it.
    func describe(_ row: inout InspectionRow, messageOf number: Int) {
        guard let (index, item) = items[number] else { return }
        row.exchange = log.exchanges[index].number
        row.session = log.exchanges[index].session
        row.eventID = item.sse?.id.map { "\"\($0)\"" }
    }

    /// Adds to the row of an event what it is in its exchange.
    func describe(_ row: inout InspectionRow, _ event: Event, number: Int) {
        guard let exchangeNumber = event.exchange else { return describeConnection(&row, event) }
        row.exchange = exchangeNumber
        guard let index = log.index[exchangeNumber] else { return }
        let exchange = log.exchanges[index]
        row.session = exchange.session
        switch event.kind {
        case .request:
            row.what = what(ofRequest: exchange)
            row.detail = exchange.requestBody.map { excerpt($0.frame) } ?? ""
            row.isQuiet = exchange.requestBody.map { messageEvents.contains($0.event) } ?? false
            if row.isQuiet { row.detail = "" }
        case .response(let head):
            row.what = head.reason.isEmpty ? "\(head.status)" : "\(head.status) \(head.reason)"
            row.elapsed = exchange.responseTime - exchange.requestTime
            row.detail = detail(ofResponse: exchange)
            let hasMessage = exchange.items.contains { messageEvents.contains($0.event) }
            row.isQuiet = hasMessage && head.status == 200 && exchange.request.method == "POST"
        case .body:
            row.what = items[number] == nil ? "part of a body" : "body"
            row.detail = event.frame.map(excerpt) ?? ""
            row.isQuiet = items[number] != nil
        case .sse(let frame):
            describe(&row, frame, items[number]?.item)
        case .end:
            row.what = exchange.response?.isEventStream == true ? "end of the stream" : "end of the response"
            row.isQuiet = exchange.response?.isEventStream != true || isAnswered(exchange)
        case .disconnect(let how):
            let what = Self.what(how, by: event.direction)
            row.what = exchange.response?.isEventStream == true ? "stream " + what : what
        default:
            break
        }
    }

    private func describeConnection(_ row: inout InspectionRow, _ event: Event) {
        let connection = event.connection.map { " \($0)" } ?? ""
        switch event.kind {
        case .open:
            row.what = "connection\(connection) opened"
            row.isQuiet = true
        case .disconnect(let how):
            row.what = "connection\(connection) " + Self.what(how, by: event.direction)
            row.isQuiet = how == .eof
        default:
            break
        }
    }

    private func describe(_ row: inout InspectionRow, _ frame: Frame, _ item: HTTPLog.Item?) {
        guard let item, let sse = item.sse else {
            row.what = item == nil ? "part of an event" : "event, omitted"
            return
        }
        row.eventID = sse.id.map { "\"\($0)\"" }
        if let event = sse.event {
            row.what = event.data.isEmpty ? "event without data" : "event of type \(event.type)"
            row.detail = InspectionRow.excerpt(event.data)
        } else if sse.comments.isEmpty {
            row.what = sse.retryMilliseconds == nil && sse.id == nil ? "nothing" : "event without data"
        } else {
            row.what = "comment"
            row.detail = InspectionRow.excerpt(Array(sse.comments.joined(separator: " ").utf8))
        }
        if sse.end != .blankLine { row.what = "part of an event" }
        if let retry = sse.retryMilliseconds { row.what += ", retry \(retry) ms" }
    }

    private func what(ofRequest exchange: HTTPLog.Exchange) -> String {
        let line = "\(exchange.request.method) \(exchange.request.target)"
        guard let id = exchange.lastEventID else { return line }
        let stream = resumed[exchange.number].map { "the stream of x\($0)" } ?? "a stream"
        return "\(line) resumes \(stream) after event id \"\(id)\""
    }

    /// What a person wants to know of an answer beyond its status.
    private func detail(ofResponse exchange: HTTPLog.Exchange) -> String {
        guard let head = exchange.response else { return "" }
        if let challenge = head.fields.first("www-authenticate") { return challenge }
        if let location = head.fields.first("location") { return "to \(location)" }
        guard !head.isEventStream else { return "text/event-stream" }
        guard let body = exchange.items.first, !messageEvents.contains(body.event) else { return "" }
        return excerpt(body.frame)
    }

    private func excerpt(_ frame: Frame) -> String {
        guard let bytes = frame.wireBytes else { return "\(frame.wireByteCount) bytes, omitted" }
        return InspectionRow.excerpt(bytes)
    }

    private func isAnswered(_ exchange: HTTPLog.Exchange) -> Bool {
        exchange.request.method == "POST" && exchange.items.contains { answerEvents.contains($0.event) }
    }

    private static func what(_ how: Disconnect, by direction: Direction?) -> String {
        let who = direction == .clientToServer ? "the client" : "the server"
        return switch how {
        case .eof: "closed by \(who)"
        case .reset: "broken off by \(who)"
        case .refused: "server not reached"
        }
    }

    // MARK: Summary

    var counts: String {
        let connections = Set(log.exchanges.map(\.connection)).count
        let protocolCount = log.exchanges.count(where: \.isProtocol)
        return "\(log.exchanges.count) exchanges (\(protocolCount) of them MCP) on \(connections) connections"
    }

    /// What went wrong on the way.
    var warnings: [String] {
        var warnings: [String] = []
        func warn(_ what: String, _ say: (HTTPLog.Exchange) -> String?) {
            let found = log.exchanges.compactMap { exchange in say(exchange).map { "x\(exchange.number)\($0)" } }
            guard !found.isEmpty else { return }
            let more = found.count > 10 ? ", … (\(found.count))" : ""
            warnings.append("\(what): \(found.prefix(10).joined(separator: ", "))\(more)")
        }
        warn("server not reached") { exchange in
            if case .broken(_, .refused) = exchange.ending { "" } else { nil }
        }
        warn("broken off") { exchange in
            guard case .broken(let direction, let how) = exchange.ending, how != .refused else { return nil }
            // That is how a client leaves a stream that the server keeps open.
            if direction == .clientToServer, exchange.response?.isEventStream == true { return nil }
            return direction == .clientToServer ? " by the client" : " by the server"
        }
        warn("without a response") { exchange in
            exchange.response == nil && exchange.ending == nil ? "" : nil
        }
        warn("answered with an error") { exchange in
            guard let status = exchange.response?.status, status >= 400 else { return nil }
            if case .broken(_, .refused) = exchange.ending { return nil }
            return " \(status)"
        }
        return warnings
    }

    /// The protocol revisions that requests name in their heads, in the order of their first appearance.
    var revisions: [String] {
        var revisions: [String] = []
        for exchange in log.exchanges {
            for revision in exchange.request.fields.values(of: "mcp-protocol-version")
            where !revisions.contains(revision) {
                revisions.append(revision)
            }
        }
        return revisions
    }

    /// The width of the column of exchanges.
    var exchangeWidth: Int { "x\(log.exchanges.map(\.number).max() ?? 0)".count }

    var sessionCount: Int { log.exchanges.compactMap(\.session).max() ?? 0 }

    var json: JSONValue {
        .array(
            log.exchanges.map { exchange in
                .record([
                    ("exchange", .int(exchange.number)), ("connection", .int(exchange.connection)),
                    ("session", exchange.session.map { .int($0) }), ("mcp", .bool(exchange.isProtocol)),
                    ("method", .string(exchange.request.method)), ("target", .string(exchange.request.target)),
                    ("status", exchange.response.map { .int($0.status) }),
                    ("resumes", resumed[exchange.number].map { .int($0) }),
                    ("ending", Self.name(exchange.ending).map { .string($0) }),
                ])
            })
    }

    private static func name(_ ending: HTTPLog.Ending?) -> String? {
        switch ending {
        case .complete: "complete"
        case .broken(_, .refused): "refused"
        case .broken(.clientToServer, let how): "\(how.rawValue) by the client"
        case .broken(.serverToClient, let how): "\(how.rawValue) by the server"
        case nil: nil
        }
    }
}
