import MCPCore
import RepriseScenarios
import RepriseSimulation
import Synchronization
import Testing

extension Simulation {
    /// Runs `body` in virtual time once for each seed, on the calling thread, up to the first seed that fails.
    ///
    ///     Simulation.check(seeds: 1...100) { simulation in
    ///         let deadline = simulation.now.advanced(by: .seconds(30))
    ///         try await simulation.clock.sleep(until: deadline)
    ///         #expect(simulation.now == deadline)
    ///     }
    ///
    /// What is expected inside belongs to the test; each issue names the seed and ends with the command that runs it
    /// again. An error that `body` throws, a deadlock, a passed limit or an escape from virtual time is an issue at the
    /// line of this call. `SCENARIO_SEEDS`, a seed or a range such as `1...100`, comes before `seeds`.
    public static func check(
        seeds: ClosedRange<UInt64> = 1...20, limits: Limits = Limits(),
        sourceLocation: SourceLocation = #_sourceLocation,
        _ body: @escaping @Sendable (Simulation) async throws -> Void
    ) {
        let chosen: [UInt64]
        do {
            chosen = try TestEnvironment.seeds() ?? Array(seeds)
        } catch {
            Issue.record("\(error)", sourceLocation: sourceLocation)
            return
        }
        for seed in chosen {
            let simulation = Simulation(seed: seed, limits: limits)
            let watch = IssueWatch("seed \(seed)\n" + TestEnvironment.command("SCENARIO_SEEDS=\(seed)"))
            do {
                try simulation.run { simulation in
                    try await watch.perform { try await body(simulation) }
                }
            } catch let failure as SimulationFailure {
                watch.record("\(failure)", sourceLocation: sourceLocation)
            } catch {
                watch.record(error, sourceLocation: sourceLocation)
            }
            guard watch.hasFailed else { continue }
            Attachment.record(
                simulation.log.description, named: "seed-\(seed)-transcript.txt", sourceLocation: sourceLocation)
            return
        }
    }
}

/// Watches for issues while something runs, and says at the end of each how to see it again.
final class IssueWatch: Sendable {
    private let addition: String
    private let failed = Mutex(false)

    /// Each issue gets `addition` as its last comment.
    init(_ addition: String) {
        self.addition = addition
    }

    /// Whether there was an issue that fails the test.
    var hasFailed: Bool { failed.withLock { $0 } }

    /// Runs `body` in this task, so that its issues are watched; throws what it throws.
    func perform(_ body: @Sendable () async throws -> Void) async throws {
        guard let test = Test.current else { return try await body() }
        let trait: IssueHandlingTrait = .compactMapIssues { issue in
            if issue.isFailure { self.failed.withLock { $0 = true } }
            var issue = issue
            issue.comments.append(Comment(rawValue: self.addition))
            return issue
        }
        try await trait.provideScope(for: test, testCase: Test.Case.current, performing: body)
    }

    /// Records an issue of the harness's own.
    func record(_ text: String, sourceLocation: SourceLocation) {
        failed.withLock { $0 = true }
        Issue.record("\(text)\n\(addition)", sourceLocation: sourceLocation)
    }

    /// Records an error that the test threw.
    func record(_ error: any Error, sourceLocation: SourceLocation) {
        failed.withLock { $0 = true }
        Issue.record(error, "\(addition)", sourceLocation: sourceLocation)
    }
}
