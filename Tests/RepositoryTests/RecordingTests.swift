import Testing

/// Every recording has its place and is used by a test.
@Suite struct RecordingTests {
    static let transports: Set = ["stdio", "sse", "http", "ws", "sdk"]

    /// Recordings lie at `recordings/<server>/<session>.<transport>.jsonl`, in names that are safe everywhere.
    static func misplaced(_ path: String) -> Violation? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        func isPlain(_ name: Substring) -> Bool {
            !name.isEmpty && name.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789.-".utf8.contains($0) }
        }
        let name = parts.last?.split(separator: ".", omittingEmptySubsequences: false) ?? []
        let isRight =
            parts.count == 3 && parts[0] == "recordings" && parts.allSatisfy(isPlain) && name.count >= 3
            && name.allSatisfy { !$0.isEmpty } && name.last == "jsonl"
            && transports.contains(String(name[name.count - 2]))
        guard !isRight else { return nil }
        let problem = "not of the form recordings/<server>/<session>.<transport>.jsonl in [a-z0-9.-]"
        return Violation(path: path, line: 1, problem: problem)
    }

    /// Whether a test names the recording, or takes all of them.
    ///
    /// A file takes all if it names the folder in a string and lists what a folder contains.
    static func isUsed(_ path: String, in tests: [SourceFile]) -> Bool {
        let file = SourceFile(path: path, text: "")
        let stem = file.name.hasSuffix(".jsonl") ? String(file.name.dropLast(".jsonl".count)) : file.name
        let listings = ["contentsOfDirectory", "subpathsOfDirectory", "enumerator"]
        return tests.contains { test in
            if test.text.contains(stem) { return true }
            guard test.text.contains("\"recordings\"") || test.text.contains("\"recordings/") else { return false }
            let words = Set(SwiftCode(test.text).tokens.map(\.text))
            return listings.contains { words.contains($0) }
        }
    }

    /// What lies in the folder without being a recording: a page about them.
    static func isRecording(_ path: String) -> Bool {
        path.hasPrefix("recordings/") && !path.hasSuffix(".md")
    }

    @Test func everyRecordingHasItsPlace() {
        let found = Repository.paths.filter(Self.isRecording).compactMap(Self.misplaced)
        #expect(found.isEmpty, "\(found.report)")
    }

    @Test func everyRecordingIsUsedByATest() {
        let tests = Repository.swiftTests.filter { !$0.isUnder("Tests/RepositoryTests") }
        let unused = Repository.paths.filter { Self.isRecording($0) && !Self.isUsed($0, in: tests) }
        #expect(unused.isEmpty, "no test uses \(unused.joined(separator: ", "))")
    }

    @Test(
        "a recording out of place is found",
        arguments: [
            "recordings/a.stdio.jsonl", "recordings/git/deep/a.stdio.jsonl", "recordings/git/A.stdio.jsonl",
            "recordings/git/a b.stdio.jsonl", "recordings/git/a.jsonl", "recordings/git/a.pigeon.jsonl",
            "recordings/git/a.stdio.json", "recordings/git/.stdio.jsonl", "recordings/Git/a.stdio.jsonl",
        ])
    func aRecordingOutOfPlaceIsFound(path: String) {
        #expect(Self.isRecording(path))
        #expect(Self.misplaced(path) != nil)
    }

    @Test func aRecordingInItsPlacePasses() {
        #expect(Self.misplaced("recordings/git-2/log.2025-11-25.stdio.jsonl") == nil)
        #expect(!Self.isRecording("recordings/README.md"))
    }

    @Test func aRecordingThatNoTestNamesIsFound() {
        let path = "recordings/git/log.stdio.jsonl"
        func isUsed(_ text: String) -> Bool {
            Self.isUsed(path, in: [SourceFile(path: "Tests/ATests/A.swift", text: text)])
        }
        #expect(!isUsed("let a = \"status.stdio\""))
        #expect(!isUsed("let a = \"recordings\""))
        #expect(!isUsed("manager.contentsOfDirectory(a)"))
        #expect(isUsed("let a = \"log.stdio\""))
        #expect(isUsed("manager.contentsOfDirectory(root + \"recordings\")"))
    }
}
