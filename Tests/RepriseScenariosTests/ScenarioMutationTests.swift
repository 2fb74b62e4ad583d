import MCPCore
import RepriseScenarios
import Testing

/// Whatever a file holds, it is read or refused with a place.
@Suite struct ScenarioMutationTests {
    /// What typing errors are made of, and what means something to YAML.
    static let pieces =
        [
            "", " ", "\n", "\t", ":", ": ", "- ", "{", "}", "[", "]", ",", "&a ", "*a ", "!t ", "|", ">", "'", "\"",
            "#", "? ",
        ]
        + ["---", "...", "-1", "9...2", "\u{0}", "\u{85}", "\u{FEFF}", "é", "null", "99999999999999999999", "%"]

    static func mutated(_ yaml: String, _ random: inout SplitMix64) -> String {
        var scalars = Array(yaml.unicodeScalars)
        for _ in 0...Int.random(in: 0...3, using: &random) {
            let start = Int.random(in: 0...scalars.count, using: &random)
            let end = min(scalars.count, start + Int.random(in: 0...6, using: &random))
            let piece = pieces[Int.random(in: 0..<pieces.count, using: &random)]
            scalars.replaceSubrange(start..<end, with: piece.unicodeScalars)
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    @Test func everyMutationIsReadOrRefusedWithAPlace() throws {
        var random = SplitMix64(seed: 1)
        var readCount = 0
        let paths = ScenarioFolder.paths
        let texts = try paths.map(ScenarioFolder.text)
        for number in 0..<1_000 {
            let yaml = Self.mutated(texts[number % texts.count], &random)
            let lineCount =
                yaml.unicodeScalars.count { ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"].contains($0) } + 1
            do throws(ScenarioError) {
                _ = try Scenario(yaml: yaml, path: "a.yaml")
                readCount += 1
            } catch {
                #expect(error.path == "a.yaml" && !error.problem.isEmpty)
                #expect((1...lineCount).contains(error.line), "\(error)")
            }
        }
        // Most typing errors are found; some change a title or a number.
        #expect((20...500).contains(readCount), "\(readCount)")
    }
}
