import Foundation
import TestSupport
import Testing

@testable import RepriseCommands

/// `reprise run`: which cases it runs, how it tells what became of them, and its exit codes.
@Suite(.ownThreads) struct RunCommandTests {
    private static func run(
        _ arguments: String..., in folder: TestFolder, environment: [String: String?] = [:]
    ) throws -> Finished {
        let ours: [String: String?] = [
            "TEST_TOTAL_SHARDS": nil, "TEST_SHARD_INDEX": nil, "TEST_SHARD_STATUS_FILE": nil,
        ]
        return try RunningProcess.run(
            [Program.reprise, "run"] + arguments, environment: ours.merging(environment) { $1 }, in: folder)
    }

    /// A folder with two families: three scenarios that hold, one that does not.
    private static func suite() throws -> TestFolder {
        let folder = try TestFolder()
        for family in ["suite", "suite/a", "suite/b", "suite/.hidden"] {
            try FileManager.default.createDirectory(atPath: folder.file(family), withIntermediateDirectories: true)
        }
        try folder.write(SampleScenario.text(name: "rs-92"), to: "suite/b/rs-92.yaml")
        try folder.write(SampleScenario.text(name: "rs-91"), to: "suite/a/rs-91.yaml")
        try folder.write(SampleScenario.text(name: "rs-90"), to: "suite/a/rs-90.yaml")
        try folder.write("no scenario", to: "suite/a/notes.txt")
        try folder.write("no scenario", to: "suite/.hidden/rs-99.yaml")
        try folder.write(SampleScenario.text(name: "rs-93", state: "connected"), to: "bad.yaml")
        return folder
    }

    @Test("scenarios that hold: exit code 0 and a summary, and nothing on standard error")
    func allHold() throws {
        let finished = try Self.run("suite", in: Self.suite())
        #expect(finished.ending == .exit(0), "\(finished.text)\(finished.error)")
        #expect(finished.text.contains(/^3 scenarios, 9 cases: 9 passed, 0 failed in \d+\.\d\d s\n$/))
        #expect(finished.error.isEmpty)
    }

    @Test("S-180: a scenario that fails: exit code 1, the first mismatch, other seeds, and the command to run it again")
    func oneFails() throws {
        let folder = try Self.suite()
        let finished = try Self.run("bad.yaml", "suite", in: folder)
        #expect(finished.ending == .exit(1))
        let lines = finished.text.split(separator: "\n")
        try #require(lines.count > 3)
        #expect(lines[0].hasPrefix("FAILED rs-93 seed 1: at 0 s, line 10: "), "\(finished.text)")
        #expect(lines[0].contains("connected") && lines[0].contains("disabled"))
        #expect(lines[lines.count - 3] == "  it fails with other seeds too: 2, 3")
        #expect(lines[lines.count - 2] == "  reprise run bad.yaml --seed 1")
        #expect(lines[lines.count - 1].hasPrefix("4 scenarios, 12 cases: 9 passed, 3 failed in "))
    }

    @Test("--seed takes the place of the seeds in the files, and the command names exactly one case")
    func seedsAreChosen() throws {
        let folder = try Self.suite()
        let one = try Self.run("bad.yaml", "--seed", "7", in: folder)
        #expect(one.ending == .exit(1))
        #expect(one.text.contains("FAILED rs-93 seed 7: "))
        #expect(one.text.contains("\n  reprise run bad.yaml --seed 7\n"))
        let range = try Self.run("suite/a", "--seed", "5...9", in: folder)
        #expect(range.text.hasPrefix("2 scenarios, 10 cases: 10 passed"))
    }

    @Test("a scenario with several revisions has cases of each, whose names say so; --revision chooses one")
    func severalRevisionsHaveCasesOfTheirOwn() throws {
        let folder = try TestFolder()
        let text = SampleScenario.text(name: "rs-93", seeds: "1...2", state: "connected")
        try folder.write(text + "revisions: [2025-03-26, 2025-11-25]\n", to: "bad.yaml")
        let all = try Self.run("bad.yaml", "--repeat", "2", "--junit", "out.xml", in: folder)
        #expect(all.ending == .exit(1))
        #expect(all.text.contains("1 scenario, 4 cases: 0 passed, 4 failed in "))
        for revision in ["2025-03-26", "2025-11-25"] {
            #expect(all.text.contains("FAILED rs-93 \(revision) seed 1: "), "\(all.text)")
            #expect(all.text.contains("\n  reprise run bad.yaml --revision \(revision) --seed 1\n"))
        }
        #expect(!all.text.contains("differs"))
        let junit = String(decoding: try folder.bytes(of: "out.xml"), as: UTF8.self)
        #expect(junit.contains(#"name="rs-93 2025-11-25 seed 2" file="bad.yaml""#))
        let one = try Self.run("bad.yaml", "--revision", "2025-03-26", "--seed", "7", "--format", "json", in: folder)
        #expect(one.text.contains(#""scenario":"rs-93 2025-03-26","path":"bad.yaml","seed":7,"revision":"2025-03-26""#))
        #expect(!one.text.contains("2025-11-25"))
        let unknown = try Self.run("bad.yaml", "--revision", "2025-03-27", in: folder)
        #expect(unknown.ending == .exit(2))
        #expect(unknown.error.contains("--revision takes one of 2024-11-05, 2025-03-26, 2025-06-18, 2025-11-25."))
    }

    @Test("S-174: the transcript of a case is the same in two processes")
    func transcriptsAreEqual() throws {
        let folder = try Self.suite()
        func transcript() throws -> [Substring] {
            try Self.run("suite/a/rs-90.yaml", "--seed", "4", "--transcript", in: folder).text
                .split(separator: "\n").dropLast()
        }
        let first = try transcript()
        #expect(first.first == "rs-90 seed 4:")
        #expect(first.count > 1)
        #expect(try transcript() == first)
    }

    @Test("--format json: schema 1, one case a scenario and seed, in the order of the paths")
    func jsonForPrograms() throws {
        let finished = try Self.run("bad.yaml", "suite", "--seed", "2", "--format", "json", in: Self.suite())
        #expect(finished.ending == .exit(1))
        #expect(finished.text.hasPrefix(#"{"schema":1,"passed":3,"failed":1,"seconds":"#))
        let whole = try #require(
            try JSONSerialization.jsonObject(with: Data(finished.output)) as? [String: Any])
        let cases = try #require(whole["cases"] as? [[String: Any]])
        #expect(cases.map { $0["scenario"] as? String } == ["rs-93", "rs-90", "rs-91", "rs-92"])
        #expect(cases.map { $0["passed"] as? Bool } == [false, true, true, true])
        #expect(cases.allSatisfy { $0["seed"] as? Int == 2 && $0["proves"] as? [String] == ["S-035"] })
        #expect(cases[0]["command"] as? String == "reprise run bad.yaml --seed 2")
        #expect((cases[0]["mismatches"] as? [[String: Any]])?.first?["line"] as? Int == 10)
    }

    @Test("--junit: a suite for each folder, a case for each scenario and seed, with the failure's text")
    func junitForEngines() throws {
        let folder = try Self.suite()
        let finished = try Self.run("suite", "bad.yaml", "--seed", "2...3", "--junit", "out.xml", in: folder)
        #expect(finished.ending == .exit(1))
        let text = String(decoding: try folder.bytes(of: "out.xml"), as: UTF8.self)
        #expect(
            text.hasPrefix(
                #"<?xml version="1.0" encoding="UTF-8"?>"# + "\n<testsuites name=\"reprise run\" tests=\"8\""))
        #expect(text.contains(#"<testsuite name="a" tests="4" failures="0""#))
        #expect(text.contains(#"<testcase classname="a" name="rs-90 seed 2" file="suite/a/rs-90.yaml""#))
        #expect(text.contains(#"<failure type="mismatch" message="at 0 s, line 10: "#))
        #expect(text.contains("reprise run bad.yaml --seed 3</failure>"))
        let parsed = XMLNames()
        #expect(parsed.parse(text))
        #expect(parsed.counts == ["testsuites": 1, "testsuite": 3, "testcase": 8, "failure": 2])
    }

    @Test("what XML cannot hold is left out, and what it uses is escaped")
    func textIsEscapedForXML() {
        #expect(JUnitReport.escaped("a<b>&\"c\"\u{0}\u{1B}[1m\u{FFFF}é\n") == "a&lt;b&gt;&amp;&quot;c&quot;[1mé&#10;")
    }

    @Test("shards: each case is run by exactly one, and the status file is touched")
    func shardsPartitionTheCases() throws {
        let folder = try Self.suite()
        var seen: [String] = []
        for index in 0..<4 {
            let finished = try Self.run(
                "suite", "--format", "json", in: folder,
                environment: [
                    "TEST_TOTAL_SHARDS": "4", "TEST_SHARD_INDEX": "\(index)",
                    "TEST_SHARD_STATUS_FILE": "status-\(index)",
                ])
            #expect(finished.ending == .exit(0))
            let names = finished.text.matches(of: /"scenario":"([^"]*)","path":"[^"]*","seed":([0-9]+)/)
            #expect((2...3).contains(names.count))
            seen += names.map { "\($0.1) \($0.2)" }
            #expect(folder.names.contains("status-\(index)"))
        }
        let all = ["rs-90", "rs-91", "rs-92"].flatMap { name in (1...3).map { "\(name) \($0)" } }
        #expect(seen.sorted() == all)
    }

    @Test(
        "shards that cannot be: usage",
        arguments: [("0", "0"), ("2", "2"), ("2", "-1"), ("two", "0"), ("2", ""), ("", "1"), ("2", "one")])
    func badShards(total: String, index: String) throws {
        let finished = try Self.run(
            "suite", in: Self.suite(), environment: ["TEST_TOTAL_SHARDS": total, "TEST_SHARD_INDEX": index])
        #expect(finished.ending == .exit(2))
        #expect(finished.output.isEmpty)
        #expect(finished.said.first?.hasPrefix("TEST_") ?? false, "\(finished.error)")
    }

    @Test("scenarios that cannot be read: exit code 3, all of them named with their places, and nothing is run")
    func unreadable() throws {
        let folder = try Self.suite()
        try folder.write(SampleScenario.text() + "foults: []\n", to: "misspelt.yaml")
        try folder.write([0xFF, 0xFE], to: "bytes.yaml")
        try folder.write(
            SampleScenario.text().replacing("load: disabled", with: "load: disabled, recording: gone.jsonl"),
            to: "recording.yaml")
        try FileManager.default.createDirectory(atPath: folder.file("empty"), withIntermediateDirectories: false)
        let finished = try Self.run(
            "suite", "misspelt.yaml", "bytes.yaml", "recording.yaml", "empty", "absent.yaml", in: folder)
        #expect(finished.ending == .exit(3))
        #expect(finished.output.isEmpty)
        #expect(finished.said.count == 5, "\(finished.error)")
        #expect(finished.said[0].hasPrefix("misspelt.yaml:11: "))
        #expect(finished.said[0].contains("faults"))
        #expect(finished.said[1] == "bytes.yaml: it is not UTF-8")
        #expect(
            finished.said[2]
                == "recording.yaml: its recording gone.jsonl cannot be read: No such file or directory")
        #expect(finished.said[3] == "empty: there is no scenario, no file that ends in .yaml")
        #expect(finished.said[4] == "absent.yaml: No such file or directory")
    }

    @Test("a scenario that passes the limit of virtual time fails, and says which limit")
    func aLimitIsAFailure() throws {
        let folder = try TestFolder()
        try folder.write(SampleScenario.text(seeds: "1").replacing("until: 1h", with: "until: 100000d"), to: "a.yaml")
        let finished = try Self.run("a.yaml", in: folder)
        #expect(finished.ending == .exit(1))
        #expect(
            finished.text.hasPrefix(
                "FAILED rs-90 seed 1: at 0 s: the limit of 315360000 s of virtual time is passed\n"),
            "\(finished.text)")
    }

    @Test("a reader that goes away is an error of writing; the JUnit file is there all the same")
    func aClosedPipe() throws {
        let folder = try Self.suite()
        let process = try RunningProcess(
            [Program.reprise, "run", "suite", "--transcript", "--seed", "1...300", "--junit", "out.xml"], in: folder)
        process.closeOutput()
        let finished = try process.finish()
        #expect(finished.ending == .exit(1))
        #expect(finished.said == ["cannot write the result: Broken pipe"], "\(finished.error)")
        #expect(folder.names.contains("out.xml"))
    }
}

/// Counts the elements of an XML document by their names.
private final class XMLNames {
    private(set) var counts: [String: Int] = [:]

    /// Whether every element is closed in order; a check of its own, since FoundationXML is no dependency.
    func parse(_ text: String) -> Bool {
        var open: [Substring] = []
        for tag in text.matches(of: /<(\/?)([a-z]+)((?:\s[a-z]+="[^"<]*")*)(\/?)>/) {
            if tag.1.isEmpty {
                counts[String(tag.2), default: 0] += 1
                if tag.4.isEmpty { open.append(tag.2) }
            } else if open.popLast() != tag.2 {
                return false
            }
        }
        return open.isEmpty
    }
}
