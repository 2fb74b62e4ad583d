import Foundation
import TestSupport
import Testing

/// What scripts/coverage makes of a run: a claim holds if what proves it ran and passed.
@Suite(.ownThreads, .enabled(if: Repository.hasProgram("python3"), "there is no python3 to run the script"))
struct CoverageScriptTests {
    /// A repository with the script, two ids and a scenario; the run of a test and of that scenario.
    private struct Sample {
        var test = #""kind":"testEnded","messages":[{"symbol":"pass"}]"#
        var cases = [#""s seed 1""#]
        var end = #"{"kind":"event","payload":{"kind":"runEnded"}}"#

        /// The exit code and what was said, then the page; with the events of other runs after those of this one.
        func run(
            _ verb: String, page: String = "", then others: [Sample] = []
        ) throws -> (ending: Ending, said: String, page: String) {
            let folder = try TestFolder()
            func write(_ text: String, _ path: String) throws {
                let url = URL(fileURLWithPath: folder.file(path))
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try text.write(to: url, atomically: true, encoding: .utf8)
            }
            try write(try #require(Repository.file("scripts/coverage")).text, "scripts/coverage")
            try write("S-001\tone\nRS-01\ttwo\n", "Tests/Coverage/ids.tsv")
            try write("scenario: s\nproves: [RS-01]\n", "scenarios/a/s.yaml")
            try write(page, "docs/COVERAGE.md")
            try write(events, "events.jsonl")
            for (number, other) in others.enumerated() { try write(other.events, "other-\(number).jsonl") }
            let files = ["events.jsonl"] + others.indices.map { "other-\($0).jsonl" }
            let finished = try RunningProcess.run(["python3", "scripts/coverage", verb] + files, in: folder)
            let page = String(decoding: try folder.bytes(of: "docs/COVERAGE.md"), as: UTF8.self)
            return (finished.ending, finished.error, page)
        }

        private var events: String {
            let test = #""id":"A.B/c()/B.swift:1:2","isParameterized":false,"kind":"function""#
            let scenarios = #""id":"A.D/e(x:)/D.swift:1:2","isParameterized":true,"kind":"function""#
            let ended = cases.map {
                #"{"kind":"event","payload":{"kind":"testCaseEnded","testID":"A.D/e(x:)/D.swift:1:2","#
                    + #""_testCase":{"displayName":\#($0)}}}"#
            }
            let lines =
                [
                    #"{"kind":"test","payload":{\#(test),"displayName":"S-001: it holds"}}"#,
                    #"{"kind":"test","payload":{\#(scenarios)}}"#,
                    #"{"kind":"event","payload":{\#(self.test),"testID":"A.B/c()/B.swift:1:2"}}"#,
                ] + ended + [
                    #"{"kind":"event","payload":{"kind":"testEnded","messages":[{"symbol":"pass"}],"#
                        + #""testID":"A.D/e(x:)/D.swift:1:2"}}"#, end,
                ]
            return lines.joined(separator: "\n") + "\n"
        }
    }

    private static let page = "- S-001 one\n  - A.B/c\n- RS-01 two\n  - scenarios/a/s.yaml\n"

    @Test func whatPassedIsWrittenDownAndHolds() throws {
        let written = try Sample().run("write")
        #expect(written.ending == .exit(0), "\(written.said)")
        #expect(written.page.contains("- S-001 one\n  - A.B/c\n"))
        #expect(written.page.contains("- RS-01 two\n  - scenarios/a/s.yaml\n"))
        #expect(written.page.contains("| all | | 2 | 2 |"))
        #expect(try Sample().run("check", page: written.page).ending == .exit(0))
    }

    @Test(
        "what was skipped, failed, did not run or did not end proves nothing",
        arguments: [
            (#""kind":"testSkipped""#, #""s seed 1""#, "S-001: everything that proves it was skipped: A.B/c"),
            (#""kind":"testEnded","messages":[{"symbol":"fail"}]"#, #""s seed 1""#, "S-001: A.B/c failed"),
            (#""kind":"testStarted""#, #""s seed 1""#, "S-001: A.B/c failed"),
            (#""kind":"testEnded","messages":[{"symbol":"passWithKnownIssue"}]"#, #""s""#, "S-001: A.B/c failed"),
            (#""kind":"testStarted""#, #""other seed 1""#, "RS-01: scenarios/a/s.yaml did not run"),
        ])
    func whatDidNotPass(test: String, scenario: String, problem: String) throws {
        let sample = Sample(test: test, cases: [scenario])
        let checked = try sample.run("check", page: Self.page)
        #expect(checked.ending == .exit(1))
        #expect(checked.said.contains("  \(problem)\n"), "\(checked.said)")
        let written = try sample.run("write")
        #expect(written.ending == .exit(1))
        #expect(written.page == "")
    }

    @Test func ofSeveralRunsTheLastOneCounts() throws {
        let failed = Sample(test: #""kind":"testEnded","messages":[{"symbol":"fail"}]"#)
        #expect(try failed.run("check", page: Self.page, then: [Sample()]).ending == .exit(0))
        let checked = try Sample().run("check", page: Self.page, then: [failed])
        #expect(checked.said.contains("  S-001: A.B/c failed\n"), "\(checked.said)")
    }

    @Test func aRunThatBrokeOffProvesNothing() throws {
        let checked = try Sample(end: #"{"kind":"ev"#).run("check", page: Self.page)
        #expect(checked.ending == .exit(1))
        #expect(checked.said.hasPrefix("coverage: events.jsonl does not hold a whole run"))
    }
}
