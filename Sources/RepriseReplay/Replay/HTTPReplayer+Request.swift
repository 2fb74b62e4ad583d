import MCPWire
import RepriseRecording

/// Which recorded exchange a live request is.
extension HTTPReplayer {
    // MARK: POST

    mutating func takeMessage(_ live: Int, _ head: RequestHead, body: [UInt8], at time: Int64) {
        let message = Message.read(body.span)
        var parts = [message]
        if case .batch(let elements) = message.kind { parts = elements }
        if head.fields.first("authorization") != nil { passChallenges(to: message, in: body) }
        guard let session = session(of: parts, head, live: live) else { return }
        sessions[session].lastActivity = time
        var steps: [Int] = []
        var answers: [[UInt8]] = []
        let noteCount = found.mismatches.count
        for part in parts {
            take(part, in: body, session: session, steps: &steps, answers: &answers)
        }
        let streams = steps.compactMap { stream(of: $0, session: session) }
        if let stream = streams.first(where: { !progress[$0].isStarted }) {
            attach(live, to: stream)
        } else if !answers.isEmpty, let listener = endpointListener(of: session) {
            for answer in answers {
                actions.append(
                    .send(exchange: listener, Array("event: message\r\ndata: ".utf8) + answer + [13, 10, 13, 10]))
            }
            acknowledge(live)
        } else if !answers.isEmpty {
            respond(live, 200, messages: answers)
        } else if case .malformed = message.kind, streams.isEmpty, found.mismatches.count > noteCount {
            respondMalformed(live)
        } else {
            acknowledge(live)
        }
    }

    private mutating func take(
        _ part: Message, in body: [UInt8], session: Int, steps: inout [Int], answers: inout [[UInt8]]
    ) {
        var notes: [Mismatch] = []
        let step: Int?
        switch part.kind {
        case .request where part.method == "ping":
            answers.append(ReplayLedger.pong(part.id))
            return
        case .request, .notification:
            step = sessions[session].ledger.take(call: part, in: body, bindings: &bindings, notes: &notes)
        case .result, .error:
            step = sessions[session].ledger.take(answer: part, in: body, bindings: &bindings, notes: &notes)
        case .batch, .malformed:
            step = sessions[session].ledger.take(malformed: body, notes: &notes)
        }
        if let step {
            steps.append(step)
            found.matchedCount += 1
        }
        for mismatch in notes { note(mismatch) }
        if step == nil, part.kind == .request, let id = part.id, let mismatch = notes.first {
            answers.append(ReplayLedger.answer(to: id, mismatch))
        }
    }

    /// The live exchange to which all answers of a session go in the transport of 2024-11-05.
    private func endpointListener(of session: Int) -> Int? {
        script.sessions[session].streams.lazy.filter { stream in
            script.log.exchanges[script.streams[stream].segments[0].exchange].endpoint != nil
        }.compactMap { progress[$0].live }.first
    }

    /// The stream of the exchange that carried a client step.
    private func stream(of step: Int, session: Int) -> Int? {
        guard let number = sessions[session].ledger.script.client[step].exchange, let index = script.log.index[number]
        else { return nil }
        return script.streamOfExchange[index]
    }

    /// JSON-RPC section 5.1: an error without an id where none could be read.
    private mutating func respondMalformed(_ live: Int) {
        let text = "reprise: this is no message, and not what the recorded client sent"
        respond(live, 400, messages: [Self.error(code: -32700, text)])
    }

    private static func error(code: Int, _ text: String) -> [UInt8] {
        var message = Array(#"{"jsonrpc":"2.0","id":null,"error":{"code":\#(code),"message":"#.utf8)
        JSONString.encode(text, into: &message)
        return message + Array("}}".utf8)
    }

    /// Passes over the challenges that the recorded client got for a message that it sent without credentials: a live
    /// one that has some, from a login of its own, gets the answer that followed.
    private mutating func passChallenges(to message: Message, in body: [UInt8]) {
        guard message.kind == .request || message.kind == .notification, let method = message.method else { return }
        for session in sessions.indices {
            while let step = sessions[session].ledger.firstUnused(method: method), isChallenge(step, in: session),
                unusedCount(method: method) > 1
            {
                var notes: [Mismatch] = []
                let taken = sessions[session].ledger.take(call: message, in: body, bindings: &bindings, notes: &notes)
                guard taken == step else { return }
            }
        }
    }

    /// How many recorded messages with a method are still to come.
    private func unusedCount(method: String) -> Int {
        sessions.reduce(0) { count, session in
            count
                + zip(session.ledger.script.client, session.ledger.isMatched).count { step, isMatched in
                    guard case .call(let pattern) = step.content else { return false }
                    return !isMatched && pattern.method == method
                }
        }
    }

    /// Whether a client step had no credentials and was answered by 401.
    private func isChallenge(_ step: Int, in session: Int) -> Bool {
        guard let stream = stream(of: step, session: session) else { return false }
        let exchange = script.log.exchanges[script.streams[stream].segments[0].exchange]
        return exchange.response?.status == 401 && exchange.request.fields.first("authorization") == nil
    }

    // MARK: Sessions

    /// The session of a POST; nil, and an answer, for one that is not open.
    private mutating func session(of parts: [Message], _ head: RequestHead, live: Int) -> Int? {
        if let session = script.sessionOfEndpoint[head.target] { return session }
        if parts.contains(where: { $0.kind == .request && $0.method == "initialize" }) {
            // The next initialize of the recording, whoever sent it: so the k-th session is the k-th.
            let first = sessions.indices.compactMap { session -> (event: Int, session: Int)? in
                let ledger = sessions[session].ledger
                return ledger.firstUnused(method: "initialize").map { (ledger.script.client[$0].event, session) }
            }
            return first.min { $0.event < $1.event }?.session ?? 0
        }
        let what = parts.count == 1 ? parts[0].method ?? "a message" : "a batch"
        return session(of: head, what: what, live: live)
    }

    /// The session that a request names, the first for none; nil, and the answer 404, for one that is not open.
    private mutating func session(of head: RequestHead, what: String, live: Int) -> Int? {
        guard let id = head.fields.first("mcp-session-id") else { return 0 }
        if let session = sessionOfLiveID[id], !sessions[session].isEnded || goesOn(session) { return session }
        if sessionOfLiveID[id] == nil, let session = foreignSession {
            bind(session, to: id)
            return session
        }
        let mismatch = Mismatch(.unknownSession(what: what, id: id))
        note(mismatch)
        respond(live, 404, messages: [Self.error(code: -32001, "reprise: \(mismatch)")])
        return nil
    }

    /// A recorded session whose id the client brought with it, as from before the recording, and that nobody has taken.
    private var foreignSession: Int? {
        sessions.indices.dropFirst().first { !script.sessions[$0].isFromServer && sessions[$0].liveID == nil }
    }

    /// Whether the recorded client used a session after it had ended it.
    private func goesOn(_ session: Int) -> Bool {
        guard let deletion = script.sessions[session].deletions.first else { return false }
        return script.sessions[session].streams.contains {
            script.requestEvent(of: $0) > script.requestEvent(of: deletion) && !progress[$0].isStarted
        }
    }

    mutating func takeDeletion(_ live: Int, _ head: RequestHead, at time: Int64) {
        guard let session = session(of: head, what: "DELETE \(head.path)", live: live) else { return }
        sessions[session].lastActivity = time
        guard let stream = script.sessions[session].deletions.first(where: { !progress[$0].isStarted }) else {
            note(Mismatch(.unmatched(what: "DELETE \(head.path)", nearest: nil)))
            respond(live, 405, "the recorded client did not end this session")
            return
        }
        attach(live, to: stream)
        let status = script.log.exchanges[script.streams[stream].segments[0].exchange].response?.status ?? 0
        if (200..<300).contains(status) { sessions[session].isEnded = true }
    }

    // MARK: GET

    mutating func takeOpening(_ live: Int, _ head: RequestHead, at time: Int64) {
        guard let session = session(of: head, what: "GET \(head.path)", live: live) else { return }
        sessions[session].lastActivity = time
        let id = head.fields.first("last-event-id")
        let openings = script.sessions[session].openings.filter { !progress[$0].isStarted }
        if let id, let (stream, element) = sent(id, session: session) {
            let refused = openings.first { isRefusedResume($0) && progress[stream].segment + 1 >= segmentCount(stream) }
            if let refused { attach(live, to: refused) } else { resume(stream, after: element, live: live) }
            return
        }
        if let id { note(Mismatch(.unknownEventID(id: id))) }
        if let stream = openings.first(where: { id != nil || !isRefusedResume($0) }) {
            attach(live, to: stream)
        } else if let stream = script.sessions[session].openings.first(where: { isResting($0) }) {
            goOn(stream, live: live)
        } else {
            note(Mismatch(.unmatched(what: "GET \(head.target)", nearest: nil)))
            respond(live, 405, "the recorded client did not open this stream")
        }
    }

    /// The stream of a session on which an event with this id was sent, and where in it.
    private func sent(_ id: String, session: Int) -> (stream: Int, element: Int)? {
        let streams = script.sessions[session].streams + (session == 0 ? script.sessions[0].openings : [])
        for stream in streams.reversed() where progress[stream].isStarted {
            let sent = script.streams[stream].elements[..<progress[stream].next]
            if let element = sent.lastIndex(where: { $0.eventID == id }) { return (stream, element) }
        }
        return nil
    }

    private func segmentCount(_ stream: Int) -> Int { script.streams[stream].segments.count }

    /// Whether a recorded GET asked for the rest of a stream and did not get one.
    private func isRefusedResume(_ stream: Int) -> Bool {
        let exchange = script.log.exchanges[script.streams[stream].segments[0].exchange]
        return exchange.lastEventID != nil && !script.streams[stream].isEventStream
    }

    /// Whether a stream of events was left by its client before its end.
    private func isResting(_ stream: Int) -> Bool {
        let progress = progress[stream]
        return script.streams[stream].isEventStream && progress.isStarted && progress.live == nil
            && progress.next < script.streams[stream].elements.count
    }

    /// A client comes back to a stream: what it missed at once, then what is still to come.
    private mutating func resume(_ stream: Int, after element: Int, live: Int) {
        let next = progress[stream].next
        goOn(stream, live: live)
        for missed in script.streams[stream].elements[(element + 1)..<next] {
            switch missed.content {
            case .frame(let template, let cuts):
                let (bytes, offsets) = filled(template, cuts: cuts, of: stream)
                for write in outgoing[live, default: OutgoingBytes()].append(bytes, cuts: offsets) {
                    actions.append(.send(exchange: live, write))
                }
            case .head, .omitted, .ending:
                break
            }
        }
        let elements = script.streams[stream].elements
        guard next == elements.count, case .ending = elements.last?.content else { return }
        // The stream is at its end, and nothing will be added to it.
        flush(live)
        actions.append(.finish(exchange: live))
        detach(live, from: stream)
    }

    /// A client listens to a stream again, and gets the head that the recorded one got for that.
    private mutating func goOn(_ stream: Int, live: Int) {
        if let other = progress[stream].live {
            // A connection that is gone on the client's side only.
            flush(other)
            actions.append(.finish(exchange: other))
            detach(other, from: stream)
        }
        // Of a stream that was left before its head was sent, that is still to come.
        if progress[stream].next > 0 {
            if progress[stream].segment + 1 < segmentCount(stream) { progress[stream].segment += 1 }
            let exchange = script.streams[stream].segments[progress[stream].segment].exchange
            let head = script.log.exchanges[exchange].response ?? ResponseHead(status: 200)
            actions.append(.respond(exchange: live, served(head, of: stream)))
        }
        attach(live, to: stream)
        let session = script.streams[stream].session
        let rest = script.streams[stream].elements[progress[stream].next...].compactMap(\.step)
        for request in rest.flatMap({ sessions[session].ledger.script.server[$0].answers }) {
            sessions[session].ledger.setWaitedFor(
                request, sessions[session].ledger.script.client[request].isAnswerAwaited)
        }
    }

    // MARK: Pages

    mutating func takePage(_ live: Int, _ head: RequestHead, body: [UInt8]) {
        guard let match = pages.take(head, body: body, bindings: &bindings) else {
            let nearest = pages.nearest(head, body: body, bindings: bindings)
            let mismatch = Mismatch(.unmatched(what: "\(head.method) \(head.target)", nearest: nearest))
            note(mismatch)
            respond(live, 404, "\(mismatch)")
            return
        }
        if match.isRepeated { serveAgain(match.stream, to: live) } else { attach(live, to: match.stream) }
    }
}
