import Foundation
import MCPCore
import RepriseSimulation
import Testing

/// Tasks into one actor, timers and children, all inside a simulation.
@Suite struct SimulationTests {
    private actor Letters {
        private(set) var text = ""
        func append(_ letter: String) { text += letter }
    }

    /// The order in which two tasks with three calls each reach one actor.
    private static func interleaving(seed: UInt64) throws -> String {
        try Simulation(seed: seed).run { _ in
            let letters = Letters()
            await withDiscardingTaskGroup { group in
                for letter in ["a", "b"] {
                    group.addTask { for _ in 0..<3 { await letters.append(letter) } }
                }
            }
            return await letters.text
        }
    }

    @Test("S-174: over seeds, two tasks with three calls each into one actor take all 20 orders")
    func allInterleavingsAreReached() throws {
        var seen: Set<String> = []
        for seed in UInt64(0)..<2000 { seen.insert(try Self.interleaving(seed: seed)) }
        #expect(seen.count == 20)
        #expect(seen.allSatisfy { $0.sorted() == ["a", "a", "a", "b", "b", "b"] })
    }

    /// Ten workers that sleep for random times and note when they wake.
    private static func log(seed: UInt64) throws -> String {
        let simulation = Simulation(seed: seed)
        try simulation.run { simulation in
            try await withThrowingDiscardingTaskGroup { group in
                for worker in 0..<10 {
                    var random = simulation.generator("worker \(worker)")
                    let naps = (0..<5).map { _ in Duration.milliseconds(random.below(4)) }
                    group.addTask {
                        for nap in naps {
                            try await simulation.clock.sleep(until: simulation.now.advanced(by: nap))
                            simulation.note("worker \(worker) wakes")
                        }
                    }
                }
            }
        }
        return simulation.log.description
    }

    @Test("S-174: a thousand runs of one seed give one log, and a hundred seeds a hundred")
    func oneSeedGivesOneLog() throws {
        let first = try Self.log(seed: 7)
        #expect(first.split(separator: "\n").count == 50)
        for _ in 0..<1000 where try Self.log(seed: 7) != first {
            Issue.record("the log differs")
            return
        }
        #expect(Set(try (UInt64(0)..<100).map(Self.log)).count == 100)
    }

    @Test func timeJumpsToTheNextTimer() throws {
        let simulation = Simulation(seed: 1)
        let times = try simulation.run { simulation in
            var times: [Instant] = []
            for hours in [1, 24, 24] {
                try await simulation.clock.sleep(for: .seconds(hours * 3600))
                times.append(simulation.now)
            }
            return times
        }
        #expect(times.map(\.description) == ["3600", "90000", "176400"])
        #expect(simulation.stepCount < 20)
    }

    @Test(arguments: UInt64(0)..<50)
    func atOneInstantTheWorldComesFirstThenDeliveriesThenTimersThenObservations(seed: UInt64) throws {
        let simulation = Simulation(seed: seed)
        try simulation.run { simulation in
            let second = Instant.zero.advanced(by: .seconds(1))
            simulation.schedule(at: second, .observation) { simulation.note("observation") }
            simulation.schedule(at: second, .delivery) {
                simulation.note("delivery")
                // What a delivery brings about at this instant comes before any timer.
                simulation.schedule(at: second, .delivery) { simulation.note("delivery") }
            }
            simulation.schedule(at: second, .world) { simulation.note("world") }
            try await simulation.clock.sleep(until: second)
            simulation.note("timer")
            try await simulation.clock.sleep(for: .nanoseconds(1))
        }
        let order = simulation.log.entries.map(\.text)
        #expect(order == ["world", "delivery", "delivery", "timer", "observation"])
    }

    @Test func aDeadlockNamesWhatIsWaitedFor() {
        let failure = #expect(throws: SimulationFailure.self) {
            try Simulation(seed: 1).run { simulation in
                try await simulation.clock.sleep(for: .seconds(3))
                await simulation.waiting(for: "the answer to tools/list") {
                    await withTaskCancellationHandler {
                        let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
                        for await _ in stream {}
                        continuation.finish()
                    } onCancel: {
                    }
                }
            }
        }
        #expect(
            failure?.description == """
                deadlock at 3 s: nothing is ready and no timer is set
                  waits for the answer to tools/list
                """)
    }

    @Test func whatGoesRoundWithoutEndMeetsALimit() {
        #expect(throws: SimulationFailure.stepLimit(1000, at: .zero, waits: [])) {
            try Simulation(seed: 1, limits: .init(steps: 1000)).run { _ in
                while !Task.isCancelled { await Task.yield() }
            }
        }
        #expect(throws: SimulationFailure.timeLimit(.seconds(60), waits: [])) {
            try Simulation(seed: 1, limits: .init(time: .seconds(60))).run { simulation in
                while true { try await simulation.clock.sleep(for: .seconds(1)) }
            }
        }
    }

    /// In a process of its own: other tests may keep the threads busy that what escaped comes back on.
    @Test func whatEscapesIsDetected() async {
        await #expect(processExitsWith: .success) {
            let escapes: [@Sendable (Simulation) async throws -> Void] = [
                { _ in try await Task.sleep(for: .milliseconds(1)) },
                { _ in await MainActor.run {} },
                { simulation in _ = await Task { simulation.now }.value },
                { simulation in _ = await Task.detached { simulation.now }.value },
            ]
            for escape in escapes {
                do {
                    try Simulation(seed: 1, limits: .init(grace: .seconds(60))).run(escape)
                    exit(1)
                } catch SimulationFailure.escaped(let count, at: .zero) where count > 0 {
                    continue
                }
            }
        }
    }

    @Test func cancelledSleepersReturnAtOnceAndSetNoTimer() throws {
        let simulation = Simulation(seed: 1)
        try simulation.run { simulation in
            await withTaskGroup { group in
                group.addTask { try? await simulation.clock.sleep(for: .seconds(1000)) }
                try? await simulation.clock.sleep(for: .seconds(1))
                #expect(simulation.sleeperCount == 1)
                group.cancelAll()
                await group.waitForAll()
            }
            #expect(simulation.sleeperCount == 0)
        }
        #expect(simulation.now == Instant(nanoseconds: 1_000_000_000))
    }

    @Test func whatTheBodyThrowsIsThrown() {
        struct Wrong: Error {}
        #expect(throws: Wrong.self) { try Simulation(seed: 1).run { _ in throw Wrong() } }
    }
}
