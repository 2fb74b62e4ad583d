import MCPWire
import RepriseRecording

/// Plays the client of a recorded session to a live server, and compares what the server says.
///
/// A value without clock or I/O, on the level of messages, so that it serves every transport: the shell hands in what
/// the server said and the time, and runs the actions. What the client did is done in recorded order, each step once
/// everything that the recorded server had said before it has come, so calls that were open at the same time are so
/// again. Requests of the server are answered from the recording under their live ids; what a server mints (cursors,
/// task ids, secrets that it issued) is sent back as the live one minted it; pings are answered at once.
///
/// Notifications and requests that did not come are not waited for once every call that was open around them is
/// answered. For anything else the patience is `stall` beyond the time that it took in the recording.
public struct Verifier: Sendable {
    /// What the shell has to do, in order.
    public enum Action: Equatable, Sendable {
        /// Send this frame of the client, which is `frame` in the log.
        case send([UInt8], frame: Int)
        /// Send this answer, which the recording does not hold as a frame of its own, in a session.
        case reply([UInt8], session: Int?)
        /// Close the server's input (stdio): the recorded client did so here.
        case closeInput
        /// Begin this recorded exchange, whose request has no message (HTTP).
        case open(exchange: Int)
        /// Break this recorded exchange off, as the client did (HTTP).
        case abort(exchange: Int)
        /// Tell the user: the server owes these events; the session goes on without them.
        case missing(events: [Int])
        /// Nothing is sent any more, and nothing waited for.
        case finish
    }

    /// The messages of the recording.
    public let log: MessageLog
    let script: VerifyScript
    private let stall: Int64
    /// Exchanges that are not played, whose messages are not compared.
    private let excluded: Set<Int>
    /// Whether the live server tells sessions apart as the recorded one did; on stdio there is one, without an id.
    private let hasSessions: Bool
    /// How the recorded server process ended, and the event that says so.
    var recordedEnd: (event: Int, close: Close)?
    private let recordedLanes: [VerifyLane?]
    private let keys: [JSONKey?]

    private var nextStep = 0
    /// Whether an item has come, and whether it is not waited for any more.
    private var hasCome: [Bool]
    private var isSettled: [Bool]
    private var firstUnsettled = 0
    private var comeCount = 0
    private var itemOfMessage: [Int: Int] = [:]
    private var itemOfHead: [Int: Int] = [:]
    private var lastActivity: Int64 = 0
    /// How many items had come when patience last ended, and how often it has ended since.
    private var comeCountAtStall = -1
    private var stallCount = 0
    private var isFinished = false
    private(set) var hasServerEnded = false
    /// Whether the server's output ended while something was to be sent or waited for.
    public private(set) var hasEndedEarly = false

    private struct CallKey: Hashable {
        var session: Int?
        var id: MessageID
    }

    private struct KindKey: Hashable {
        var session: Int?
        var name: String
        var token: MessageID?
    }

    /// Sent requests without an answer, oldest first.
    private var openCalls: [CallKey: [Int]] = [:]
    private var isAnswered: Set<Int> = []
    /// Messages of the server that answer nothing and are still to come, by what they are recognised by.
    private var expected: [KindKey: [Int]] = [:]
    /// The live ids of the server's recorded requests, and the frames of answers that were left out for want of one.
    private var liveIDs: [Int: MessageID] = [:]
    private var leftOutAnswers: [Int: Int] = [:]
    private var liveTokens: [CallKey: [UInt8]] = [:]
    private var minted = MintedValues()
    private var secrets = SecretBindings()
    private var lastCall: [CallKey: Int] = [:]
    private var lanes = VerifyLanes()
    private var live: [LiveMessage] = []
    private var remarks: [Int: String] = [:]
    private var reportRemarks: [String] = []

    /// Makes the client of a recorded stdio session; throws ``ReplayError`` for what cannot be played on stdio.
    ///
    /// `stall` is in microseconds.
    public init(stdio recording: Recording, stall: Int64 = 5_000_000) throws(ReplayError) {
        let log = try MessageLog(playing: recording)
        let sessionCount = Set(log.frames.compactMap(\.session)).count
        guard sessionCount < 2 else { throw .severalSessions(sessionCount) }
        self.init(VerifyScript(stdio: recording, log: log), hasSessions: false, stall: stall)
        recordedEnd =
            recording.events.enumerated().lazy.compactMap { index, event in
                if case .close(let close) = event.kind { (index + 1, close) } else { nil }
            }.first
    }

    /// Makes the client of a script; `callOfExchange` is the request in the body of an exchange, by its number.
    init(
        _ script: VerifyScript, hasSessions: Bool, stall: Int64, callOfExchange: [Int: Int] = [:],
        excluding excluded: Set<Int> = []
    ) {
        self.script = script
        self.excluded = excluded
        self.hasSessions = hasSessions
        self.stall = stall
        log = script.log
        recordedLanes = Self.lanes(of: script.log, hasSessions: hasSessions, callOfExchange: callOfExchange)
        hasCome = [Bool](repeating: false, count: script.items.count)
        isSettled = hasCome
        keys = script.log.messages.indices.map { Self.key(of: $0, in: script.log) }
        for (item, content) in script.items.map(\.content).enumerated() {
            if case .head(let exchange) = content { itemOfHead[exchange] = item }
            guard case .message(let message) = content else { continue }
            itemOfMessage[message] = item
            guard log.messages[message].request == nil else { continue }
            let part = log.messages[message].message
            let key = KindKey(
                session: session(of: log.messages[message].frame), name: part.method ?? "",
                token: Self.token(of: part, log.bytes(part.params, of: message)))
            expected[key, default: []].append(message)
        }
    }

    // MARK: What the shell calls

    /// The time at which ``advance(to:)`` loses patience; nil when nothing is waited for.
    public var nextDeadline: Int64? {
        guard !isFinished else { return nil }
        let limit = waitLimit
        let patience = firstUnsettled < limit ? script.items[firstUnsettled..<limit].map(\.delay).max() ?? 0 : 0
        return lastActivity + stall + min(patience, 86_400_000_000)
    }

    /// How often in a row a server that has spoken may let patience end: a call may hang by itself, or two.
    private static let stallCountMax = 3

    /// Number of steps of the client that were taken, and of all.
    public var progress: (done: Int, all: Int) { (nextStep, script.steps.count) }

    /// Whether the live server has said anything.
    public var hasHeardServer: Bool { !live.isEmpty }

    /// The server is there.
    public mutating func start(at time: Int64) -> [Action] {
        lastActivity = time
        return act(at: time)
    }

    /// The server sent a frame: a line, a body, or the data of an event.
    ///
    /// `session` and `call` say on whose stream it came (HTTP): the recorded session, and the request of the client by
    /// its index in the log.
    public mutating func receive(_ frame: [UInt8], session: Int? = nil, call: Int? = nil, at time: Int64) -> [Action] {
        var actions: [Action] = []
        let message = Message.read(frame.span)
        if case .batch(let elements) = message.kind {
            for element in elements { take(element, in: frame, session, call, at: time, into: &actions) }
        } else {
            take(message, in: frame, session, call, at: time, into: &actions)
        }
        return actions + act(at: time)
    }

    /// The head of the answer to a recorded exchange came (HTTP), or will not come.
    public mutating func receiveHead(exchange: Int, at time: Int64) -> [Action] {
        guard let item = itemOfHead[exchange] else { return [] }
        come(item, at: time)
        return act(at: time)
    }

    /// Whether the recorded server answered a request that the live one has not.
    func isOwed(_ request: Int) -> Bool { log.messages[request].answer != nil && !isAnswered.contains(request) }

    /// No answer to a request will come any more, and why (HTTP).
    mutating func fail(_ request: Int, _ reason: String, at time: Int64) -> [Action] {
        guard isOwed(request), let answer = log.messages[request].answer, let item = itemOfMessage[answer] else {
            return []
        }
        giveUp(item, reason)
        return act(at: time)
    }

    /// The server's output ended (stdio), or nothing more can come of it.
    public mutating func end(at time: Int64) -> [Action] {
        guard !hasServerEnded else { return [] }
        hasServerEnded = true
        for (item, content) in script.items.map(\.content).enumerated() where content == .end { come(item, at: time) }
        let wasFinished = isFinished
        hasEndedEarly = !isFinished
        isFinished = true
        let owed = script.items.indices.filter { !isSettled[$0] }
        let unsent = script.steps[nextStep...].count { if case .end = $0.content { false } else { true } }
        if unsent > 0 {
            let place = owed.first.map { " before event \(script.items[$0].event)" } ?? ""
            reportRemarks.append(
                "the server ended\(place); \(unsent) of \(script.steps.count - 1) messages of the client were not sent")
        }
        return wasFinished ? [] : [.finish]
    }

    /// The time has come that ``nextDeadline`` named.
    public mutating func advance(to time: Int64) -> [Action] {
        guard let deadline = nextDeadline, time >= deadline else { return [] }
        let owed = (firstUnsettled..<max(firstUnsettled, waitLimit)).filter { !isSettled[$0] }
        lastActivity = time
        for item in owed { giveUp(item, "it did not come in time") }
        let actions: [Action] = owed.isEmpty ? [] : [.missing(events: owed.map { script.items[$0].event })]
        stallCount = comeCountAtStall == comeCount ? stallCount + 1 : 1
        comeCountAtStall = comeCount
        guard stallCount < (live.isEmpty ? 2 : Self.stallCountMax) else {
            reportRemarks.append("the server has stopped answering: the session was given up")
            for item in script.items.indices where !isSettled[item] { giveUp(item, "the session was given up") }
            isFinished = true
            return actions + [.finish]
        }
        return actions + act(at: time)
    }

    /// Stops the session: nothing more is sent or waited for.
    public mutating func stop(_ reason: String) -> [Action] {
        guard !isFinished else { return [] }
        isFinished = true
        reportRemarks.append(reason)
        return [.finish]
    }

    /// The verdicts on all that came until now.
    public var report: VerifyReport {
        var comparison = VerifyComparison(
            log: log, live: live, lanes: recordedLanes, secrets: secrets, remarks: remarks, excluded: excluded)
        var report = VerifyReport()
        report.verdicts = comparison.verdicts()
        report.remarks = reportRemarks
        return report
    }

    // MARK: What is sent

    private var waitLimit: Int {
        nextStep < script.steps.count ? script.steps[nextStep].itemCountBefore : script.items.count
    }

    private mutating func act(at time: Int64) -> [Action] {
        var actions: [Action] = []
        while !isFinished {
            skipSettled()
            guard firstUnsettled >= waitLimit else { break }
            guard nextStep < script.steps.count else {
                isFinished = true
                actions.append(.finish)
                break
            }
            let step = script.steps[nextStep]
            nextStep += 1
            lastActivity = time
            switch step.content {
            case .frame(let frame): send(frame, into: &actions)
            case .end: actions.append(.closeInput)
            case .open(let exchange): actions.append(.open(exchange: exchange))
            case .abort(let exchange): actions.append(.abort(exchange: exchange))
            }
        }
        return actions
    }

    private mutating func send(_ frame: Int, into actions: inout [Action]) {
        let logged = log.frames[frame]
        let session = session(of: frame)
        guard logged.omitted == nil else {
            reportRemarks.append(
                "event \(logged.event) was not sent: redaction kept only the length of its payload")
            if let item = logged.exchange.flatMap({ itemOfHead[$0] }) { giveUp(item, "") }
            return
        }
        let template = OutgoingTemplate(frame: frame, of: log, minted: minted)
        let bytes = template.filled(
            requestID: { liveIDs[$0] },
            progressToken: { liveTokens[CallKey(session: session, id: $0)] }, secrets: &secrets)
        guard let bytes else {
            for message in logged.messages {
                if let request = log.messages[message].request { leftOutAnswers[request] = frame }
            }
            if let item = logged.exchange.flatMap({ itemOfHead[$0] }) { giveUp(item, "") }
            return
        }
        for message in logged.messages {
            let part = log.messages[message].message
            guard part.kind == .request, let id = part.id else { continue }
            openCalls[CallKey(session: session, id: id), default: []].append(message)
            lanes.sent(message, params: log.bytes(part.params, of: message), session: session)
        }
        actions.append(.send(bytes, frame: frame))
    }

    private func session(of frame: Int) -> Int? { hasSessions ? log.frames[frame].session : nil }

    // MARK: What comes

    private mutating func take(
        _ message: Message, in frame: [UInt8], _ session: Int?, _ call: Int?, at time: Int64,
        into actions: inout [Action]
    ) {
        if message.kind == .request, message.method == "ping" {
            actions.append(.reply(Self.reply(to: message, #""result":{}"#), session: session))
            return
        }
        let params = message.params.map { Array(frame[$0]) } ?? []
        var entry = LiveMessage(
            message: message, bytes: frame,
            lane: lanes.lane(of: message, params: params, session: session, call: call), request: nil)
        switch message.kind {
        case .result, .error:
            let key = CallKey(session: session, id: message.id ?? MessageID(text: Array("null".utf8)))
            if var waiting = openCalls[key] {
                let request = waiting.remove(at: waiting.firstIndex { $0 == call } ?? 0)
                openCalls[key] = waiting.isEmpty ? nil : waiting
                lastCall[key] = request
                entry.request = request
                takeAnswer(to: request, entry, at: time)
            } else {
                entry.request = lastCall[key]
                if entry.request == nil { takeOther(entry, session, at: time, into: &actions) }
            }
        case .request, .notification, .batch, .malformed:
            takeOther(entry, session, at: time, into: &actions)
        }
        live.append(entry)
    }

    private mutating func takeAnswer(to request: Int, _ entry: LiveMessage, at time: Int64) {
        isAnswered.insert(request)
        lanes.answered(request)
        guard let answer = log.messages[request].answer else { return }
        if let item = itemOfMessage[answer] { come(item, at: time) }
        learn(answer, entry)
    }

    private mutating func takeOther(
        _ entry: LiveMessage, _ session: Int?, at time: Int64, into actions: inout [Action]
    ) {
        let message = entry.message
        guard let recorded = takeExpected(entry, session) else {
            if message.kind == .request {
                let text = "reprise: the recording holds no answer to this request"
                let error = #""error":{"code":-32603,"message":"\#(text)"}"#
                actions.append(.reply(Self.reply(to: message, error), session: session))
            }
            return
        }
        if let item = itemOfMessage[recorded] { come(item, at: time) }
        learn(recorded, entry)
        guard message.kind == .request, let id = message.id else { return }
        liveIDs[recorded] = id
        let params = log.bytes(log.messages[recorded].message.params, of: recorded)
        if let old = try? JSONDocument(params), let now = try? JSONDocument(entry.part(message.params)),
            let from = VariableRules.progressTokenOfRequest.node(in: old),
            let to = VariableRules.progressTokenOfRequest.node(in: now)
        {
            let key = CallKey(session: session, id: MessageID(text: Array(old.raw(at: from))))
            liveTokens[key] = Array(now.raw(at: to))
        }
        if let frame = leftOutAnswers.removeValue(forKey: recorded) { send(frame, into: &actions) }
    }

    /// The recorded message that a live one is, if one like it is still to come: an equal one, or else the next.
    private mutating func takeExpected(_ entry: LiveMessage, _ session: Int?) -> Int? {
        let message = entry.message
        let params = entry.part(message.params)
        let key = KindKey(session: session, name: message.method ?? "", token: Self.token(of: message, params))
        guard var waiting = expected[key], !waiting.isEmpty else { return nil }
        let mask = VariableRules.serverMask(method: message.method ?? "", result: nil)
        let wanted = (try? JSONDocument(params)).map { JSONKey($0, mask: mask) }
        let place = waiting.firstIndex { keys[$0] == wanted } ?? 0
        let recorded = waiting.remove(at: place)
        expected[key] = waiting.isEmpty ? nil : waiting
        return recorded
    }

    private mutating func come(_ item: Int, at time: Int64) {
        guard !hasCome[item] else { return }
        hasCome[item] = true
        isSettled[item] = true
        comeCount += 1
        lastActivity = time
    }

    private mutating func giveUp(_ item: Int, _ remark: String) {
        isSettled[item] = true
        guard case .message(let message) = script.items[item].content else { return }
        remarks[message] = remark
        if let request = log.messages[message].request { isAnswered.insert(request) }
    }

    private mutating func skipSettled() {
        while firstUnsettled < script.items.count {
            let calls = script.items[firstUnsettled].openCalls
            let isOvertaken = !calls.isEmpty && calls.allSatisfy { isAnswered.contains($0) }
            guard isSettled[firstUnsettled] || isOvertaken else { return }
            isSettled[firstUnsettled] = true
            firstUnsettled += 1
        }
    }

    /// Takes note of the values that the live server minted.
    private mutating func learn(_ recorded: Int, _ entry: LiveMessage) {
        let message = log.messages[recorded].message
        for (range, part) in [(message.params, entry.message.params), (message.result, entry.message.result)] {
            guard let range, let old = try? JSONDocument(log.bytes(range, of: recorded)),
                let now = try? JSONDocument(entry.part(part))
            else { continue }
            minted.learn(recorded: old, live: now)
            let frame = log.frames[log.messages[recorded].frame]
            _ = SecretPattern(frame.placeholders, in: range, document: old).judge(now, bindings: &secrets)
        }
    }
}
