import MCPWire
import RepriseRecording

/// Compares what a live server said with what the recorded one had said.
struct VerifyComparison {
    private struct Key: Hashable {
        var name: String
        var body: JSONKey?
        /// The bytes of what is no message.
        var bytes: [UInt8]
        /// Set where placeholders agree: then it stands for the recorded message whose body it equals.
        var recorded: Int?
    }

    let log: MessageLog
    let live: [LiveMessage]
    /// The lanes of the recorded messages; nil for those of the client and answers to its requests.
    let lanes: [VerifyLane?]
    var secrets: SecretBindings
    /// Why a message could not come, by its index in the log.
    var remarks: [Int: String] = [:]
    /// Exchanges whose messages are not compared.
    var excluded: Set<Int> = []

    /// A verdict for each recorded message of the server, then one for everything that came beyond.
    mutating func verdicts() -> [VerifyReport.Verdict] {
        var partner: [Int: Int] = [:]
        var isTaken = [Bool](repeating: false, count: live.count)
        for (index, message) in live.enumerated() {
            guard let request = message.request, let answer = log.messages[request].answer, partner[answer] == nil
            else { continue }
            partner[answer] = index
            isTaken[index] = true
        }
        var moved: Set<Int> = []
        pairLanes(&partner, &isTaken, moved: &moved)
        var verdicts: [VerifyReport.Verdict] = []
        for index in log.messages.indices where log.direction(of: index) == .serverToClient {
            guard !log.isServerPing(index), !isExcluded(index) else { continue }
            verdicts.append(verdict(on: index, partner: partner[index], isMoved: moved.contains(index)))
        }
        for (index, message) in live.enumerated() where !isTaken[index] {
            verdicts.append(extra(message))
        }
        return verdicts
    }

    private func isExcluded(_ index: Int) -> Bool {
        log.frames[log.messages[index].frame].exchange.map(excluded.contains) ?? false
    }

    // MARK: Pairs

    private mutating func pairLanes(_ partner: inout [Int: Int], _ isTaken: inout [Bool], moved: inout Set<Int>) {
        var order: [VerifyLane] = []
        var recorded: [VerifyLane: [Int]] = [:]
        for (index, lane) in lanes.enumerated() {
            guard let lane, !isExcluded(index) else { continue }
            if recorded[lane] == nil { order.append(lane) }
            recorded[lane, default: []].append(index)
        }
        var came: [VerifyLane: [Int]] = [:]
        for (index, message) in live.enumerated() where !isTaken[index] && message.request == nil {
            came[message.lane, default: []].append(index)
        }
        var alone: [Int] = []
        for lane in order {
            let left = recorded[lane] ?? [], right = came[lane] ?? []
            let keys = keys(of: left, and: right)
            let pairs = Alignment.of(
                keys.left, keys.right, labels: (keys.left.map(\.name), keys.right.map(\.name)))
            for pair in pairs {
                guard let i = pair.first else { continue }
                if let j = pair.second, keys.left[i].name == keys.right[j].name {
                    partner[left[i]] = right[j]
                    isTaken[right[j]] = true
                } else {
                    alone.append(left[i])
                }
            }
        }
        // What is missing at its own place and came at another has moved.
        let loose = live.indices.filter { !isTaken[$0] && live[$0].request == nil }
        let keys = keys(of: alone, and: loose)
        var waiting: [Key: [Int]] = [:]
        for (place, index) in loose.enumerated().reversed() { waiting[keys.right[place], default: []].append(index) }
        for (place, index) in alone.enumerated() {
            guard let other = waiting[keys.left[place]]?.popLast() else { continue }
            partner[index] = other
            isTaken[other] = true
            moved.insert(index)
        }
    }

    /// Keys that are equal where a live message is what was recorded, placeholders and minted values left aside.
    private mutating func keys(of recorded: [Int], and live: [Int]) -> (left: [Key], right: [Key]) {
        var left = recorded.map { key(of: $0) }
        var right = live.map { key(of: self.live[$0]) }
        for (place, index) in recorded.enumerated() where !pattern(of: index).sites.isEmpty {
            var match: Int?
            for other in right.indices where right[other].recorded == nil && right[other].name == left[place].name {
                let before = secrets
                match = differences(index, self.live[live[other]]).isEmpty ? other : nil
                if match != nil { break }
                secrets = before
            }
            left[place] = Key(name: left[place].name, bytes: [], recorded: index)
            if let match { right[match] = left[place] }
        }
        return (left, right)
    }

    private func key(of index: Int) -> Key {
        let message = log.messages[index].message
        return key(name: log.name(of: index), message) { log.bytes($0, of: index) }
    }

    private func key(of message: LiveMessage) -> Key {
        key(name: name(of: message), message.message) { message.part($0) }
    }

    private func key(name: String, _ message: Message, part: (Range<Int>?) -> [UInt8]) -> Key {
        guard let body = try? JSONDocument(part(message.params ?? message.result ?? message.error)) else {
            if case .malformed = message.kind { return Key(name: name, bytes: part(message.range)) }
            return Key(name: name, bytes: [])
        }
        let mask = VariableRules.serverMask(method: message.method ?? "", result: nil)
        return Key(name: name, body: JSONKey(body, mask: mask), bytes: [])
    }

    // MARK: Verdicts

    private mutating func verdict(on index: Int, partner: Int?, isMoved: Bool) -> VerifyReport.Verdict {
        let event = log.frames[log.messages[index].frame].event
        let what = log.title(of: index)
        guard let partner else { return .init(.missing, event: event, what: what, remark: remarks[index]) }
        let live = live[partner]
        let differences = differences(index, live)
        let kind: VerifyReport.Verdict.Kind =
            if isFailure(log.messages[index].message, { log.bytes($0, of: index) })
                != isFailure(live.message, live.part)
            {
                .errorShapeChanged
            } else if !differences.isEmpty {
                .changed
            } else {
                isMoved ? .reordered : .match
            }
        return .init(
            kind, event: event, what: what, differences: differences, remark: kind == .match ? nil : remarks[index])
    }

    private func extra(_ message: LiveMessage) -> VerifyReport.Verdict {
        var what = name(of: message)
        if let request = message.request {
            what = log.title(of: log.messages[request].answer ?? request)
            if log.messages[request].answer == nil {
                what = (message.message.kind == .error ? "error of " : "result of ") + what
            }
        }
        let parts = [
            ("/params", message.message.params), ("/result", message.message.result), ("/error", message.message.error),
        ]
        let shown = parts.flatMap { JSONDifference.between([], message.part($0.1), below: $0.0) }
        let again = message.request.map { log.messages[$0].answer != nil } ?? false
        return .init(.extra, event: nil, what: what, differences: shown, remark: again ? "a second answer" : nil)
    }

    private func name(of message: LiveMessage) -> String {
        switch message.message.kind {
        case .request, .notification: message.message.method ?? ""
        case .result: "result for no request"
        case .error: "error for no request"
        case .batch: "batch"
        case .malformed(let reason): "malformed: \(reason)"
        }
    }

    /// Whether a message is an error, or a result that says it is one.
    private func isFailure(_ message: Message, _ part: (Range<Int>?) -> [UInt8]) -> Bool {
        guard message.kind == .result, let result = try? JSONDocument(part(message.result)),
            let isError = result.member("isError", of: 0)
        else { return message.kind == .error }
        return result.nodes[isError].kind == .true
    }

    private mutating func differences(_ index: Int, _ live: LiveMessage) -> [JSONDifference] {
        let message = log.messages[index].message
        if case .malformed = message.kind {
            let bytes = (log.bytes(message.range, of: index), live.part(live.message.range))
            return bytes.0 == bytes.1 ? [] : [JSONDifference.between(frame: bytes.0, frame: bytes.1)]
        }
        let method = message.method ?? log.messages[index].request.flatMap { log.messages[$0].message.method } ?? ""
        let parts = [
            ("/params", message.params, live.message.params), ("/result", message.result, live.message.result),
            ("/error", message.error, live.message.error),
        ]
        return parts.flatMap { pointer, recorded, now in
            differences(index, recorded, live.part(now), method: method, below: pointer)
        }
    }

    private mutating func differences(
        _ index: Int, _ range: Range<Int>?, _ live: [UInt8], method: String, below pointer: String
    ) -> [JSONDifference] {
        let recorded = log.bytes(range, of: index)
        guard let range, let first = try? JSONDocument(recorded), let second = try? JSONDocument(live) else {
            return JSONDifference.between(recorded, live, below: pointer)
        }
        var mask = VariableRules.serverMask(method: method, result: pointer == "/result" ? first : nil)
        let frame = log.frames[log.messages[index].frame]
        let pattern = SecretPattern(frame.placeholders, in: range, document: first)
        let judged = pattern.judge(second, bindings: &secrets)
        mask.variable += judged.agreeing
        let hidden = Set(judged.differing.map { pointer + $0.description })
        return JSONDifference.between(first, second, below: pointer, mask: mask).map { difference in
            guard hidden.contains(difference.pointer), case .changed(let from, _) = difference.change else {
                return difference
            }
            return JSONDifference(pointer: difference.pointer, change: .changed(from: from, to: "(another secret)"))
        }
    }

    private func pattern(of index: Int) -> SecretPattern {
        let message = log.messages[index].message
        let frame = log.frames[log.messages[index].frame]
        guard !frame.placeholders.isEmpty, let range = message.params ?? message.result ?? message.error,
            let document = try? JSONDocument(Array(frame.bytes[range]))
        else { return SecretPattern() }
        return SecretPattern(frame.placeholders, in: range, document: document)
    }
}

extension SecretPattern {
    /// The places where a live value agrees with what is bound, and those where it does not; new bindings are noted.
    func judge(_ live: JSONDocument, bindings: inout SecretBindings) -> (agreeing: [JSONPath], differing: [JSONPath]) {
        var agreeing: [JSONPath] = []
        var differing: [JSONPath] = []
        for site in sites {
            var trial = bindings
            guard let text = site.text else {
                agreeing.append(site.path)
                continue
            }
            guard let node = site.path.node(in: live) else { continue }
            let isString = live.nodes[node].kind == .string
            let value = isString ? live.string(at: node) : Array(live.raw(at: node))
            if text.matches(value, bindings: &trial) {
                bindings = trial
                agreeing.append(site.path)
            } else {
                differing.append(site.path)
            }
        }
        return (agreeing, differing)
    }
}
