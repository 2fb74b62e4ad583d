import MCPWire
import RepriseRecording

/// What the live client has said of one recorded session so far, and so what the server may say.
///
/// Holds what the replayers of all transports share: matching, variables, and the rule when a frame is due.
struct ReplayLedger: Sendable {
    let script: ReplayScript
    private var index: CallIndex
    private var answers: [MessageID: [Int]] = [:]
    private var malformed: [Int] = []

    private(set) var isMatched: [Bool]
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
    private(set) var waitedForCount = 0

    private var requestsSent: Set<MessageID> = []
    /// Answers that were passed over, as a request of theirs was given up.
    private var leftOut: Set<Int> = []
    /// The answer that was left out, by the requests that it answers.
    private var leftOutAnswer: [Int: Int] = [:]
    /// Answers that were left out, whose requests have all come since.
    private var late: [Int] = []

    init(_ script: ReplayScript) {
        self.script = script
        index = CallIndex(script)
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

    // MARK: What the client sends

    /// The step that a live request or notification is; nil for a miss. What is to be said of it goes to `notes`.
    mutating func take(
        call message: Message, in frame: [UInt8], bindings: inout SecretBindings, notes: inout [Mismatch]
    ) -> Int? {
        let method = message.method ?? ""
        let raw = message.params.map { Array(frame[$0]) } ?? []
        let params = try? JSONDocument(raw)
        let step = index.take(
            method: method, isRequest: message.kind == .request, params: params, bindings: &bindings
        ) { pattern in
            guard let target = pattern.cancels, let params, let node = VariableRules.cancelledRequest.node(in: params)
            else { return true }
            return liveIDs[target] == MessageID(text: Array(params.raw(at: node)))
        }
        guard let step, case .call(let pattern) = script.client[step].content else {
            notes.append(miss(message, raw: raw))
            return nil
        }
        markMatched(step)
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
                notes.append(
                    Mismatch(.changed(what: method, event: script.client[step].event, differences: differences)))
            }
        }
        return step
    }

    private func miss(_ message: Message, raw: [UInt8]) -> Mismatch {
        let method = message.method ?? ""
        let what = message.id.map { "\(method) (id \($0))" } ?? method
        let nearest = index.nearest(method: method, params: raw).map { step, differences in
            Mismatch.Nearest(
                event: script.client[step].event, differences: differences, isUsed: index.isTaken(step))
        }
        return Mismatch(.unmatched(what: what, nearest: nearest))
    }

    /// The step that a live answer to a request of the server is; nil for one that was not asked for.
    mutating func take(
        answer message: Message, in frame: [UInt8], bindings: inout SecretBindings, notes: inout [Mismatch]
    ) -> Int? {
        guard let id = message.id, requestsSent.contains(id),
            let step = answers[id]?.first, case .answer(_, let recorded, let secrets) = script.client[step].content
        else {
            notes.append(Mismatch(.unexpectedAnswer(id: message.id?.description ?? "null")))
            return nil
        }
        answers[id]?.removeFirst()
        markMatched(step)
        let live = Array(frame[message.range])
        var mask = JSONMask(variable: [JSONPath(keys: "id")])
        if secrets.agrees(with: try? JSONDocument(live), bindings: &bindings) { mask.variable += secrets.paths }
        let differences = JSONDifference.between(recorded, live, below: "", mask: mask)
        if !differences.isEmpty {
            let what = "the answer to request \(id)"
            notes.append(Mismatch(.changed(what: what, event: script.client[step].event, differences: differences)))
        }
        return step
    }

    /// The step that a live frame is which is no message; nil unless it is the next recorded one, byte for byte.
    mutating func take(malformed frame: [UInt8], notes: inout [Mismatch]) -> Int? {
        if let step = malformed.last, Self.equals(script.client[step].content, frame) {
            malformed.removeLast()
            markMatched(step)
            return step
        }
        let nearest = malformed.last.map { step in
            Mismatch.Nearest(
                event: script.client[step].event,
                differences: [JSONDifference.between(frame: Self.bytes(of: script.client[step].content), frame: frame)],
                isUsed: false)
        }
        notes.append(Mismatch(.unmatched(what: "a frame of \(frame.count) bytes that is no message", nearest: nearest)))
        return nil
    }

    private static func bytes(of content: ReplayScript.ClientStep.Content) -> [UInt8] {
        if case .malformed(let bytes) = content { bytes } else { [] }
    }

    private static func equals(_ content: ReplayScript.ClientStep.Content, _ frame: [UInt8]) -> Bool {
        switch content {
        case .malformed(let bytes): bytes == frame
        case .omitted(let byteCount, let sha256):
            byteCount == frame.count
                && (sha256.isEmpty
                    || sha256 == SHA256.hexadecimal(of: frame.last == 0x0A ? frame.dropLast() : frame[...]))
        case .call, .answer, .end: false
        }
    }

    /// The client has ended its input: nothing waits for that any more.
    mutating func end() {
        for (step, content) in script.client.map(\.content).enumerated() {
            if case .end = content { markMatched(step) }
        }
    }

    /// The first call of a method that is not used up.
    func firstUnused(method: String) -> Int? { index.firstUnused(method: method) }

    private mutating func markMatched(_ step: Int) {
        isMatched[step] = true
        settle(step)
    }

    /// What did not come once is not waited for again.
    mutating func settle(_ step: Int) {
        isSettled[step] = true
        while firstUnsettled < isSettled.count, isSettled[firstUnsettled] { firstUnsettled += 1 }
        while firstUnsettledAnswer < script.clientAnswers.count, isSettled[script.clientAnswers[firstUnsettledAnswer]] {
            firstUnsettledAnswer += 1
        }
    }

    /// Whether the client waits for the answer to the request that is this client step.
    mutating func setWaitedFor(_ step: Int, _ isNow: Bool) {
        if isNow != isWaitedFor[step] { waitedForCount += isNow ? 1 : -1 }
        isWaitedFor[step] = isNow
    }

    // MARK: What the server sends

    /// The client steps that a server step still waits for, at most `limit` of each sort.
    func missing(of step: ReplayScript.ServerStep, limit: Int = .max) -> [Int] {
        guard step.waitsForAll else {
            let answers = script.clientAnswers[..<step.clientAnswerCountBefore].dropFirst(firstUnsettledAnswer)
            return (step.answers + step.cancellations).filter { !isSettled[$0] }
                + answers.lazy.filter { !isSettled[$0] }.prefix(limit)
        }
        return missing(before: step.clientStepCountBefore, limit: limit)
    }

    /// The first client steps, of so many recorded ones, that are still waited for.
    func missing(before count: Int, limit: Int = .max) -> [Int] {
        guard firstUnsettled < count else { return [] }
        return Array((firstUnsettled..<count).lazy.filter { !isSettled[$0] }.prefix(limit))
    }

    /// Whether an answer has no id to carry, as a stall gave up its request.
    func lacksRequest(_ step: Int) -> Bool { script.server[step].answers.contains { !isMatched[$0] } }

    /// Passes over an answer without its request. Should the request still come, so will it.
    mutating func leaveOut(_ step: Int) {
        leftOut.insert(step)
        for request in script.server[step].answers {
            leftOutAnswer[request] = step
            setWaitedFor(request, false)
        }
    }

    /// Whether a server step was passed over and has not been sent since.
    func isLeftOut(_ step: Int) -> Bool { leftOut.contains(step) }

    /// The answers that were passed over and can be sent now; they are no longer left out.
    mutating func takeLate() -> [Int] {
        guard !late.isEmpty else { return [] }
        defer { late.removeAll() }
        leftOut.subtract(late)
        return late
    }

    /// A server step is being sent.
    mutating func markSent(_ step: Int) {
        for id in script.server[step].requestIDs { requestsSent.insert(id) }
        for request in script.server[step].answers { setWaitedFor(request, false) }
    }

    /// The live value that stands at a place of a recorded frame; nil where it is the recorded one.
    func value(of source: FrameTemplate.Source, bindings: inout SecretBindings) -> [UInt8]? {
        switch source {
        case .requestID(let step): return liveIDs[step]?.text
        case .progressToken(let step): return liveTokens[step]
        case .secret(let placeholder, let escapeCount):
            return bindings.liveValue(of: placeholder, escapeCount: escapeCount)
        }
    }

    /// The error with which a request is answered that matched nothing.
    ///
    /// A client that got no answer would hang; this one says what happened where the client's user sees it.
    static func answer(to id: MessageID, _ mismatch: Mismatch) -> [UInt8] {
        var answer =
            Array(#"{"jsonrpc":"2.0","id":"#.utf8) + id.text + Array(#","error":{"code":-32603,"message":"#.utf8)
        JSONString.encode("reprise: \(mismatch)", into: &answer)
        return answer + Array("}}".utf8)
    }

    /// The answer to a client's ping.
    static func pong(_ id: MessageID?) -> [UInt8] {
        Array(#"{"jsonrpc":"2.0","id":"#.utf8) + (id?.text ?? []) + Array(#","result":{}}"#.utf8)
    }
}

extension ReplayScript.ClientStep {
    /// What it is in a few words.
    var name: String {
        switch content {
        case .call(let pattern): pattern.method
        case .answer(let id, _, _): "answer to \(id)"
        case .malformed, .omitted: "a frame that is no message"
        case .end: "the end of its input"
        }
    }
}
