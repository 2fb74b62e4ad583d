import MCPWire

/// A place where a live session left its recording (S-180).
public struct Mismatch: Equatable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public enum Kind: Equatable, Sendable {
        /// No unused recorded message equals this one.
        case unmatched(what: String, nearest: Nearest?)
        /// The recorded message came, but with other contents.
        case changed(what: String, event: Int, differences: [JSONDifference])
        /// The client answered a request that the server has not sent, or to which the recording holds no answer.
        case unexpectedAnswer(id: String)
        /// Nothing was due and nothing came while the client waited for an answer.
        case stalled(event: Int, waitsFor: [Int])
        /// The recording does not hold the bytes of this event.
        case omitted(event: Int, byteCount: Int)
        /// An HTTP request named a session that was never begun, or that was ended (of `DELETE`).
        case unknownSession(what: String, id: String)
        /// A client resumed a stream after an event that it was not sent.
        case unknownEventID(id: String)
    }

    /// The recorded message most like one that matched nothing.
    public struct Nearest: Equatable, Sendable {
        /// Its event.
        public var event: Int
        /// Where it differs; empty when every equal recorded message was used already, or differs in a variable only.
        public var differences: [JSONDifference]
        /// Whether the client has sent it already.
        public var isUsed: Bool
    }

    /// What went wrong.
    public var kind: Kind

    init(_ kind: Kind) {
        self.kind = kind
    }

    /// One or more lines, without a line feed at the end.
    public var description: String {
        switch kind {
        case .unmatched(let what, let nearest):
            return "no recorded message matches \(what)" + Self.explained(nearest)
        case .changed(let what, let event, let differences):
            let lines = differences.prefix(5).map { "\n  \($0)" }.joined()
            let more = differences.count > 5 ? "\n  and \(differences.count - 5) more" : ""
            return "\(what) differs from event \(event) (recorded -> live):" + lines + more
        case .unexpectedAnswer(let id):
            return "the client answered request \(id), which is not open, or which the recorded client did not answer"
        case .stalled(let event, let waitsFor):
            let events = waitsFor.prefix(5).map { "event \($0)" }.joined(separator: ", ")
            let more = waitsFor.count > 5 ? " and \(waitsFor.count - 5) more" : ""
            return "stalled: event \(event) waits for \(events)\(more) from the client; released without it"
        case .omitted(let event, let byteCount):
            return "event \(event) cannot be sent: redaction kept only the length of its \(byteCount) bytes"
        case .unknownSession(let what, let id):
            return "\(what) names session \(id), which is not open"
        case .unknownEventID(let id):
            return "the client resumed after event id \(id), which it was not sent in this session"
        }
    }

    private static func explained(_ nearest: Nearest?) -> String {
        guard let nearest else { return "\n  the recording holds none like it" }
        guard let first = nearest.differences.first else {
            // Nothing differs but what stands for a live value: a request id, or a placeholder.
            guard nearest.isUsed else {
                return "\n  nearest is event \(nearest.event), which names another request or another secret"
            }
            return
                "\n  event \(nearest.event) is equal, but was used already: the client sent it once more than recorded"
        }
        let used = nearest.isUsed ? " (used already)" : ""
        return "\n  nearest is event \(nearest.event)\(used); first difference, recorded -> live:\n  \(first)"
    }
}

/// What a replay found.
public struct ReplayReport: Equatable, Sendable, CustomStringConvertible {
    /// In the order in which they were noticed.
    public var mismatches: [Mismatch] = []
    /// Recorded messages of the client that never came: event and what it is.
    public var neverCame: [Item] = []
    /// Recorded messages of the server that were never sent.
    public var neverSent: [Item] = []
    /// Number of client messages that matched.
    public var matchedCount = 0

    /// A recorded message that was not consumed.
    public struct Item: Equatable, Sendable {
        /// Its event.
        public var event: Int
        /// Method or kind of message.
        public var what: String
    }

    /// Whether the live session was the recorded one.
    public var isSame: Bool { mismatches.isEmpty && neverCame.isEmpty && neverSent.isEmpty }

    /// A summary of one or more lines, without a line feed at the end.
    public var description: String {
        if isSame { return "the session matched its recording: \(matchedCount) client messages" }
        var lines = ["the session differs from its recording: \(matchedCount) client messages matched"]
        for (index, mismatch) in mismatches.enumerated() {
            lines.append("\(index + 1). " + mismatch.description.split(separator: "\n").joined(separator: "\n   "))
        }
        lines += Self.listed(neverCame, "never came from the client")
        lines += Self.listed(neverSent, "never sent to the client")
        return lines.joined(separator: "\n")
    }

    private static func listed(_ items: [Item], _ title: String) -> [String] {
        guard !items.isEmpty else { return [] }
        let shown = items.prefix(10).map { "event \($0.event) \($0.what)" }.joined(separator: ", ")
        return ["\(title): " + shown + (items.count > 10 ? " and \(items.count - 10) more" : "")]
    }
}
