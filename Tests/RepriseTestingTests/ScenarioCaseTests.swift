import Foundation
import RepriseTesting
import Testing

/// Scenario files and folders as cases of a test.
@Suite struct ScenarioCaseTests {
    private static func text(name: String, state: String = "disabled") -> String {
        """
        scenario: \(name)
        title: A server that is switched off stays so
        seeds: 3...4
        until: 1h
        servers:
          files: {load: disabled}
        expect:
          states:
            files: [{at: 0s, state: \(state)}]

        """
    }

    @Test("a folder gives each of its scenarios with each of its seeds, and the name says which")
    func aFolderGivesItsCases() async throws {
        let folder = try TestFolder()
        try folder.write(Self.text(name: "rs-91"), to: "b.yaml")
        try folder.write(Self.text(name: "rs-90"), to: "a.yaml")
        try folder.write("notes", to: "a.txt")
        let cases = ScenarioCase.all(in: folder.path)
        #expect(cases.map(\.testDescription) == ["rs-90 seed 3", "rs-90 seed 4", "rs-91 seed 3", "rs-91 seed 4"])
        #expect(ScenarioCase.all(in: folder.file("b.yaml"), seeds: 7...7).map(\.testDescription) == ["rs-91 seed 7"])
        #expect(try await issues { for scenario in cases { scenario.check() } }.isEmpty)
    }

    @Test("a scenario with several revisions is a case with each of them")
    func eachRevisionIsACase() async throws {
        let folder = try TestFolder()
        try folder.write(Self.text(name: "rs-90") + "revisions: [2025-03-26, 2025-11-25]\n", to: "a.yaml")
        let cases = ScenarioCase.all(in: folder.path, seeds: 7...7)
        #expect(cases.map(\.testDescription) == ["rs-90 2025-03-26 seed 7", "rs-90 2025-11-25 seed 7"])
        #expect(try await issues { for scenario in cases { scenario.check() } }.isEmpty)
    }

    @Test(
        "a path is relative to the source file",
        arguments: ScenarioCase.all(in: "../../scenarios/reconnect-storm/rs-01.yaml", seeds: 1...2))
    func aPathIsRelativeToTheSource(_ scenario: ScenarioCase) {
        #expect(scenario.testDescription.hasPrefix("rs-01 seed "))
        scenario.check()
    }

    @Test("S-180: a mismatch is an issue at the line of the check, and its last line runs exactly that case again")
    func aMismatchIsAnIssueAtTheCheck() async throws {
        let folder = try TestFolder()
        try folder.write(Self.text(name: "rs-90", state: "connected"), to: "a.yaml")
        let line = #line + 1
        let found = try await issues { ScenarioCase.all(in: folder.path, seeds: 4...4).first?.check() }
        try #require(found.count == 1)
        #expect(found[0].sourceLocation?.line == line)
        #expect(found[0].sourceLocation?.fileName == "ScenarioCaseTests.swift")
        #expect(found[0].text.hasPrefix("rs-90 seed 4: at 0 s, line 9: "), "\(found[0].text)")
        #expect(found[0].text.contains("transcript around it:"))
        #expect(found[0].lastLine.hasPrefix("reprise run ") && found[0].lastLine.hasSuffix("/a.yaml --seed 4"))
    }

    @Test("a folder without a scenario, a missing file and a bad one are issues at the line of the check")
    func whatCannotBeReadIsAnIssue() async throws {
        let folder = try TestFolder()
        let empty = ScenarioCase.all(in: folder.path)
        try folder.write(Self.text(name: "rs-90") + "foults: []\n", to: "bad.yaml")
        let bad = ScenarioCase.all(in: folder.file("bad.yaml"))
        let absent = ScenarioCase.all(in: "no-such-folder")
        let line = #line + 1
        let found = try await issues { for scenario in empty + bad + absent { scenario.check() } }
        try #require(found.count == 3)
        #expect(found.allSatisfy { $0.sourceLocation?.line == line })
        #expect(found[0].text.hasSuffix(": there is no scenario, no file that ends in .yaml"))
        #expect(found[1].text.contains("bad.yaml:10: "))
        #expect(found[2].text.hasSuffix("no-such-folder: no such file or folder"))
        #expect(absent.map(\.testDescription) == ["no-such-folder"])
    }
}
