import Testing

@testable import RepriseTesting

/// What the environment of a test run chooses, and where paths lead.
@Suite struct TestEnvironmentTests {
    @Test("SCENARIO_SEEDS takes a seed or a range")
    func seedsAreChosen() throws {
        #expect(try TestEnvironment.seeds([:]) == nil)
        #expect(try TestEnvironment.seeds(["SCENARIO_SEEDS": ""]) == nil)
        #expect(try TestEnvironment.seeds(["SCENARIO_SEEDS": "7"]) == [7])
        #expect(try TestEnvironment.seeds(["SCENARIO_SEEDS": "3...5"]) == [3, 4, 5])
    }

    @Test(
        "what is no seed is refused with the reason",
        arguments: [
            ("x", "\"x\" is no seed"), ("5...3", "turned round: write 3...5"), ("0...200000", "more than 100000 seeds"),
            ("1...2...3", "is no seed"), ("...", "is no seed"), ("-1", "is no seed"),
        ])
    func badSeedsAreRefused(text: String, reason: String) throws {
        let error = try #require(throws: (any Error).self) { try TestEnvironment.seeds(["SCENARIO_SEEDS": text]) }
        #expect("\(error)".hasPrefix("SCENARIO_SEEDS: "))
        #expect("\(error)".contains(reason))
    }

    @Test("a path is shown relative to the working folder where it lies below that")
    func pathsAreShownShort() {
        func shown(_ path: String) -> String {
            TestPath.shown(path, besides: "/a/Tests/b/C.swift", workingFolder: "/a")
        }
        #expect(shown("d.yaml") == "Tests/b/d.yaml")
        #expect(shown("../../scenarios") == "scenarios")
        #expect(shown("../../../x/d.yaml") == "/x/d.yaml")
        #expect(shown("/a/d.yaml") == "d.yaml")
        #expect(shown("/ab/d.yaml") == "/ab/d.yaml")
    }
}
