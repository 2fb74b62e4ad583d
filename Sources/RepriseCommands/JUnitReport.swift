import Foundation

/// A run as JUnit XML: a suite for each folder of scenarios, a case for each scenario and seed.
struct JUnitReport {
    private let run: ScenarioRun

    init(_ run: ScenarioRun) {
        self.run = run
    }

    /// The file's text.
    var text: String {
        var families: [String] = []
        for outcome in run.outcomes where !families.contains(outcome.family) { families.append(outcome.family) }
        let byFamily = Dictionary(grouping: run.outcomes, by: \.family)
        var lines = [#"<?xml version="1.0" encoding="UTF-8"?>"#]
        lines.append("<testsuites\(Self.attributes(of: run.outcomes, named: "reprise run"))>")
        for family in families {
            let outcomes = byFamily[family] ?? []
            lines.append("  <testsuite\(Self.attributes(of: outcomes, named: family))>")
            lines += outcomes.flatMap(Self.lines)
            lines.append("  </testsuite>")
        }
        lines.append("</testsuites>\n")
        return lines.joined(separator: "\n")
    }

    private static func attributes(of outcomes: [ScenarioRun.Outcome], named name: String) -> String {
        let failedCount = outcomes.count { !$0.result.isPassed }
        let seconds = outcomes.reduce(0) { $0 + $1.seconds }
        return #" name="\#(escaped(name))" tests="\#(outcomes.count)" failures="\#(failedCount)" errors="0""#
            + #" skipped="0" time="\#(time(seconds))""#
    }

    private static func lines(of outcome: ScenarioRun.Outcome) -> [String] {
        let result = outcome.result
        let start =
            #"    <testcase classname="\#(escaped(outcome.family))" name="\#(escaped(result.name))"#
            + #" seed \#(result.seed)" file="\#(escaped(result.path))" time="\#(time(outcome.seconds))""#
        guard let first = result.mismatches.first else { return [start + "/>"] }
        return [
            start + ">",
            #"      <failure type="mismatch" message="\#(escaped("\(first)"))">\#(escaped(outcome.report ?? ""))</failure>"#,
            "    </testcase>",
        ]
    }

    private static func time(_ seconds: Double) -> String { String(format: "%.3f", seconds) }

    /// Text for content and attributes: what XML 1.0 cannot hold is left out, line ends in attributes survive.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\t", "\n", "\r": result += "&#\(scalar.value);"
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": break
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
