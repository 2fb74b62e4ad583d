/// What a verification found: a verdict for every recorded message of the server, and for everything beyond those.
public struct VerifyReport: Equatable, Sendable, CustomStringConvertible {
    /// What became of one message.
    public struct Verdict: Equatable, Sendable {
        /// The judgement; the raw value is how it is written.
        public enum Kind: String, Sendable, CaseIterable {
            /// The live server sent the same, but for what it mints anew in every session.
            case match = "MATCH"
            /// It sent something else in its place.
            case changed = "CHANGED"
            /// A result became an error or the reverse, `isError` of a tool's result changed, or the class of an HTTP
            /// status.
            case errorShapeChanged = "ERROR-SHAPE-CHANGED"
            /// It did not send it.
            case missing = "MISSING"
            /// It sent something that the recording does not hold.
            case extra = "EXTRA"
            /// It sent the same, but not in its place among the messages of its call or stream.
            case reordered = "REORDERED"
        }

        /// The judgement.
        public var kind: Kind
        /// Number of the recorded event; nil for what only the live server sent.
        public var event: Int?
        /// The message in a few words: its method, or what it answers, with the name of the tool, prompt or resource.
        public var what: String
        /// Where it differs, recorded → live; pointers are into the message.
        public var differences: [JSONDifference]
        /// Why, where that is known.
        public var remark: String?

        /// Makes a verdict.
        public init(
            _ kind: Kind, event: Int?, what: String, differences: [JSONDifference] = [], remark: String? = nil
        ) {
            self.kind = kind
            self.event = event
            self.what = what
            self.differences = differences
            self.remark = remark
        }

        /// One line, and a further one for each difference after the first; at most five are shown.
        public var description: String {
            let place = event.map { "\(kind.rawValue) event \($0): " } ?? "\(kind.rawValue): "
            let first = differences.first.map { ": \($0)" } ?? ""
            let further = differences.dropFirst().prefix(4).map { "\n    \($0)" }.joined()
            let more = differences.count > 5 ? "\n    and \(differences.count - 5) more" : ""
            return place + what + (remark.map { " (\($0))" } ?? "") + first + further + more
        }
    }

    /// The recorded messages in their order, then what came beyond them in the order in which it came.
    public var verdicts: [Verdict] = []
    /// What the run left out or could not do, a sentence each.
    public var remarks: [String] = []

    /// A report without any verdict.
    public init() {}

    /// Whether the live server did what the recorded one had done.
    public var isMatch: Bool { verdicts.allSatisfy { $0.kind == .match } }

    /// How many verdicts are of one kind.
    public func count(of kind: Verdict.Kind) -> Int { verdicts.count { $0.kind == kind } }

    /// A line for every verdict but MATCH, the remarks, and a summary; no line feed at the end.
    public var description: String { (lines + [summary]).joined(separator: "\n") }

    /// Most messages that are listed as missing one by one; the JSON report lists all.
    private static let missingCountMax = 20

    private var lines: [String] {
        var lines: [String] = []
        var missingCount = 0
        for verdict in verdicts where verdict.kind != .match {
            if verdict.kind == .missing { missingCount += 1 }
            if verdict.kind != .missing || missingCount <= Self.missingCountMax { lines.append(verdict.description) }
        }
        let hidden = missingCount - Self.missingCountMax
        if hidden > 0 { lines.append("MISSING: \(hidden) further messages") }
        return lines + remarks
    }

    /// One line with the number of verdicts of each kind.
    public var summary: String {
        let counts = Verdict.Kind.allCases.compactMap { kind in
            let count = count(of: kind)
            return count > 0 || kind == .match ? "\(count) \(kind.rawValue)" : nil
        }
        return "\(isMatch ? "same" : "different"): " + counts.joined(separator: ", ")
    }
}
