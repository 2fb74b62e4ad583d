import Foundation
import MCPCore
import RepriseSimulation
import RepriseTesting
import Synchronization
import Testing

/// A closure in virtual time, over seeds: what passes, and how what fails is told.
@Suite struct SimulationCheckTests {
    @Test("S-174: a closure runs in virtual time once for each seed")
    func runsOncePerSeed() {
        let seen = Mutex<[UInt64]>([])
        Simulation.check(seeds: 3...6) { simulation in
            try await simulation.clock.sleep(until: Instant(nanoseconds: 86_400_000_000_000))
            #expect(simulation.now == Instant(nanoseconds: 86_400_000_000_000))
            seen.withLock { $0.append(simulation.seed) }
        }
        #expect(seen.withLock { $0 } == [3, 4, 5, 6])
    }

    @Test("S-180: an expectation inside fails at its own line, names the seed, and ends with the command")
    func anExpectationFailsAtItsLine() async throws {
        let line = #line + 3
        let found = try await issues {
            Simulation.check(seeds: 1...10) { simulation in
                #expect(simulation.seed < 4, "too large")
            }
        }
        try #require(found.count == 1)
        #expect(found[0].sourceLocation?.line == line)
        #expect(found[0].sourceLocation?.fileName == "SimulationCheckTests.swift")
        #expect(found[0].text.hasPrefix("too large\nseed 4\n"))
        #expect(
            found[0].lastLine
                == #"SCENARIO_SEEDS=4 swift test --filter 'RepriseTestingTests.SimulationCheckTests/"#
                + #"anExpectationFailsAtItsLine\(\)'"#)
    }

    @Test("S-180: a deadlock is an issue at the line of the check, and names what is waited for")
    func aDeadlockIsAnIssue() async throws {
        let line = #line + 2
        let found = try await issues {
            Simulation.check(seeds: 5...5, limits: .init(grace: .zero)) { simulation in
                await simulation.waiting(for: "the other shoe") {
                    await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
                }
            }
        }
        try #require(found.count == 1)
        #expect(found[0].sourceLocation?.line == line)
        #expect(found[0].text.hasPrefix("deadlock at 0 s"))
        #expect(found[0].text.contains("waits for the other shoe\nseed 5\n"))
    }

    @Test("an error that the closure throws is an issue at the line of the check")
    func aThrownErrorIsAnIssue() async throws {
        let line = #line + 2
        let found = try await issues {
            Simulation.check(seeds: 1...2) { _ in throw ConnectionError.unknownServer("b") }
        }
        try #require(found.count == 1)
        #expect(found[0].sourceLocation?.line == line)
        #expect(found[0].error as? ConnectionError == .unknownServer("b"))
        #expect(found[0].text.hasPrefix("seed 1\n"))
    }

    @Test("S-174: what gets out of virtual time is an issue, never a pass")
    func anEscapeIsAnIssue() async throws {
        let found = try await issues {
            Simulation.check(seeds: 1...1, limits: .init(grace: .seconds(60))) { simulation in
                // A thread of its own: tests may keep those of the pool busy.
                await withCheckedContinuation { continuation in
                    Thread.detachNewThread {
                        _ = simulation.now
                        continuation.resume()
                    }
                }
            }
        }
        try #require(found.count == 1)
        #expect(found[0].text.hasPrefix("escaped from virtual time"))
    }

    @Test("a closure that never ends passes the limit of steps")
    func theLimitOfStepsIsAnIssue() async throws {
        let found = try await issues {
            Simulation.check(seeds: 1...1, limits: .init(steps: 1000)) { simulation in
                while !Task.isCancelled { await Task.yield() }
            }
        }
        try #require(found.count == 1)
        #expect(found[0].text.hasPrefix("the limit of 1000 steps is passed"))
    }
}
