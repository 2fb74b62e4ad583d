import RepriseProxy
import Testing

/// Where a recording goes when nobody names a place.
@Suite struct RecordingLocationTests {
    private func path(_ command: String, _ environment: [String: String]) -> String? {
        RecordingLocation.path(for: command, time: "20260101T000000Z", process: 42, environment: environment)
    }

    @Test func theStateDirectoryComesFirst() {
        let found = path("/usr/bin/server", ["XDG_STATE_HOME": "/state", "HOME": "/home/a"])
        #expect(found == "/state/reprise/server-20260101T000000Z-42.jsonl")
    }

    @Test("a relative or empty XDG_STATE_HOME counts as none", arguments: ["", "state", "./state"])
    func onlyAnAbsoluteStateDirectoryCounts(state: String) {
        let found = path("server", ["XDG_STATE_HOME": state, "HOME": "/home/a"])
        #expect(found == "/home/a/.local/state/reprise/server-20260101T000000Z-42.jsonl")
    }

    @Test func withoutBothThereIsNoPlace() {
        #expect(path("server", [:]) == nil)
        #expect(path("server", ["HOME": ""]) == nil)
    }

    @Test(
        "the name is made fit for a file name",
        arguments: [
            ("npx", "npx"), ("./Python3.11", "python3.11"), ("my server", "my-server"), ("ünï_x", "-n--x"),
            ("/", "server"),
            ("a/b/", "b"),
        ])
    func theNameIsMadeFit(command: String, name: String) {
        #expect(path(command, ["HOME": "/h"]) == "/h/.local/state/reprise/\(name)-20260101T000000Z-42.jsonl")
    }
}
