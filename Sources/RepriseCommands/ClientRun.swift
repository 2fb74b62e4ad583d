import Foundation
import MCPTransports
import RepriseRehearsal
import RepriseScenarios

/// One run of `reprise run … -- CLIENT`: scenarios one after the other, and what the client did in each.
struct ClientRun {
    /// What became of one scenario.
    struct Outcome {
        var scenario: Scenario
        var family: String
        var result: RehearsalResult
    }

    private(set) var outcomes: [Outcome] = []
    let options: RehearsalOptions
    /// Nil when all scenarios were played; otherwise the signal that ended the run.
    private(set) var stopSignal: Int32?

    /// Plays each scenario with each of its seeds to a client of its own, and says on a terminal how far it is.
    ///
    /// SIGINT, SIGTERM and SIGHUP end the client and then the run. Throws ``CommandFailure``.
    init(_ scenarios: [(loaded: LoadedScenario, seeds: [UInt64])], client: [String], options: RehearsalOptions) throws {
        self.options = options
        let signals = PendingSignals()
        let line = ProgressLine()
        let cases = scenarios.flatMap { scenario in scenario.seeds.map { (scenario.loaded, $0) } }
        for (index, (loaded, seed)) in cases.enumerated() where stopSignal == nil {
            let rehearsal = Rehearsal(loaded.scenario, seed: seed, options: options)
            let time = "\(rehearsal.secondsText) s at most"
            line.show("\(index) of \(cases.count) cases; \(loaded.scenario.name) takes \(time)")
            do {
                let result = try rehearsal.run(client) {
                    stopSignal = signals.first
                    return stopSignal != nil
                }
                outcomes.append(Outcome(scenario: loaded.scenario, family: loaded.family, result: result))
            } catch let error as ServerProcess.StartError {
                line.end()
                throw CommandFailure(.notStarted, "\(error); the client's command stands after --")
            } catch {
                line.end()
                throw CommandFailure(.notStarted, "cannot play \(loaded.scenario.name): \(error)")
            }
        }
        line.end()
    }

    /// How many of the outcomes have a verdict.
    func count(_ verdict: RehearsalResult.Verdict) -> Int { outcomes.count { $0.result.verdict == verdict } }

    /// What the verb ends with; nil for a run in which something held, and nothing was broken or void.
    var failure: CommandFailure? {
        if let stopSignal { return CommandFailure(.differs, "stopped by signal \(stopSignal)") }
        if count(.broken) > 0 { return CommandFailure(.differs) }
        return count(.held) > 0 && count(.void) == 0 ? nil : CommandFailure(.escaped)
    }
}

/// The signals that ask this process to stop, kept from ending it at once.
private struct PendingSignals {
    private static let all = [SIGINT, SIGTERM, SIGHUP]

    init() {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in Self.all { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// One that has come; nil for none.
    var first: Int32? {
        var set = sigset_t()
        guard sigpending(&set) == 0 else { return nil }
        return Self.all.first { sigismember(&set, $0) == 1 }
    }
}
