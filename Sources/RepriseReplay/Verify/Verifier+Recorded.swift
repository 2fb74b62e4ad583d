import MCPWire
import RepriseRecording

extension Verifier {
    /// What the client of the recording asks for, each request once with its number, in the order of first use.
    public var requests: [(title: String, count: Int)] {
        var counts: [String: Int] = [:]
        var order: [String] = []
        for step in script.steps {
            guard case .frame(let frame) = step.content else { continue }
            for message in log.frames[frame].messages where log.messages[message].message.kind == .request {
                let title = log.title(of: message)
                if counts[title] == nil { order.append(title) }
                counts[title, default: 0] += 1
            }
        }
        return order.map { ($0, counts[$0] ?? 0) }
    }

    /// The verdicts on all that came until now, and on how the server process ended; nil if it had to be ended.
    ///
    /// A recorded server that a signal ended as clients send it is not compared: the client did that.
    public func report(serverEnd: Close?) -> VerifyReport {
        var report = report
        guard let recordedEnd, !Self.isEndByClient(recordedEnd.close), hasServerEnded || serverEnd == nil else {
            return report
        }
        let what = "end of the server"
        if let serverEnd {
            let texts = (Self.text(of: recordedEnd.close), Self.text(of: serverEnd))
            let change = JSONDifference(pointer: "", change: .changed(from: texts.0, to: texts.1))
            report.verdicts.append(
                .init(
                    serverEnd == recordedEnd.close ? .match : .changed, event: recordedEnd.event, what: what,
                    differences: serverEnd == recordedEnd.close ? [] : [change]))
        } else {
            let remark = "it did not end when its input did"
            report.verdicts.append(.init(.missing, event: recordedEnd.event, what: what, remark: remark))
        }
        return report
    }

    static func reply(to request: Message, _ outcome: String) -> [UInt8] {
        let id = request.id?.text ?? Array("null".utf8)
        return Array(#"{"jsonrpc":"2.0","id":"#.utf8) + id + Array(",\(outcome)}".utf8)
    }

    private static func isEndByClient(_ close: Close) -> Bool {
        // SIGHUP, SIGINT, SIGKILL, SIGTERM, by the numbers that every system gives them.
        if case .signal(let signal) = close { [1, 2, 9, 15].contains(signal) } else { false }
    }

    private static func text(of close: Close) -> String {
        switch close {
        case .exit(let code): "exit code \(code)"
        case .signal(let signal): "signal \(signal)"
        }
    }

    static func token(of message: Message, _ params: [UInt8]) -> MessageID? {
        guard message.method == "notifications/progress", let document = try? JSONDocument(params),
            let node = VariableRules.progressTokenOfNotification.node(in: document)
        else { return nil }
        return MessageID(text: Array(document.raw(at: node)))
    }

    /// What a live message is recognised by; placeholders in it are compared later.
    static func key(of message: Int, in log: MessageLog) -> JSONKey? {
        let part = log.messages[message].message
        guard log.direction(of: message) == .serverToClient, part.method != nil else { return nil }
        let mask = VariableRules.serverMask(method: part.method ?? "", result: nil)
        return (try? JSONDocument(log.bytes(part.params, of: message))).map { JSONKey($0, mask: mask) }
    }

    static func lanes(
        of log: MessageLog, hasSessions: Bool, callOfExchange: [Int: Int]
    ) -> [VerifyLane?] {
        var lanes = VerifyLanes()
        return log.messages.enumerated().map { index, logged in
            let frame = log.frames[logged.frame]
            let session = hasSessions ? frame.session : nil
            let params = log.bytes(logged.message.params, of: index)
            guard log.direction(of: index) == .serverToClient else {
                if logged.message.kind == .request { lanes.sent(index, params: params, session: session) }
                return nil
            }
            guard !log.isServerPing(index) else { return nil }
            guard let request = logged.request else {
                let call = hasSessions ? frame.exchange.flatMap { callOfExchange[$0] } : nil
                return lanes.lane(of: logged.message, params: params, session: session, call: call)
            }
            lanes.answered(request)
            return nil
        }
    }
}

extension MessageLog {
    /// The messages of a recording that can be played; throws for events of unknown kinds, and for no messages.
    init(playing recording: Recording) throws(ReplayError) {
        for (index, event) in recording.events.enumerated() {
            if case .unknown(let kind) = event.kind { throw .unknownKind(event: index + 1, kind: kind) }
        }
        self.init(recording)
        guard !frames.isEmpty else { throw .nothingToReplay }
    }
}
