import MCPCore
import RepriseRecording
import RepriseSimulation

/// Runs a scenario in the simulation and judges what was observed.
public struct ScenarioRunner: Sendable {
    /// A scenario that takes more steps than this goes round without end: RS-10, the largest, takes 0.35 million.
    public static let stepsMax = 2_000_000

    private let scenario: Scenario
    private let recordings: [String: Recording]
    private let limits: Simulation.Limits

    /// `recordings` holds those that the scenario names, by ``Scenario/recordingPaths``.
    public init(
        _ scenario: Scenario, recordings: [String: Recording] = [:],
        limits: Simulation.Limits = .init(steps: stepsMax)
    ) {
        self.scenario = scenario
        self.recordings = recordings
        self.limits = limits
    }

    /// One run, on the calling thread; the same seed gives the same result, its transcript byte for byte (S-174).
    public func run(seed: UInt64) -> ScenarioResult {
        let simulation = Simulation(seed: seed, limits: limits, order: scenario.order)
        let world = ScenarioWorld(scenario, recordings: recordings, in: simulation)
        var failure: SimulationFailure?
        var mismatches: [ScenarioMismatch] = []
        do {
            try simulation.run { _ in try await world.run() }
            mismatches = world.complaints
        } catch let error as SimulationFailure {
            failure = error
            mismatches.append(ScenarioMismatch(line: nil, at: world.present, text: error.description))
        } catch {
            mismatches.append(ScenarioMismatch(line: nil, at: world.present, text: "the run ended early: \(error)"))
        }
        if failure == nil {
            mismatches += ScenarioJudge.mismatches(
                scenario, world.events.compactMap(\.observation), looks: world.looks)
        }
        return ScenarioResult(
            name: scenario.label, path: scenario.path, revision: scenario.revisions.count > 1 ? scenario.revision : nil,
            seed: seed, mismatches: mismatches, events: world.events,
            stepCount: simulation.stepCount, end: world.present, failure: failure)
    }
}

extension Scenario {
    /// The recordings that it needs, relative to its folder, in the order of the file.
    public var recordingPaths: [String] {
        servers.compactMap { if case .recording(let path) = $0.behaviour { path } else { nil } }
    }
}
