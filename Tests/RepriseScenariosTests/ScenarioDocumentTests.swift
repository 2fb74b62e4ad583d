import Foundation
import MCPCore
import RepriseSimulation
import Testing

@testable import RepriseScenarios

/// docs/SCENARIOS.md says what the reader reads.
@Suite struct ScenarioDocumentTests {
    static let text = (try? ScenarioFolder.text("docs/SCENARIOS.md")) ?? ""

    /// The blocks of YAML, without their fences.
    static let examples: [String] = text.components(separatedBy: "```yaml\n").dropFirst().map {
        $0.components(separatedBy: "```")[0]
    }

    @Test(arguments: examples) func everyExampleHolds(yaml: String) throws {
        let scenario = try Scenario(yaml: yaml, path: "docs/SCENARIOS.md")
        let result = ScenarioRunner(scenario).run(seed: 1)
        #expect(result.mismatches == [], "\(result.mismatches.map(\.description).joined(separator: "\n"))")
        #expect(!result.transcript.isEmpty)
    }

    @Test func thereAreExamples() { #expect(Self.examples.count == 2) }

    @Test(
        arguments: [
            ScenarioReader.keys, ScenarioReader.serverKeys, ScenarioReader.httpKeys,
            ScenarioReader.protectionKeys, ScenarioReader.authorizationKeys, ScenarioReader.credentialKeys,
            ScenarioReader.ruleKeys, ScenarioReader.clientKeys, ScenarioReader.toolKeys, ScenarioReader.effectKeys,
            ScenarioReader.placementKeys,
            ScenarioReader.actionKeys, ChannelKind.allCases.map(\.rawValue), MethodNames.httpRoutes,
            ChannelKind.allCases.flatMap(\.entryKeys), ServerNotice.Kind.allCases.map(\.rawValue), Outcome.errorWords,
            Scenario.revisions.suffix(1),
            ServerState.allCases.map(\.rawValue), FailureReason.allCases.map(\.rawValue),
            TransportType.allCases.map(\.rawValue), Profile.allCases.map(\.rawValue),
            Scenario.Begin.allCases.map(\.rawValue), YAMLItem.units.map(\.0),
        ])
    func everyWordOfTheFormatIsInTheDocument(words: [String]) {
        let missing = words.filter { word in
            // In code: between a backtick or a space and what can follow a word there.
            !Self.text.contains("`\(word)`") && !Self.text.contains("`\(word): ") && !Self.text.contains("| \(word) |")
        }
        #expect(missing == [])
        #expect(!words.isEmpty)
    }
}
