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
    public typealias Pace = ReplayPace

    private let script: ReplayScript
    private let pace: Pace
    private let stall: Int64
    private var ledger: ReplayLedger
    private var decoder: LineDecoder
    private var bindings = SecretBindings()

    private var nextServerStep = 0
    private var dueSince: Int64?
    private var lastActivity: Int64 = 0
    private var outgoing = OutgoingBytes()
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
        ledger = ReplayLedger(script)
        decoder = LineDecoder(lineByteCountMax: lineByteCountMax)
    }

    /// The time at which ``advance(to:)`` has something to do; nil when only the client can.
    public var nextDeadline: Int64? {
        guard !isClosed, nextServerStep < script.server.count else { return nil }
        if isDue(script.server[nextServerStep]) { return releaseTime }
        return ledger.waitedForCount > 0 && !hasEnded ? lastActivity + stall : nil
    }

    /// Whether nothing will be sent any more: the server's end was reached, or the client has gone.
    public var isFinished: Bool { isClosed || hasEnded && nextDeadline == nil }

    /// What was found so far; what is still missing counts as never consumed.
    public var report: ReplayReport {
        var report = found
        for (step, isMatched) in zip(script.client, ledger.isMatched) where !isMatched {
            if case .end = step.content { continue }
            report.neverCame.append(.init(event: step.event, what: step.name))
        }
        for (index, step) in script.server.enumerated() where index >= nextServerStep || ledger.isLeftOut(index) {
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
        ledger.end()
        return actions + release(at: time)
    }

    /// The time has come that ``nextDeadline`` named.
    public mutating func advance(to time: Int64) -> [Action] {
        guard let deadline = nextDeadline, time >= deadline else { return [] }
        let step = script.server[nextServerStep]
        guard !isDue(step) else { return release(at: time) }
        let waitsFor = ledger.missing(of: step)
        let mismatch = Mismatch(.stalled(event: step.event, waitsFor: waitsFor.map { script.client[$0].event }))
        found.mismatches.append(mismatch)
        lastActivity = time
        // What did not come once is not waited for again, so that it is reported once.
        for missing in waitsFor { ledger.settle(missing) }
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
        var notes: [Mismatch] = []
        let step: Int?
        switch message.kind {
        case .request where message.method == "ping":
            if !isClosed { actions.append(.write(ReplayLedger.pong(message.id) + [0x0A])) }
            return
        case .request, .notification:
            step = ledger.take(call: message, in: line, bindings: &bindings, notes: &notes)
        case .result, .error:
            step = ledger.take(answer: message, in: line, bindings: &bindings, notes: &notes)
        case .batch, .malformed:
            step = ledger.take(malformed: line, notes: &notes)
        }
        if step != nil { found.matchedCount += 1 }
        for mismatch in notes { note(mismatch, &actions) }
        if step == nil, message.kind == .request, let id = message.id, let mismatch = notes.first, !isClosed {
            actions.append(.write(ReplayLedger.answer(to: id, mismatch) + [0x0A]))
        }
    }

    private mutating func note(_ mismatch: Mismatch, _ actions: inout [Action]) {
        found.mismatches.append(mismatch)
        actions.append(.report(mismatch))
    }

    // MARK: What the server sends

    private func isDue(_ step: ReplayScript.ServerStep) -> Bool {
        ledger.missing(of: step, limit: 1).isEmpty
    }

    private var releaseTime: Int64 {
        guard case .recorded = pace, let dueSince else { return lastActivity }
        return dueSince + pace.delay(script.server[nextServerStep].delay)
    }

    private mutating func release(at time: Int64) -> [Action] {
        var actions: [Action] = []
        if !isClosed {
            for step in ledger.takeLate() {
                send(step, into: &actions)
                flush(&actions)
            }
        }
        while !isClosed, nextServerStep < script.server.count {
            let step = script.server[nextServerStep]
            guard isDue(step) else { break }
            if ledger.lacksRequest(nextServerStep) {
                ledger.leaveOut(nextServerStep)
                nextServerStep += 1
                continue
            }
            if dueSince == nil { dueSince = time }
            if case .recorded = pace, releaseTime > time { break }
            send(nextServerStep, into: &actions)
            dueSince = nil
            lastActivity = time
            nextServerStep += 1
        }
        flush(&actions)
        return actions
    }

    private mutating func send(_ index: Int, into actions: inout [Action]) {
        let step = script.server[index]
        switch step.content {
        case .end:
            flush(&actions)
            actions.append(.close)
            isClosed = true
        case .omitted(let byteCount):
            note(Mismatch(.omitted(event: step.event, byteCount: byteCount)), &actions)
        case .frame(let template):
            let (bytes, cuts) = template.filled(cuts: step.cuts ?? []) { ledger.value(of: $0, bindings: &bindings) }
            actions += outgoing.append(bytes, cuts: step.cuts == nil ? [bytes.count] : cuts).map { .write($0) }
        }
        ledger.markSent(index)
    }

    private mutating func flush(_ actions: inout [Action]) {
        if let bytes = outgoing.flush() { actions.append(.write(bytes)) }
    }
}
