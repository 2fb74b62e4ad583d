import MCPWire
import RepriseRecording

/// Plays the clients of a recording to a live server over HTTP.
///
/// A value without clock or I/O around a ``Verifier``: it makes requests of messages and messages of answers, JSON or
/// event stream alike, keeps the session ids, event ids and addresses that the live server mints, and resumes a stream
/// that the server closes before the answer, after its `retry`. A stdio recording is played as a client of MCP
/// 2025-03-26 and later would, each frame a POST.
public struct HTTPVerifier: Sendable {
    /// What the shell has to do, in order.
    public enum Action: Equatable, Sendable {
        /// Make a request on a connection of its own; its answer is told under this number.
        case request(id: Int, head: RequestHead, body: [UInt8])
        /// Break a request off.
        case abort(id: Int)
        /// Tell the user: the server owes these events; the session goes on without them.
        case missing(events: [Int])
        /// Nothing is sent any more, and nothing waited for.
        case finish
    }

    /// One request that was made.
    private struct Live {
        var exchange: Int
        var root: Int
        var isResume: Bool
        var status: Int?
        var isStream = false
        var isOpen = true
        var isJSON = false
    }

    /// A stream of events, over all requests that it took.
    private struct Stream {
        var eventIDs: [String] = []
        var retry: Int64 = 1_000_000
        var current: Int?
        var resumeTime: Int64?
        var isAborted = false
        /// How often it was resumed without anything coming of it.
        var idleCount = 0
    }

    private let script: HTTPVerifyScript
    private let target: String
    private let origin: String?
    private let overrides: [HTTPField]
    private let stall: Int64
    private let callOfExchange: [Int: Int]
    private var verifier: Verifier
    private var lives: [Live] = []
    private var streams: [Int: Stream] = [:]
    /// Streams with a time at which they are resumed, in the order in which they were closed.
    private var resuming: [Int] = []
    private var sessionIDs: [Int: String] = [:]
    private var liveEndpoints: [String: String] = [:]
    private var statuses: [Int: Int] = [:]
    private var failures: [Int: String] = [:]
    private var lastPost: [Int: Int] = [:]
    private var lingerDeadline: Int64?
    private var isOver = false

    /// Why the server could not be reached; nil when it answered anything at all.
    public private(set) var failure: String?
    /// Whether the server refused a request for want of a token that the recorded one had accepted.
    public private(set) var isUnauthorized = false

    /// How often a stream is resumed without anything coming of it.
    private static let idleCountMax = 20
    /// How long requests that are still open are waited for when everything has come, in microseconds.
    private static let lingerTime: Int64 = 500_000

    /// Makes the client of a recording; throws ``ReplayError`` for what cannot be played.
    ///
    /// `target` is path and query of the server's URL, `origin` what stands before it. `overrides` are header fields that
    /// take the place of recorded ones, and are added where there are none. `stall` is in microseconds.
    public init(
        _ recording: Recording, target: String, origin: String?, overrides: [HTTPField] = [], stall: Int64 = 5_000_000
    ) throws(ReplayError) {
        script = try HTTPVerifyScript(recording)
        self.target = target
        self.origin = origin
        self.overrides = overrides
        self.stall = stall
        callOfExchange = script.callOfExchange
        verifier = Verifier(
            script.script, hasSessions: script.isRecorded, stall: stall, callOfExchange: callOfExchange,
            excluding: script.excluded)
    }

    // MARK: What the shell calls

    /// The time at which ``advance(to:)`` has something to do; nil when nothing is waited for.
    public var nextDeadline: Int64? {
        guard !isOver else { return nil }
        let times =
            resuming.compactMap { streams[$0]?.resumeTime } + [verifier.nextDeadline, lingerDeadline].compactMap { $0 }
        return times.min()
    }

    /// Number of steps of the client that were taken, and of all.
    public var progress: (done: Int, all: Int) { verifier.progress }

    /// What the client of the recording asks for, each request once with its number, in the order of first use.
    public var requests: [(title: String, count: Int)] { verifier.requests }

    /// Whether the live server has sent any message.
    public var hasHeardServer: Bool { verifier.hasHeardServer }

    /// Begins the session.
    public mutating func start(at time: Int64) -> [Action] { perform(verifier.start(at: time), at: time) }

    /// The head of an answer came.
    public mutating func receive(_ head: ResponseHead, for id: Int, at time: Int64) -> [Action] {
        guard lives.indices.contains(id), !isOver else { return [] }
        failure = nil
        lives[id].status = head.status
        lives[id].isStream = head.isEventStream && (200..<300).contains(head.status)
        lives[id].isJSON = head.fields.first("content-type")?.hasPrefix("application/json") ?? true
        let live = lives[id]
        let exchange = script.exchanges[live.exchange]
        if let value = head.fields.first("mcp-session-id"), exchange?.isInitialize ?? false {
            sessionIDs[exchange?.session ?? 0] = value
        }
        if live.isStream { streams[live.root, default: Stream()].current = id }
        guard !live.isResume else { return [] }
        statuses[live.exchange] = head.status
        if head.status == 401, exchange?.status != 401 {
            isUnauthorized = true
            return perform(verifier.stop("the server refused a request with status 401: it wants a token"), at: time)
        }
        // A stream of the transport of 2024-11-05 is of use once it has named the address for messages.
        guard script.endpoints[live.exchange] == nil || !live.isStream else { return [] }
        return perform(verifier.receiveHead(exchange: live.exchange, at: time), at: time)
    }

    /// A server-sent event came, or what stands between events.
    public mutating func receive(_ frame: SSEFrame, for id: Int, at time: Int64) -> [Action] {
        guard lives.indices.contains(id), !isOver else { return [] }
        let root = lives[id].root
        if let eventID = frame.id, !eventID.isEmpty, streams[root]?.eventIDs.last != eventID {
            streams[root, default: Stream()].eventIDs.append(eventID)
        }
        if let retry = frame.retryMilliseconds { streams[root]?.retry = Int64(clamping: min(retry, 86_400_000)) * 1000 }
        guard let event = frame.event, !event.data.isEmpty else { return [] }
        streams[root]?.idleCount = 0
        if event.type == "endpoint", let recorded = script.endpoints[lives[id].exchange] {
            liveEndpoints[recorded] = Self.target(of: String(decoding: event.data, as: UTF8.self))
            return perform(verifier.receiveHead(exchange: lives[id].exchange, at: time), at: time)
        }
        guard event.type == "message" else { return [] }
        return receive(event.data, id, at: time)
    }

    /// The whole body of an answer came that is no event stream.
    public mutating func receive(_ body: [UInt8], for id: Int, at time: Int64) -> [Action] {
        guard lives.indices.contains(id), !isOver, !body.isEmpty else { return [] }
        if case .malformed = Message.read(body.span).kind {
            // Servers explain errors in their own words.
            guard lives[id].status == 200, lives[id].isJSON else { return [] }
        }
        return receive(body, id, at: time)
    }

    /// An answer is complete, or was broken off for the reason given.
    public mutating func end(_ id: Int, failure reason: String? = nil, at time: Int64) -> [Action] {
        guard lives.indices.contains(id), lives[id].isOpen, !isOver else { return [] }
        lives[id].isOpen = false
        let live = lives[id]
        var actions: [Action] = []
        if live.status == nil {
            let reason = reason ?? "the server closed the connection without an answer"
            failures[live.exchange] = reason
            if statuses.isEmpty {
                failure = reason
                return perform(verifier.stop("the server could not be reached: \(reason)"), at: time)
            }
            actions += perform(verifier.receiveHead(exchange: live.exchange, at: time), at: time)
        }
        if streams[live.root]?.current == id { streams[live.root]?.current = nil }
        guard streams[live.root]?.isAborted != true else { return actions + finishIfDone(at: time) }
        if scheduleResume(of: live, at: time) { return actions }
        let status = live.status ?? 0
        for call in script.exchanges[live.root]?.calls ?? [] {
            if (200..<300).contains(status), !live.isStream, script.isAnsweredElsewhere(call) { continue }
            let why =
                reason ?? ((200..<300).contains(status) ? "its stream ended without it" : "the status was \(status)")
            actions += perform(verifier.fail(call, why, at: time), at: time)
        }
        return actions + finishIfDone(at: time)
    }

    /// The time has come that ``nextDeadline`` named.
    public mutating func advance(to time: Int64) -> [Action] {
        var actions: [Action] = []
        for root in resuming where streams[root]?.resumeTime ?? .max <= time {
            streams[root]?.resumeTime = nil
            resuming.removeAll { $0 == root }
            actions += resume(root, after: streams[root]?.eventIDs.last)
        }
        if let lingerDeadline, time >= lingerDeadline { return actions + finish() }
        return actions + perform(verifier.advance(to: time), at: time)
    }

    // MARK: What is sent

    private mutating func perform(_ performed: [Verifier.Action], at time: Int64) -> [Action] {
        var actions: [Action] = []
        for action in performed {
            switch action {
            case .send(let bytes, let frame):
                let recorded = verifier.log.frames[frame].exchange
                let exchange = script.isRecorded ? recorded ?? 0 : frame + 1
                actions.append(begin(exchange, root: exchange, body: bytes.withoutLineFeed))
                if !script.isRecorded, verifier.log.name(ofFrame: frame) == "notifications/initialized" {
                    let stream = HTTPVerifyScript.standingStream
                    actions.append(begin(stream, root: stream))
                }
            case .reply(let bytes, let session):
                if let exchange = lastPost[session ?? 0] {
                    actions.append(begin(exchange, root: -1, body: bytes, isResume: true))
                }
            case .open(let exchange):
                let root = script.exchanges[exchange]?.root ?? exchange
                if root == exchange {
                    actions.append(begin(exchange, root: exchange))
                } else if streams[root]?.current == nil {
                    streams[root]?.isAborted = false
                    actions += resume(root, after: liveEventID(before: exchange, root: root), as: exchange)
                }
            case .abort(let root):
                guard let id = streams[root]?.current ?? lives.lastIndex(where: { $0.root == root }), lives[id].isOpen
                else { break }
                streams[root, default: Stream()].isAborted = true
                streams[root]?.current = nil
                lives[id].isOpen = false
                actions.append(.abort(id: id))
            case .missing(let events): actions.append(.missing(events: events))
            case .finish:
                lingerDeadline = time + min(stall, Self.lingerTime)
                actions += finishIfDone(at: time)
            case .closeInput: break
            }
        }
        return actions
    }

    private mutating func begin(
        _ number: Int, root: Int, body: [UInt8] = [], lastEventID: String? = nil, isResume: Bool = false,
        as head: RequestHead? = nil
    ) -> Action {
        let exchange = script.exchanges[number]
        var head = head ?? exchange?.request ?? RequestHead(method: "POST", target: target)
        if !isResume, head.method == "POST" { lastPost[exchange?.session ?? 0] = number }
        head.fields = fields(
            of: head, session: exchange?.session, isInitialize: (exchange?.isInitialize ?? false) && !isResume,
            lastEventID: lastEventID, isChallenged: exchange?.status == 401)
        head.target = liveTarget(of: head.target)
        lives.append(Live(exchange: number, root: root, isResume: isResume))
        return .request(id: lives.count - 1, head: head, body: body)
    }

    private func fields(
        of head: RequestHead, session: Int?, isInitialize: Bool, lastEventID: String?, isChallenged: Bool
    ) -> [HTTPField] {
        // A request that was to be refused for want of a token goes without one.
        let overrides = overrides.filter { !isChallenged || !$0.name.equalsIgnoringCase("authorization") }
        let local = head.fields.first("host").map { "http://\($0)" }
        var fields = head.fields.filter { field in
            !Self.ownFields.contains { $0.equalsIgnoringCase(field.name) } && field.placeholders.isEmpty
                && !overrides.contains { $0.name.equalsIgnoringCase(field.name) }
        }
        for (index, field) in fields.enumerated() where field.name.equalsIgnoringCase("origin") {
            if field.value == local, let origin { fields[index].value = origin }
        }
        let recorded = head.fields.first("mcp-session-id")
        if !isInitialize, let id = sessionIDs[session ?? 0] {
            fields.append(HTTPField("Mcp-Session-Id", id))
        } else if let recorded {
            fields.append(HTTPField("Mcp-Session-Id", recorded))
        }
        if let lastEventID { fields.append(HTTPField("Last-Event-ID", lastEventID)) }
        return fields + overrides
    }

    /// What HTTP itself says of one connection (RFC 9110, section 7.6.1), and what is set anew.
    private static let ownFields = [
        "host", "content-length", "connection", "keep-alive", "proxy-connection", "proxy-authorization", "te",
        "trailer", "transfer-encoding", "upgrade", "expect", "accept-encoding", "mcp-session-id", "last-event-id",
    ]

    private func liveTarget(of recorded: String) -> String {
        if let endpoint = liveEndpoints[recorded] { return endpoint }
        let path = recorded.prefix { $0 != "?" }
        return path == script.path
            ? target + (target.contains("?") ? "" : String(recorded[path.endIndex...])) : recorded
    }

    /// Path and query of a URL, which may lack scheme and host.
    public static func target(of url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return url }
        let rest = url[scheme.upperBound...]
        return rest.firstIndex { $0 == "/" || $0 == "?" }.map { String(rest[$0...]) } ?? "/"
    }

    // MARK: Streams

    /// Whether a stream that the server has closed will be resumed: for an answer that it owes, or to go on listening.
    private mutating func scheduleResume(of live: Live, at time: Int64) -> Bool {
        guard lingerDeadline == nil, var stream = streams[live.root], live.isStream,
            let exchange = script.exchanges[live.root]
        else { return false }
        let isOwed = exchange.calls.contains { verifier.isOwed($0) }
        let isListening = exchange.request.method == "GET" && script.endpoints[live.root] == nil
        guard isOwed && !stream.eventIDs.isEmpty || isListening && script.isReopened(live.root),
            stream.idleCount < Self.idleCountMax
        else { return false }
        stream.idleCount += 1
        stream.resumeTime = time + stream.retry
        streams[live.root] = stream
        resuming.append(live.root)
        return true
    }

    private mutating func resume(_ root: Int, after eventID: String?, as exchange: Int? = nil) -> [Action] {
        guard let request = script.exchanges[exchange ?? root]?.request else { return [] }
        let fields = request.fields.filter {
            !["accept", "content-type"].contains($0.name.lowercased())
        }
        let head = RequestHead(
            method: "GET", target: script.exchanges[root]?.request.target ?? request.target,
            fields: [HTTPField("Accept", "text/event-stream")] + fields)
        return [begin(root, root: root, lastEventID: eventID, isResume: true, as: head)]
    }

    /// The live id in the place of the one with which a recorded request resumed a stream.
    private func liveEventID(before exchange: Int, root: Int) -> String? {
        guard let live = streams[root]?.eventIDs, !live.isEmpty else { return nil }
        let recorded = script.exchanges[exchange]?.request.fields.first("last-event-id")
        let place = script.eventIDs[root]?.firstIndex { $0 == recorded } ?? live.count - 1
        return live[min(place, live.count - 1)]
    }

    private mutating func receive(_ message: [UInt8], _ id: Int, at time: Int64) -> [Action] {
        let live = lives[id]
        let session = script.isRecorded ? script.exchanges[live.exchange]?.session : nil
        // On stdio nothing tells which call a message belongs to.
        let call = script.isRecorded ? callOfExchange[live.root] : nil
        let actions = verifier.receive(message, session: session, call: call, at: time)
        return perform(actions, at: time)
    }

    // MARK: The end

    private mutating func finishIfDone(at time: Int64) -> [Action] {
        guard lingerDeadline != nil, !isOver else { return [] }
        let isBusy = lives.contains { $0.isOpen && !isStanding($0) }
        return isBusy && !isUnauthorized ? [] : finish()
    }

    private func isStanding(_ live: Live) -> Bool { script.exchanges[live.root]?.request.method == "GET" }

    private mutating func finish() -> [Action] {
        guard !isOver else { return [] }
        isOver = true
        return lives.indices.filter { lives[$0].isOpen }.map { .abort(id: $0) } + [.finish]
    }

    /// The verdicts on all that came until now, statuses included: those of exchanges without messages, and those that
    /// differ.
    public var report: VerifyReport {
        var report = verifier.report
        report.remarks += script.remarks
        for number in script.exchanges.keys.sorted() {
            guard let exchange = script.exchanges[number], exchange.root == number, let expected = exchange.status,
                let event = exchange.event
            else { continue }
            guard let status = statuses[number] else {
                if !exchange.hasMessages {
                    let remark = failures[number]
                    report.insert(.init(.missing, event: event, what: exchange.name, remark: remark))
                }
                continue
            }
            guard status != expected else {
                if !exchange.hasMessages { report.insert(.init(.match, event: event, what: exchange.name)) }
                continue
            }
            let change = JSONDifference(pointer: "/status", change: .changed(from: "\(expected)", to: "\(status)"))
            let kind: VerifyReport.Verdict.Kind = status / 100 == expected / 100 ? .changed : .errorShapeChanged
            let answers = exchange.calls.compactMap { verifier.log.messages[$0].answer }.map {
                verifier.log.event(of: $0)
            }
            if !report.add(change, kind, toVerdictOn: answers) {
                report.insert(.init(kind, event: event, what: exchange.name, differences: [change]))
            }
        }
        return report
    }
}

extension VerifyReport {
    /// Puts a verdict in its place among those on recorded events.
    fileprivate mutating func insert(_ verdict: Verdict) {
        let place = verdicts.firstIndex { ($0.event ?? .max) > (verdict.event ?? .max) } ?? verdicts.count
        verdicts.insert(verdict, at: place)
    }

    /// Adds a difference to the verdict on one of these events that is not MATCH; false if there is none.
    fileprivate mutating func add(_ change: JSONDifference, _ kind: Verdict.Kind, toVerdictOn events: [Int]) -> Bool {
        guard let place = verdicts.firstIndex(where: { $0.kind != .match && $0.event.map(events.contains) ?? false })
        else { return false }
        verdicts[place].differences.append(change)
        if kind == .errorShapeChanged { verdicts[place].kind = kind }
        return true
    }
}

extension MessageLog {
    /// The event of a message.
    func event(of message: Int) -> Int { frames[messages[message].frame].event }
}

extension [UInt8] {
    fileprivate var withoutLineFeed: [UInt8] { last == 0x0A ? dropLast() : self }
}
