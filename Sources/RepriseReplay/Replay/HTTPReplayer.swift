import MCPWire
import RepriseRecording

/// Plays the server of a recorded HTTP session, or of several at once, to live clients.
///
/// A value without clock or I/O, as ``StdioReplayer`` is. A request is matched with a recorded exchange, which is then
/// served: its head, and its body or events, each when it is due. Session ids are minted anew and bound to the recorded
/// ones in order; event ids stay, as the server mints them; credentials are never compared.
///
/// What a server does on one *stream* is one sequence, however many exchanges carried it: a client that leaves it
/// anywhere and comes back with the id of an event gets what came after that event. While nobody listens, it rests.
public struct HTTPReplayer: Sendable {
    /// What the shell has to do, in order; `exchange` is the number that it gave a live request.
    public enum Action: Equatable, Sendable {
        /// Send the head of the response; without a `content-length` the body is as long as what is sent.
        case respond(exchange: Int, ResponseHead)
        /// Send these bytes of the body by one write.
        case send(exchange: Int, [UInt8])
        /// The response is complete.
        case finish(exchange: Int)
        /// Break the response off: close the connection in order, or reset it.
        case abort(exchange: Int, Disconnect)
        /// Tell the user at once.
        case report(Mismatch)
    }

    /// How fast what the server did comes back once it is due.
    public typealias Pace = ReplayPace

    /// How far a stream has come.
    struct Progress: Sendable {
        /// Index of the element that comes next.
        var next = 0
        /// The live exchange that listens.
        var live: Int?
        var isStarted = false
        /// The last segment that was begun: by a client that came back, or by going on with one that stayed.
        var segment = 0
        var dueSince: Int64?
    }

    /// What is known of a session while it is played.
    struct SessionState: Sendable {
        var ledger: ReplayLedger
        var liveID: String?
        var isEnded = false
        var lastActivity: Int64 = 0
        /// The responses to a DELETE that are not waited for any more.
        var deletionsGivenUp: Set<Int> = []
        /// Every server step before it is sent, or waited for by nobody.
        var firstUnsent = 0
    }

    let script: HTTPScript
    let pace: Pace
    let stall: Int64
    var pages: PageIndex
    var bindings = SecretBindings()
    var sessions: [SessionState]
    var progress: [Progress]
    /// The streams whose calls did not come in time, and that hold nothing back any more.
    var givenUp: Set<Int> = []
    /// The streams that somebody listens to, ascending.
    var active: [Int] = []
    /// What is being sent in the live exchanges, by their numbers, and the stream that each listens to.
    var outgoing: [Int: OutgoingBytes] = [:]
    var streamOfLive: [Int: Int] = [:]
    var sessionOfLiveID: [String: Int] = [:]
    var sessionIDs: SessionIDs
    var found = ReplayReport()
    /// The actions of the input that is being taken.
    var actions: [Action] = []

    /// Between the recorded server and the address at which it is replayed; nil leaves addresses as they were recorded.
    public var originMap: OriginMap?

    /// Makes the server of `recording`; throws ``ReplayError`` for what cannot be replayed over HTTP.
    ///
    /// `stall` is as for ``StdioReplayer``; `seed` is what session ids are minted from.
    public init(
        _ recording: Recording, pace: Pace = .fast, stall: Int64 = 5_000_000, seed: UInt64 = 0
    ) throws(ReplayError) {
        script = try HTTPScript(recording)
        self.pace = pace
        self.stall = stall
        pages = PageIndex(script)
        sessions = script.sessions.map { SessionState(ledger: ReplayLedger($0.script)) }
        progress = script.streams.map { _ in Progress() }
        sessionIDs = SessionIDs(seed: seed)
    }

    /// The recorded server's path for MCP, such as `/mcp`.
    public var path: String { script.path }

    /// The time at which ``advance(to:)`` has something to do; nil when only a client can.
    public var nextDeadline: Int64? {
        let due = active.filter { isDue($0) }.map { releaseTime(of: $0) }.min()
        return [due, stallDeadline?.time].compactMap(\.self).min()
    }

    /// A live request has come whole; `exchange` must be a number that was not used before.
    public mutating func request(
        _ exchange: Int, _ head: RequestHead, body: [UInt8] = [], at time: Int64
    ) -> [Action] {
        if !script.protocolPaths.contains(head.path) || !["POST", "GET", "DELETE"].contains(head.method) {
            takePage(exchange, head, body: body)
        } else if head.method == "POST" {
            takeMessage(exchange, head, body: body, at: time)
        } else if head.method == "GET" {
            takeOpening(exchange, head, at: time)
        } else {
            takeDeletion(exchange, head, at: time)
        }
        return release(at: time)
    }

    /// The client of a live exchange has gone, or closed it before the response was complete.
    public mutating func clientLeft(_ exchange: Int, at time: Int64) -> [Action] {
        if let stream = streamOfLive[exchange] {
            detach(exchange, from: stream)
            // Nobody waits for an answer that has nowhere to go.
            let session = script.streams[stream].session
            for request in script.streams[stream].requests { sessions[session].ledger.setWaitedFor(request, false) }
        }
        return release(at: time)
    }

    /// The time has come that ``nextDeadline`` named.
    public mutating func advance(to time: Int64) -> [Action] {
        if let stalled = stallDeadline, stalled.time <= time { giveUp(stalled.stream, at: time) }
        return release(at: time)
    }

    // MARK: When something is due

    /// What a stream still waits for: client steps of its session, and deletions, at most `limit` of each.
    private func missing(_ stream: Int, limit: Int = .max) -> (steps: [Int], deletions: [Int]) {
        let element = script.streams[stream].elements[progress[stream].next]
        let session = script.streams[stream].session
        let ledger = sessions[session].ledger
        if let step = element.waitsFor { return (ledger.missing(of: ledger.script.server[step], limit: limit), []) }
        guard element.waitsForAll else { return ([], []) }
        let deletions = script.sessions[session].deletions.filter { deletion in
            script.requestEvent(of: deletion) < element.event && !progress[deletion].isStarted
                && !sessions[session].deletionsGivenUp.contains(deletion)
        }
        return (ledger.missing(before: ledger.script.clientCount(before: element.event), limit: limit), deletions)
    }

    private func isDue(_ stream: Int) -> Bool {
        guard progress[stream].next < script.streams[stream].elements.count else { return false }
        let missing = missing(stream, limit: 1)
        return missing.steps.isEmpty && missing.deletions.isEmpty && heldBackBy(stream) == nil
    }

    /// The stream of an earlier message of the session that has not been sent yet.
    ///
    /// Messages keep their recorded order across streams: a call that was answered because another one was made must
    /// not be answered before that. A stream that its client has left, or not opened yet, holds nothing back.
    private func heldBackBy(_ stream: Int) -> Int? {
        let element = script.streams[stream].elements[progress[stream].next]
        guard let step = element.waitsFor else { return nil }
        let session = script.streams[stream].session
        let streams = script.sessions[session].streamOfStep
        for earlier in sessions[session].firstUnsent..<max(step, sessions[session].firstUnsent) {
            guard let other = streams[earlier], other != stream, holds(other, step: earlier) else { continue }
            return other
        }
        return nil
    }

    /// Whether a step is still to come on a stream that is listened to, or that is the answer to a call to come.
    private func holds(_ stream: Int, step: Int) -> Bool {
        guard !givenUp.contains(stream) else { return false }
        guard progress[stream].isStarted else { return !script.streams[stream].requests.isEmpty }
        guard progress[stream].live != nil else { return false }
        return script.streams[stream].elements[progress[stream].next...].contains { $0.step == step }
    }

    /// Goes past what was sent, so that nothing is looked at twice.
    private mutating func advanceOrder(of session: Int) {
        let streams = script.sessions[session].streamOfStep
        while sessions[session].firstUnsent < streams.count {
            let step = sessions[session].firstUnsent
            if let stream = streams[step], holds(stream, step: step) { return }
            sessions[session].firstUnsent += 1
        }
    }

    private func releaseTime(of stream: Int) -> Int64 {
        guard case .recorded = pace, let dueSince = progress[stream].dueSince else { return .min }
        return dueSince + pace.delay(script.streams[stream].elements[progress[stream].next].delay)
    }

    /// The stream to release although something is missing, the one with the lowest event, and when.
    ///
    /// A session stalls when somebody in it waits for an answer and nothing of it is due.
    private var stallDeadline: (time: Int64, stream: Int)? {
        var found: (time: Int64, stream: Int)?
        let busy = Set(active.filter { isDue($0) }.map { script.streams[$0].session })
        for stream in active where progress[stream].next < script.streams[stream].elements.count {
            let number = script.streams[stream].session
            guard !busy.contains(number), sessions[number].ledger.waitedForCount > 0 else { continue }
            let time = sessions[number].lastActivity + stall
            if let other = found, (other.time, nextEvent(of: other.stream)) < (time, nextEvent(of: stream)) { continue }
            found = (time, stream)
        }
        return found
    }

    private func nextEvent(of stream: Int) -> Int { script.streams[stream].elements[progress[stream].next].event }

    private mutating func giveUp(_ stalled: Int, at time: Int64) {
        var stream = stalled
        // What holds it back may itself be held back; each comes before the other, so that there is a first.
        while let other = heldBackBy(stream), progress[other].isStarted { stream = other }
        let session = script.streams[stream].session
        let (steps, deletions) = missing(stream)
        let client = sessions[session].ledger.script.client
        let unopened = heldBackBy(stream)
        let events =
            steps.map { client[$0].event } + deletions.map { script.requestEvent(of: $0) }
            + (unopened.map { [script.requestEvent(of: $0)] } ?? [])
        note(Mismatch(.stalled(event: nextEvent(of: stream), waitsFor: events.sorted())))
        if let unopened { givenUp.insert(unopened) }
        for step in steps { sessions[session].ledger.settle(step) }
        sessions[session].deletionsGivenUp.formUnion(deletions)
        sessions[session].lastActivity = time
    }

    // MARK: What the server sends

    /// Sends everything that is due, across streams in recorded order, and gives all actions of this input.
    mutating func release(at time: Int64) -> [Action] {
        sendLate()
        while let stream = nextStream(at: time) {
            sendNext(of: stream)
            sessions[script.streams[stream].session].lastActivity = time
        }
        for stream in active { if let live = progress[stream].live { flush(live) } }
        defer { actions.removeAll() }
        return actions
    }

    private mutating func nextStream(at time: Int64) -> Int? {
        var first: Int?
        for stream in active where isDue(stream) {
            if progress[stream].dueSince == nil { progress[stream].dueSince = time }
            guard releaseTime(of: stream) <= time else { continue }
            if let other = first, nextEvent(of: other) < nextEvent(of: stream) { continue }
            first = stream
        }
        return first
    }

    private mutating func sendLate() {
        for session in sessions.indices {
            for step in sessions[session].ledger.takeLate() {
                let event = sessions[session].ledger.script.server[step].event
                for stream in active where script.streams[stream].session == session {
                    guard let live = progress[stream].live,
                        let element = script.streams[stream].elements.first(where: { $0.event == event })
                    else { continue }
                    send(element, of: stream, to: live)
                }
            }
        }
    }

    private mutating func sendNext(of stream: Int) {
        guard let live = progress[stream].live else { return }
        let element = script.streams[stream].elements[progress[stream].next]
        progress[stream].next += 1
        progress[stream].dueSince = nil
        progress[stream].segment = max(progress[stream].segment, element.segment)
        let session = script.streams[stream].session
        defer { advanceOrder(of: session) }
        if let step = element.step, sessions[session].ledger.lacksRequest(step) {
            sessions[session].ledger.leaveOut(step)
            return
        }
        send(element, of: stream, to: live)
    }

    private mutating func send(_ element: HTTPScript.Element, of stream: Int, to live: Int) {
        let session = script.streams[stream].session
        switch element.content {
        case .head(let head):
            actions.append(.respond(exchange: live, served(head, of: stream)))
        case .frame(let template, let cuts):
            let (bytes, offsets) = filled(template, cuts: cuts, of: stream)
            for write in outgoing[live, default: OutgoingBytes()].append(bytes, cuts: offsets) {
                actions.append(.send(exchange: live, write))
            }
        case .omitted(let byteCount):
            note(Mismatch(.omitted(event: element.event, byteCount: byteCount)))
        case .ending(let how):
            end(live, how, of: stream)
        }
        if let step = element.step { sessions[session].ledger.markSent(step) }
    }

    private mutating func end(_ live: Int, _ how: Disconnect?, of stream: Int) {
        flush(live)
        switch how {
        case nil: actions.append(.finish(exchange: live))
        case .refused?: respond(live, 502, "the server could not be reached when this was recorded")
        case let how?: actions.append(.abort(exchange: live, how))
        }
        detach(live, from: stream)
    }

    /// The bytes of a frame as they go out now, and where to split them.
    mutating func filled(
        _ template: FrameTemplate, cuts: [Frame.Cut]? = nil, of stream: Int
    ) -> (bytes: [UInt8], cuts: [Int]) {
        let ledger = sessions[script.streams[stream].session].ledger
        let (bytes, offsets) = template.filled(cuts: cuts ?? []) { ledger.value(of: $0, bindings: &bindings) }
        let mapped = mapped(bytes, of: stream)
        guard mapped == bytes else { return (mapped, [mapped.count]) }
        return (bytes, cuts == nil ? [bytes.count] : offsets)
    }

    /// Sends what waits for the next frame.
    mutating func flush(_ live: Int) {
        if let bytes = outgoing[live]?.flush() { actions.append(.send(exchange: live, bytes)) }
    }

    // MARK: Who listens

    /// A live exchange listens to a stream from its next element on.
    mutating func attach(_ live: Int, to stream: Int) {
        progress[stream].live = live
        progress[stream].isStarted = true
        progress[stream].dueSince = nil
        streamOfLive[live] = stream
        if !active.contains(stream) {
            active.append(stream)
            active.sort()
        }
    }

    /// Nobody listens to a stream any more.
    mutating func detach(_ live: Int, from stream: Int) {
        streamOfLive[live] = nil
        outgoing[live] = nil
        progress[stream].live = nil
        active.removeAll { $0 == stream }
    }

    mutating func note(_ mismatch: Mismatch) {
        found.mismatches.append(mismatch)
        actions.append(.report(mismatch))
    }
}
