import MCPWire
import RepriseRecording

/// Plays the server of a recorded stdio session to a live client.
///
/// A value without clock or I/O: the shell hands in what the client wrote and the time, and runs the actions. Client
/// messages are matched by method and params, ids and progress tokens are variables, and every recorded frame of the
/// server is sent in its place: after the earlier ones, and after what it may have been the reaction to. For an answer
/// that is its request, the cancellation of it, and every answer of the client recorded before; other requests may be
/// late, as the live client need not send at once what the recorded one did. What answers no request waits for
/// everything that the client had sent before it.
///
/// A client's pings are answered at once and are no part of the comparison, since their number is a matter of timers.
public struct StdioReplayer: Sendable {
    /// What the shell has to do, in order.
    public enum Action: Equatable, Sendable {
        /// Write these bytes by one `write`; the client may see them as one read.
        case write([UInt8])
        /// Tell the user at once.
        case report(Mismatch)
        /// The server's output ended here; nothing more will be written.
        case close
    }

    /// How fast recorded frames are sent once they are due.
    public enum Pace: Equatable, Sendable {
        /// As fast as causality allows.
        case fast
        /// With the recorded delays divided by this factor; 1 is as recorded.
        case recorded(speed: Double)
    }

    private let script: ReplayScript
    private let pace: Pace
    private let stall: Int64
    private var index: CallIndex
    private var decoder: LineDecoder
    private var bindings = SecretBindings()
    private var answers: [MessageID: [Int]] = [:]
    private var malformed: [Int] = []

    private var isMatched: [Bool]
    /// Whether a client step is not waited for any more: it is matched, or a stall gave it up.
    private var isSettled: [Bool]
    /// Everything before it is settled: an index of client steps, and one of the client's answers among them.
    private var firstUnsettled = 0
    private var firstUnsettledAnswer = 0
    /// What the live client chose, by client step.
    private var liveIDs: [MessageID?]
    private var liveTokens: [[UInt8]?]
    /// Whether the client waits for the answer to its request that is this client step.
    private var isWaitedFor: [Bool]
    private var waitedForCount = 0

    private var nextServerStep = 0
    private var dueSince: Int64?
    private var lastActivity: Int64 = 0
    private var requestsSent: Set<MessageID> = []
    private var outgoing: [UInt8] = []
    /// Answers that were passed over, as a request of theirs was given up.
    private var leftOut: Set<Int> = []
    /// The answer that was left out, by the requests that it answers.
    private var leftOutAnswer: [Int: Int] = [:]
    /// Answers that were left out, whose requests have all come since.
    private var late: [Int] = []
    private var isClosed = false
    private var hasEnded = false
    private var found = ReplayReport()

    /// Makes the server of `recording`; throws ``ReplayError`` for what cannot be replayed on stdio.
    ///
    /// `stall` is the time in microseconds after which a client that waits for an answer gets the next recorded frame
    /// although something it should have sent before did not come.
    public init(
        _ recording: Recording, pace: Pace = .fast, stall: Int64 = 5_000_000, lineByteCountMax: Int = 64 << 20
    ) throws(ReplayError) {
        let script = try ReplayScript(recording)
        self.script = script
        self.pace = pace
        self.stall = stall
        index = CallIndex(script)
        decoder = LineDecoder(lineByteCountMax: lineByteCountMax)
        isMatched = [Bool](repeating: false, count: script.client.count)
        isSettled = isMatched
        isWaitedFor = isMatched
        liveIDs = Array(repeating: nil, count: script.client.count)
        liveTokens = Array(repeating: nil, count: script.client.count)
        for (step, content) in script.client.map(\.content).enumerated() {
            switch content {
            case .answer(let id, _, _): answers[id, default: []].append(step)
            case .malformed, .omitted: malformed.append(step)
            case .call, .end: break
            }
        }
        malformed.reverse()
    }

    /// The time at which ``advance(to:)`` has something to do; nil when only the client can.
    public var nextDeadline: Int64? {
        guard !isClosed, nextServerStep < script.server.count else { return nil }
        if isDue(script.server[nextServerStep]) { return releaseTime }
        return waitedForCount > 0 && !hasEnded ? lastActivity + stall : nil
    }

    /// Whether nothing will be sent any more: the server's end was reached, or the client has gone.
    public var isFinished: Bool { isClosed || hasEnded && nextDeadline == nil }

    /// What was found so far; what is still missing counts as never consumed.
    public var report: ReplayReport {
        var report = found
        for (step, isMatched) in zip(script.client, isMatched) where !isMatched {
            if case .end = step.content { continue }
            report.neverCame.append(.init(event: step.event, what: Self.name(of: step)))
        }
        for (index, step) in script.server.enumerated() where index >= nextServerStep || leftOut.contains(index) {
            if case .end = step.content { continue }
            report.neverSent.append(.init(event: step.event, what: step.name))
        }
        return report
    }

    /// The client is there: what the server said before it was asked.
    public mutating func start(at time: Int64) -> [Action] {
        lastActivity = time
        return release(at: time)
    }

    /// The client wrote `chunk`.
    public mutating func receive(_ chunk: Span<UInt8>, at time: Int64) -> [Action] {
        lastActivity = time
        var actions: [Action] = []
        for line in decoder.receive(chunk) { take(line.bytes, at: time, into: &actions) }
        return actions
    }

    /// The client closed its side.
    public mutating func end(at time: Int64) -> [Action] {
        hasEnded = true
        var actions: [Action] = []
        if let line = decoder.finish() { take(line.bytes, at: time, into: &actions) }
        for (step, content) in script.client.map(\.content).enumerated() {
            if case .end = content { markMatched(step) }
        }
        return actions + release(at: time)
    }

    /// The time has come that ``nextDeadline`` named.
    public mutating func advance(to time: Int64) -> [Action] {
        guard let deadline = nextDeadline, time >= deadline else { return [] }
        let step = script.server[nextServerStep]
        guard !isDue(step) else { return release(at: time) }
        let waitsFor = missing(of: step)
        let mismatch = Mismatch(.stalled(event: step.event, waitsFor: waitsFor.map { script.client[$0].event }))
        found.mismatches.append(mismatch)
        lastActivity = time
        // What did not come once is not waited for again, so that it is reported once.
        for missing in waitsFor { settle(missing) }
        return [.report(mismatch)] + release(at: time)
    }

    // MARK: What the client sends

    private mutating func take(_ line: [UInt8], at time: Int64, into actions: inout [Action]) {
        let message = Message.read(line.span)
        if case .batch(let elements) = message.kind {
            for element in elements { take(element, in: line, into: &actions) }
        } else {
            take(message, in: line, into: &actions)
        }
        actions += release(at: time)
    }

    private mutating func take(_ message: Message, in line: [UInt8], into actions: inout [Action]) {
        switch message.kind {
        case .request where message.method == "ping":
            guard !isClosed else { return }
            let id = message.id.map(\.text) ?? []
            actions.append(.write(Array(#"{"jsonrpc":"2.0","id":"#.utf8) + id + Array(",\"result\":{}}\n".utf8)))
        case .request, .notification:
            takeCall(message, in: line, into: &actions)
        case .result, .error:
            takeAnswer(message, in: line, into: &actions)
        case .batch, .malformed:
            takeMalformed(line, into: &actions)
        }
    }

    private mutating func takeCall(_ message: Message, in line: [UInt8], into actions: inout [Action]) {
        let method = message.method ?? ""
        let raw = message.params.map { Array(line[$0]) } ?? []
        let params = try? JSONDocument(raw)
        let step = index.take(
            method: method, isRequest: message.kind == .request, params: params, bindings: &bindings
        ) { pattern in
            guard let target = pattern.cancels, let params, let node = VariableRules.cancelledRequest.node(in: params)
            else { return true }
            return liveIDs[target] == MessageID(text: Array(params.raw(at: node)))
        }
        guard let step, case .call(let pattern) = script.client[step].content else {
            miss(message, raw: raw, into: &actions)
            return
        }
        markMatched(step)
        found.matchedCount += 1
        if let id = message.id {
            liveIDs[step] = id
            setWaitedFor(step, script.client[step].isAnswerAwaited)
        }
        if let answer = leftOutAnswer[step], script.server[answer].answers.allSatisfy({ isMatched[$0] }) {
            late.append(answer)
        }
        if let params, let node = VariableRules.progressTokenOfRequest.node(in: params) {
            liveTokens[step] = Array(params.raw(at: node))
        }
        if method == "initialize" {
            let differences = JSONDifference.between(
                pattern.params?.bytes ?? [], raw, below: "/params", mask: VariableRules.strictMask(method: method))
            if !differences.isEmpty {
                note(.changed(what: method, event: script.client[step].event, differences: differences), &actions)
            }
        }
    }

    private mutating func miss(_ message: Message, raw: [UInt8], into actions: inout [Action]) {
        let method = message.method ?? ""
        let what = message.id.map { "\(method) (id \($0))" } ?? method
        let nearest = index.nearest(method: method, params: raw).map { step, differences in
            Mismatch.Nearest(
                event: script.client[step].event, differences: differences, isUsed: index.isTaken(step))
        }
        let mismatch = Mismatch(.unmatched(what: what, nearest: nearest))
        found.mismatches.append(mismatch)
        actions.append(.report(mismatch))
        guard let id = message.id, !isClosed else { return }
        // A client that got no answer would hang; this one says what happened where the client's user sees it.
        var answer =
            Array(#"{"jsonrpc":"2.0","id":"#.utf8) + id.text + Array(#","error":{"code":-32603,"message":"#.utf8)
        JSONString.encode("reprise: \(mismatch)", into: &answer)
        actions.append(.write(answer + Array("}}\n".utf8)))
    }

    private mutating func takeAnswer(_ message: Message, in line: [UInt8], into actions: inout [Action]) {
        guard let id = message.id, requestsSent.contains(id),
            let step = answers[id]?.first, case .answer(_, let recorded, let secrets) = script.client[step].content
        else {
            note(.unexpectedAnswer(id: message.id?.description ?? "null"), &actions)
            return
        }
        answers[id]?.removeFirst()
        markMatched(step)
        found.matchedCount += 1
        let live = Array(line[message.range])
        var mask = JSONMask(variable: [JSONPath(keys: "id")])
        if secrets.agrees(with: try? JSONDocument(live), bindings: &bindings) { mask.variable += secrets.paths }
        let differences = JSONDifference.between(recorded, live, below: "", mask: mask)
        if !differences.isEmpty {
            let what = "the answer to request \(id)"
            note(.changed(what: what, event: script.client[step].event, differences: differences), &actions)
        }
    }

    private mutating func takeMalformed(_ line: [UInt8], into actions: inout [Action]) {
        if let step = malformed.last, equals(script.client[step].content, line) {
            malformed.removeLast()
            markMatched(step)
            found.matchedCount += 1
        } else {
            let nearest = malformed.last.map { step in
                Mismatch.Nearest(
                    event: script.client[step].event,
                    differences: [JSONDifference.between(frame: bytes(of: script.client[step].content), frame: line)],
                    isUsed: false)
            }
            note(.unmatched(what: "a frame of \(line.count) bytes that is no message", nearest: nearest), &actions)
        }
    }

    private func bytes(of content: ReplayScript.ClientStep.Content) -> [UInt8] {
        if case .malformed(let bytes) = content { bytes } else { [] }
    }

    private func equals(_ content: ReplayScript.ClientStep.Content, _ line: [UInt8]) -> Bool {
        switch content {
        case .malformed(let bytes): bytes == line
        case .omitted(let byteCount, let sha256):
            byteCount == line.count
                && (sha256.isEmpty || sha256 == SHA256.hexadecimal(of: line.last == 0x0A ? line.dropLast() : line[...]))
        case .call, .answer, .end: false
        }
    }

    private mutating func note(_ kind: Mismatch.Kind, _ actions: inout [Action]) {
        let mismatch = Mismatch(kind)
        found.mismatches.append(mismatch)
        actions.append(.report(mismatch))
    }

    private mutating func markMatched(_ step: Int) {
        isMatched[step] = true
        settle(step)
    }

    private mutating func settle(_ step: Int) {
        isSettled[step] = true
        while firstUnsettled < isSettled.count, isSettled[firstUnsettled] { firstUnsettled += 1 }
        while firstUnsettledAnswer < script.clientAnswers.count, isSettled[script.clientAnswers[firstUnsettledAnswer]] {
            firstUnsettledAnswer += 1
        }
    }

    private mutating func setWaitedFor(_ step: Int, _ isNow: Bool) {
        if isNow != isWaitedFor[step] { waitedForCount += isNow ? 1 : -1 }
        isWaitedFor[step] = isNow
    }

    // MARK: What the server sends

    private func isDue(_ step: ReplayScript.ServerStep) -> Bool {
        missing(of: step, limit: 1).isEmpty
    }

    /// The client steps that a server step still waits for, at most `limit` of each sort.
    private func missing(of step: ReplayScript.ServerStep, limit: Int = .max) -> [Int] {
        guard step.waitsForAll else {
            let answers = script.clientAnswers[..<step.clientAnswerCountBefore].dropFirst(firstUnsettledAnswer)
            return (step.answers + step.cancellations).filter { !isSettled[$0] }
                + answers.lazy.filter { !isSettled[$0] }.prefix(limit)
        }
        guard firstUnsettled < step.clientStepCountBefore else { return [] }
        return Array((firstUnsettled..<step.clientStepCountBefore).lazy.filter { !isSettled[$0] }.prefix(limit))
    }

    private var releaseTime: Int64 {
        guard case .recorded(let speed) = pace, let dueSince else { return lastActivity }
        // An edited recording may hold any time; thirty years are as good as never.
        let delay = min(Double(script.server[nextServerStep].delay) / speed, 1e15)
        return dueSince + (delay > 0 ? Int64(delay.rounded()) : 0)
    }

    private mutating func release(at time: Int64) -> [Action] {
        var actions: [Action] = []
        for index in late where !isClosed {
            leftOut.remove(index)
            send(script.server[index], into: &actions)
            flush(&actions)
        }
        late.removeAll()
        while !isClosed, nextServerStep < script.server.count {
            let step = script.server[nextServerStep]
            guard isDue(step) else { break }
            if step.answers.contains(where: { !isMatched[$0] }) {
                leaveOut(step)
                nextServerStep += 1
                continue
            }
            if dueSince == nil { dueSince = time }
            if case .recorded = pace, releaseTime > time { break }
            send(step, into: &actions)
            dueSince = nil
            lastActivity = time
            nextServerStep += 1
        }
        flush(&actions)
        return actions
    }

    /// Passes over an answer: without its request it has no id to carry. Should the request still come, so will it.
    private mutating func leaveOut(_ step: ReplayScript.ServerStep) {
        leftOut.insert(nextServerStep)
        for request in step.answers {
            leftOutAnswer[request] = nextServerStep
            setWaitedFor(request, false)
        }
    }

    private mutating func send(_ step: ReplayScript.ServerStep, into actions: inout [Action]) {
        switch step.content {
        case .end:
            flush(&actions)
            actions.append(.close)
            isClosed = true
        case .omitted(let byteCount):
            note(.omitted(event: step.event, byteCount: byteCount), &actions)
        case .frame(let template):
            for id in step.requestIDs { requestsSent.insert(id) }
            let (bytes, cuts) = template.filled(cuts: step.cuts ?? []) { value(of: $0) }
            append(bytes, cuts: step.cuts == nil ? [bytes.count] : cuts, into: &actions)
        }
        for request in step.answers { setWaitedFor(request, false) }
    }

    private mutating func value(of source: FrameTemplate.Source) -> [UInt8]? {
        switch source {
        case .requestID(let step): return liveIDs[step]?.text
        case .progressToken(let step): return liveTokens[step]
        case .secret(let placeholder, let escapeCount):
            guard var value = bindings.value(of: placeholder) else {
                // Minted by the server: the client gets to see the placeholder, and sends it back.
                _ = bindings.bind(placeholder, to: placeholder)
                return nil
            }
            for _ in 0..<escapeCount {
                var escaped: [UInt8] = []
                JSONString.encode(value.span, into: &escaped)
                value = Array(escaped.dropFirst().dropLast())
            }
            return value
        }
    }

    /// Splits the frame where the server's reads ended, and keeps back what came in the same read as its successor.
    private mutating func append(_ bytes: [UInt8], cuts: [Int], into actions: inout [Action]) {
        var position = 0
        for cut in cuts where cut >= position {
            outgoing += bytes[position..<cut]
            position = cut
            flush(&actions)
        }
        outgoing += bytes[position...]
    }

    private mutating func flush(_ actions: inout [Action]) {
        guard !outgoing.isEmpty else { return }
        actions.append(.write(outgoing))
        outgoing.removeAll()
    }

    private static func name(of step: ReplayScript.ClientStep) -> String {
        switch step.content {
        case .call(let pattern): pattern.method
        case .answer(let id, _, _): "answer to \(id)"
        case .malformed, .omitted: "a frame that is no message"
        case .end: "the end of its input"
        }
    }
}
