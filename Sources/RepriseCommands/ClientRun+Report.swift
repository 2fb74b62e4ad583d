import Foundation
import MCPWire
import RepriseRehearsal
import RepriseScenarios

extension ClientRun {
    // MARK: Text

    /// A paragraph for each case, and a summary.
    func text(showsTranscripts: Bool) -> String {
        var lines: [String] = []
        for outcome in outcomes {
            let result = outcome.result
            let first = result.mismatches.first.map { ": \(Self.shortened("\($0)"))" }
            lines.append("\(result.verdict.words) \(result.name)\(first ?? "")")
            for mismatch in result.mismatches.dropFirst().prefix(9) {
                lines.append("  and \(Self.shortened("\(mismatch)"))")
            }
            if result.mismatches.count > 10 { lines.append("  and \(result.mismatches.count - 10) more") }
            lines += result.remarks.map { "  \($0)" }
            // Where nothing was judged at all, it is no news what could not have been.
            if result.verdict != .notJudged || !result.events.isEmpty {
                lines += result.notJudged.map { "  not judged: \($0)" }
            }
            if showsTranscripts || result.verdict == .broken {
                if !result.events.isEmpty { lines.append("  on the wire:") }
                lines += result.shownEvents(all: showsTranscripts).map {
                    "    \(showsTranscripts ? $0 : Self.shortened($0))"
                }
            }
            if result.verdict != .held, !result.output.isEmpty {
                lines.append("  the client said:")
                let said = result.output.split(separator: "\n", omittingEmptySubsequences: false)
                let shown = said.last?.isEmpty == true ? said.dropLast() : said
                lines += shown.suffix(showsTranscripts ? shown.count : 20).map { "    \($0)" }
            }
            lines += result.recordings.map { "  recorded to \($0)" }
            lines.append("")
        }
        lines.append(summary)
        return lines.joined(separator: "\n")
    }

    /// A line of which a client says how long it is.
    private static func shortened(_ line: String) -> String {
        line.utf8.count <= 400 ? line : String(decoding: line.utf8.prefix(400), as: UTF8.self) + "…"
    }

    private var summary: String {
        let cases = outcomes.count == 1 ? "1 case" : "\(outcomes.count) cases"
        let seconds = String(format: "%.1f", outcomes.reduce(0) { $0 + $1.result.seconds })
        let void = count(.void) > 0 ? ", \(count(.void)) void" : ""
        let speed = options.speed == 1 ? "in real time" : "at \(options.speed) times real time"
        return "\(cases) \(speed), instants within \(options.tolerance): \(count(.held)) held, "
            + "\(count(.broken)) broken, \(count(.notJudged)) not judged\(void) in \(seconds) s"
    }

    // MARK: JSON

    /// The same for a program.
    var json: String {
        JSONValue.document([
            ("held", .int(count(.held))), ("broken", .int(count(.broken))), ("not-judged", .int(count(.notJudged))),
            ("void", .int(count(.void))),
            ("speed", .int(options.speed)), ("tolerance", .string(options.tolerance.description)),
            ("cases", .array(outcomes.map(\.json))),
        ])
    }

    // MARK: JUnit

    /// The same as JUnit XML: what could not be judged, or is void, counts as skipped.
    var junit: String {
        var families: [String] = []
        for outcome in outcomes where !families.contains(outcome.family) { families.append(outcome.family) }
        var lines = [#"<?xml version="1.0" encoding="UTF-8"?>"#, "<testsuites name=\"reprise run\">"]
        for family in families {
            let members = outcomes.filter { $0.family == family }
            let counts =
                #"tests="\#(members.count)" failures="\#(members.count { $0.result.verdict == .broken })" errors="0" "#
                + #"skipped="\#(members.count { $0.result.verdict.isSkipped })""#
            lines.append("  <testsuite name=\"\(JUnitReport.escaped(family))\" \(counts)>")
            lines += members.map(\.junit)
            lines.append("  </testsuite>")
        }
        return (lines + ["</testsuites>\n"]).joined(separator: "\n")
    }
}

extension ClientRun.Outcome {
    fileprivate var json: JSONValue {
        .record([
            ("scenario", .string(result.name)), ("path", .string(result.path)),
            ("seed", .number(String(result.seed))), ("verdict", .string(result.verdict.rawValue)),
            ("proves", .array(scenario.proves.map { .string($0) })),
            ("until", .number(result.horizon.description)),
            ("seconds", .number(String(format: "%.3f", result.seconds))),
            ("late", .number(result.lateness.secondsText)),
            (
                "mismatches",
                .array(
                    result.mismatches.map {
                        .record([
                            ("line", $0.line.map { .int($0) }), ("at", $0.at.map { .number($0.description) }),
                            ("text", .string($0.text)),
                        ])
                    })
            ),
            ("remarks", .array(result.remarks.map { .string($0) })),
            ("not-judged", .array(result.notJudged.map { .string($0) })),
            ("recordings", .array(result.recordings.map { .string($0) })),
            ("wire", .array(result.events.map { .string($0.description) })),
            ("output", .string(result.output)),
        ])
    }

    fileprivate var junit: String {
        let start =
            #"    <testcase classname="\#(JUnitReport.escaped(family))" name="\#(JUnitReport.escaped(result.name))"#
            + #" seed \#(result.seed)" file="\#(JUnitReport.escaped(result.path))""#
            + #" time="\#(String(format: "%.3f", result.seconds))""#
        switch result.verdict {
        case .held: return start + "/>"
        case .notJudged, .void:
            let why = JUnitReport.escaped((result.remarks + result.notJudged).joined(separator: "; "))
            return start + "><skipped message=\"\(why)\"/></testcase>"
        case .broken:
            let first = JUnitReport.escaped(result.mismatches.first.map { "\($0)" } ?? "")
            let all = JUnitReport.escaped(result.mismatches.map { "\($0)" }.joined(separator: "\n"))
            return start + "><failure type=\"mismatch\" message=\"\(first)\">\(all)</failure></testcase>"
        }
    }
}

extension RehearsalResult {
    /// Around the first mismatch, or all.
    fileprivate func shownEvents(all: Bool) -> [String] {
        if all { return events.map { "\($0)" } }
        var end = events.count
        if let at = mismatches.first?.at { end = events.firstIndex { $0.at > at } ?? events.count }
        return events[max(0, end - 12)..<min(events.count, end + 8)].map { "\($0)" }
    }
}

extension RehearsalResult.Verdict {
    /// Whether it says nothing of the client.
    fileprivate var isSkipped: Bool { self == .notJudged || self == .void }

    fileprivate var words: String {
        switch self {
        case .held: "HELD"
        case .broken: "BROKEN"
        case .notJudged: "NOT JUDGED"
        case .void: "VOID"
        }
    }
}
