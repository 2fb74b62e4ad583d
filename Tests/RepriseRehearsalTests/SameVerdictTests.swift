import Foundation
import MCPCore
import RepriseScenarios
import RepriseSimulation
import Testing

@testable import RepriseRehearsal

/// Scenarios over HTTP as the simulation plays them, and on real sockets, with the core library as the client of both.
///
/// One after the other and, in `make test`, beside no other tests: a machine that is busy with others keeps no
/// instants. Each rehearsal measures how late the timers of the machine come. On two cores under ordinary load that is
/// 0.2 to 18 ms (51 ms where the server sends a megabyte), and every scenario holds at its first attempt, as it does
/// with four busy loops beside it on one core. With twelve, timers come 20 to 160 ms late, calls that the scenario has
/// 500 ms, here 50 ms, before something else come after it, and four to six scenarios do not hold. So a mismatch is
/// void, and the scenario played again, when a timer was late by more than 15 ms, and in no other case.
@Suite(.serialized) struct SameVerdictTests {
    private static let speed = 10
    /// Much of real time, since both sides run in this process.
    private static let tolerance = Tolerance(base: .milliseconds(300), percent: 10)

    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    private static let latenessMax = Duration.milliseconds(15)
    /// So often a scenario is played at most, when all attempts before the last are void.
    private static let attemptCount = 5

    /// What a scenario came to on real sockets.
    private struct Live {
        var judgement: RehearsalJudge.Judgement
        var events: [ScenarioEvent]
        var lateness: Duration

        var isVoid: Bool { !judgement.mismatches.isEmpty && lateness > latenessMax }
    }

    /// The scenarios that are over in six seconds of real time, but those whose messages alone take longer.
    static let scenarios: [String] = {
        let folder = "\(root)/scenarios"
        let found = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return found.filter { $0.hasSuffix(".yaml") }.sorted().filter { path in
            guard let scenario = try? scenario(path), PlayedWorld.obstacle(to: scenario) == nil else { return false }
            let pushCount = scenario.servers.flatMap { $0.http?.pushes ?? [] }.reduce(0) { $0 + $1.count }
            return horizon(of: scenario) < Instant(nanoseconds: 60_000_000_000) && pushCount < 1000
        }
    }()

    private static func scenario(_ path: String) throws -> Scenario {
        let text = try String(contentsOfFile: "\(root)/scenarios/\(path)", encoding: .utf8)
        return try Scenario(yaml: text, path: "scenarios/\(path)")
    }

    private static func horizon(of scenario: Scenario) -> Instant {
        var options = RehearsalOptions(program: [])
        options.speed = speed
        return options.horizon(of: scenario)
    }

    @Test("A scenario gets the verdict on real sockets that it gets in the simulation", arguments: scenarios)
    func aScenarioIsJudgedAlike(_ path: String) async throws {
        let scenario = try Self.scenario(path)
        let horizon = Self.horizon(of: scenario)
        let simulated = ScenarioRunner(scenario).run(seed: 1)
        let expected = RehearsalJudge.judge(
            scenario, simulated.events.compactMap(\.observation), until: horizon, speed: 1,
            tolerance: Tolerance(base: .zero, percent: 0))
        var live = try await Self.live(scenario, until: horizon)
        for _ in 1..<Self.attemptCount where live.isVoid {
            live = try await Self.live(scenario, until: horizon)
        }
        #expect(expected.mismatches == [])
        #expect(
            live.judgement.mismatches == [],
            "timers \(live.lateness) late\n\(live.events.prefix(200).map { "\($0)\n" }.joined())")
        #expect(live.judgement.notJudged == expected.notJudged)
    }

    @Test func aScenarioThatDoesNotHoldIsBrokenInBoth() async throws {
        var scenario = try SampleScenario.overHTTP(
            """
            client: [{at: 1s, call: search, server: files, id: first}]
            expect: {wire: {files: {tools/call: 2}}, effects: {files: {search: 1}}}
            relaxed: [states, tools]
            """, begin: "connected", until: "4s")
        scenario.relaxed.formUnion([.results])
        let simulated = ScenarioRunner(scenario).run(seed: 1)
        let live = try await Self.live(scenario, until: scenario.end)
        #expect(simulated.mismatches.map(\.text) == ["wire files tools/call: expected 2, got 1"])
        #expect(live.judgement.mismatches.map(\.text) == simulated.mismatches.map(\.text))
    }

    private static func live(_ scenario: Scenario, until horizon: Instant) async throws -> Live {
        let stage = try HTTPStage(scenario, clock: RehearsalClock(speed: speed)) {
            PlayedWorld(scenario, origins: $0, seed: 1) { MCPService($0, name: $1, origins: $2, seed: $3) }
        }
        do {
            let end = horizon.advanced(by: tolerance.span(at: horizon, speed: speed))
            try await CoreClient(scenario, stage.played, speed: speed).run {
                while try await stage.now.map({ Instant.zero.advanced(by: $0) < end }) ?? true {
                    try await ContinuousClock().sleep(for: .milliseconds(20))
                }
            }
        } catch {
            _ = try? stage.stop()
            throw error
        }
        let sight = try stage.stop()
        let judgement = RehearsalJudge.judge(
            scenario, sight.events.compactMap(\.observation), until: horizon, speed: speed, tolerance: tolerance)
        return Live(judgement: judgement, events: sight.events, lateness: sight.lateness)
    }
}

extension HTTPStage {
    /// The same as ``StageKeeper/elapsed``, without a thread that waits.
    fileprivate var now: Duration? {
        get async throws {
            try await withCheckedThrowingContinuation { continuation in
                DispatchQueue.global().async { continuation.resume(with: Result { try self.keeper.elapsed }) }
            }
        }
    }
}
