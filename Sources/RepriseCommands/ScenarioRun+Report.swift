import Foundation
import MCPWire
import RepriseScenarios

extension ScenarioRun {
    // MARK: Text

    /// Failures, the first seed of each scenario and revision in full, and a summary.
    func text(showsTranscripts: Bool) -> String {
        var lines: [String] = []
        if showsTranscripts {
            for outcome in outcomes {
                lines.append("\(outcome.result.name) seed \(outcome.result.seed):")
                lines += outcome.result.transcript.split(separator: "\n").map { "  \($0)" }
            }
        }
        var shown: Set<String> = []
        let failed = Dictionary(grouping: outcomes.filter { $0.report != nil }, by: \.place)
        for outcome in outcomes {
            guard var report = outcome.report?.split(separator: "\n").map(String.init),
                shown.insert(outcome.place).inserted
            else { continue }
            let others = (failed[outcome.place] ?? []).dropFirst().map { "\($0.result.seed)" }
            if !others.isEmpty {
                let more = others.count > 10 ? " and \(others.count - 10) more" : ""
                let seeds = others.prefix(10).joined(separator: ", ") + more
                report.insert("it fails with other seeds too: \(seeds)", at: report.count - 1)
            }
            lines.append("FAILED \(report[0])")
            lines += report.dropFirst().map { "  \($0)" }
            lines.append("")
        }
        lines.append(summary)
        return lines.joined(separator: "\n")
    }

    private var summary: String {
        let scenarioCount = Set(outcomes.map(\.result.path)).count
        let scenarios = scenarioCount == 1 ? "1 scenario" : "\(scenarioCount) scenarios"
        let cases = outcomes.count == 1 ? "1 case" : "\(outcomes.count) cases"
        let part = shard.map { ", shard \($0.index) of \($0.total)" } ?? ""
        let time = String(format: "%.2f", seconds)
        return
            "\(scenarios), \(cases)\(part): \(outcomes.count - failedCount) passed, \(failedCount) failed in \(time) s"
    }

    // MARK: JSON

    /// The same for a program.
    var json: String {
        JSONValue.document([
            ("passed", .int(outcomes.count - failedCount)), ("failed", .int(failedCount)),
            ("seconds", .number(String(format: "%.3f", seconds))),
            ("shard", shard.map { .record([("index", .int($0.index)), ("total", .int($0.total))]) }),
            ("cases", .array(outcomes.map(\.json))),
        ])
    }
}

extension ScenarioRun.Outcome {
    /// The file with the revision, which tells its failures from those of others.
    fileprivate var place: String { "\(result.path) \(result.revision ?? "")" }

    fileprivate var json: JSONValue {
        .record([
            ("scenario", .string(result.name)), ("path", .string(result.path)),
            ("seed", .number(String(result.seed))), ("revision", result.revision.map { .string($0) }),
            ("passed", .bool(result.isPassed)),
            ("proves", .array(scenario.proves.map { .string($0) })), ("steps", .int(result.stepCount)),
            ("end", .number(result.end.description)), ("seconds", .number(String(format: "%.3f", seconds))),
            ("mismatches", result.isPassed ? nil : .array(result.mismatches.map(\.json))),
            ("command", result.isPassed ? nil : .string(result.command)),
            ("report", report.map { .string($0) }),
            ("transcript", result.transcript.isEmpty ? nil : .string(result.transcript)),
        ])
    }
}

extension ScenarioMismatch {
    fileprivate var json: JSONValue {
        .record([
            ("line", line.map { .int($0) }), ("at", at.map { .number($0.description) }), ("text", .string(text)),
        ])
    }
}
