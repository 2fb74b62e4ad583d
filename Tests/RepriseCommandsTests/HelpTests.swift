import TestSupport
import Testing

/// What `reprise` says of itself, and its demo.
@Suite(.ownThreads) struct HelpTests {
    @Test("--help lists the verbs that work and no other")
    func helpListsWhatWorks() throws {
        for arguments in [["--help"], ["help"], []] {
            let finished = try RunningProcess.run([Program.reprise] + arguments)
            #expect(finished.ending == .exit(0))
            #expect(finished.error.isEmpty)
            let list = finished.text.split(separator: "SUBCOMMANDS:\n").last ?? ""
            let verbs = list.split(separator: "\n").filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
                .compactMap { $0.split(separator: " ").first }.filter { $0 != "See" }
            #expect(verbs == ["record", "replay", "verify", "run", "inspect", "diff", "redact", "demo"])
        }
    }

    @Test(
        "each verb has its help", arguments: ["record", "replay", "verify", "run", "inspect", "diff", "redact", "demo"])
    func eachVerbHasItsHelp(verb: String) throws {
        let finished = try RunningProcess.run([Program.reprise, verb, "--help"])
        #expect(finished.ending == .exit(0))
        #expect(finished.error.isEmpty)
        #expect(finished.text.contains("USAGE: reprise \(verb)"))
    }

    @Test("--version names the version that stands in recordings")
    func versionIsThatOfRecordings() throws {
        let folder = try TestFolder()
        let finished = try RunningProcess.run([Program.reprise, "--version"])
        #expect(finished.ending == .exit(0))
        _ = try RunningProcess.run(Command.record(folder.file("a.jsonl"), ["true"]))
        #expect(finished.text == (try folder.recording("a.jsonl").header.recorder) + "\n")
    }

    @Test("the demo records, shows, replays and compares, and leaves its recordings")
    func theDemoRuns() throws {
        let folder = try TestFolder()
        let finished = try RunningProcess.run(
            [Program.reprise, "demo"], environment: ["TMPDIR": folder.path], in: folder)
        #expect(finished.ending == .exit(0))
        for part in ["1. Record", "2. Show", "3. Replay", "4. Play", "5. The same", "byte for byte", "1 CHANGED"] {
            #expect(finished.text.contains(part))
        }
        #expect(finished.text.contains(#"/result/content/0/text: "6" -> "5""#))
        let demo = try #require(folder.names.first)
        #expect(try folder.recording("\(demo)/session.jsonl").completion == .finished)
        #expect(try folder.recording("\(demo)/changed.jsonl").completion == .finished)
    }
}
