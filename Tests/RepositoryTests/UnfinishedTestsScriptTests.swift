import Foundation
import TestSupport
import Testing

/// scripts/unfinished-tests names what a run was at when it was stopped.
@Suite(.ownThreads, .enabled(if: Repository.hasProgram("python3"), "there is no python3 to run the script"))
struct UnfinishedTestsScriptTests {
    private func event(_ kind: String, _ test: String, _ testCase: String? = nil) -> String {
        let named = testCase.map { #","_testCase":{"displayName":"\#($0)"}"# } ?? ""
        return #"{"kind":"event","payload":{"kind":"\#(kind)","testID":"\#(test)"\#(named)}}"# + "\n"
    }

    private func run(_ files: [String]) throws -> Finished {
        let script = Repository.root.appendingPathComponent("scripts/unfinished-tests").path
        return try RunningProcess.run(["python3", script] + files)
    }

    @Test func whatBeganAndDidNotEndIsNamed() throws {
        let folder = try TestFolder()
        let ended = event("testStarted", "A.B/ended()") + event("testEnded", "A.B/ended()")
        let cases = ["one", "two"].map { event("testCaseStarted", "A.B/open(x:)", $0) }.joined()
        let file = try folder.write(
            event("testStarted", "A.B") + ended + event("testStarted", "A.B/open(x:)") + cases
                + event("testCaseEnded", "A.B/open(x:)", "one") + #"{"kind":"eve"#, to: "events")
        let finished = try run([file, folder.file("none")])
        #expect(finished.ending == .exit(0), "\(finished.error)")
        let expected = ["2 not ended", "  A.B/open(x:)", "  A.B/open(x:) two"]
        #expect(
            finished.text == "\(file): " + expected.joined(separator: "\n")
                + "\n\(folder.file("none")): the run had not begun\n")
    }

    @Test func withoutFilesTheUseIsShown() throws {
        let finished = try run([])
        #expect(finished.ending == .exit(1))
        #expect(finished.error.contains("usage: scripts/unfinished-tests EVENTS..."))
    }
}
