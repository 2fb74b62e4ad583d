import Foundation
import MCPCore
import MCPTransports
import RepriseScenarios
import RepriseSimulation

/// Plays one scenario to one client in any language, and judges what was seen of it.
public struct Rehearsal {
    /// Why a scenario is not played.
    public struct StartError: Error, Equatable, Sendable, CustomStringConvertible {
        /// One sentence.
        public var description: String
    }

    private let scenario: Scenario
    private let seed: UInt64
    private let options: RehearsalOptions
    private let horizon: Instant
    private let make: PlayedWorld.Maker

    /// A scenario with the seed of its links and faults.
    public init(_ scenario: Scenario, seed: UInt64, options: RehearsalOptions) {
        self.init(scenario, seed: seed, options: options) { MCPService($0, name: $1, origins: $2, seed: $3) }
    }

    /// The same with other doubles of MCP servers.
    init(_ scenario: Scenario, seed: UInt64, options: RehearsalOptions, make: @escaping PlayedWorld.Maker) {
        self.make = make
        self.scenario = scenario
        self.seed = seed
        self.options = options
        horizon = options.horizon(of: scenario)
    }

    /// How long it takes at most, in seconds of real time.
    public var secondsText: String { (Instant.zero.duration(to: horizon) / options.speed).secondsText }

    /// Why this scenario cannot be played to a foreign client; nil for one that can.
    public static func obstacle(to scenario: Scenario) -> String? {
        if scenario.clientCount > 1 { return "it has \(scenario.clientCount) clients, and only one is played to" }
        return StdioStage.obstacle(to: scenario) == nil ? nil : PlayedWorld.obstacle(to: scenario)
    }

    /// Starts the client, plays until the horizon or until it ends, and judges; blocks.
    ///
    /// `isStopped` is asked every 10 ms whether to end early. Throws
    /// ``MCPTransports/ServerProcess/StartError`` for a command that cannot be started, and what the system says
    /// when a socket or pipe cannot be made.
    public func run(_ client: [String], isStopped: () -> Bool = { false }) throws -> RehearsalResult {
        let start = ContinuousClock.now
        var result = RehearsalResult(verdict: .notJudged, scenario: scenario, seed: seed, horizon: horizon)
        if let obstacle = Self.obstacle(to: scenario) {
            result.remarks = ["not played: \(obstacle); `reprise run \(scenario.path)` runs it in virtual time"]
            return result
        }
        if let folder = options.recordingFolder { try Self.make(folder) }
        var recorders: [RecorderProcess] = []
        defer { for recorder in recorders { recorder.stop() } }
        let stage = try makeStage(&recorders)
        do {
            try perform(client, on: stage, isStopped, into: &result)
        } catch {
            _ = try? stage.stop()
            throw error
        }
        // What records a server on a pipe is started by the client, or not.
        result.recordings = (recorders.map(\.path) + ((stage as? StdioStage)?.recordings ?? []))
            .filter(FileManager.default.fileExists)
        result.seconds = Double((start.duration(to: .now)).wholeNanoseconds) / 1e9
        return result
    }

    private static func make(_ folder: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StartError(
                description: "cannot make the folder \(folder) for recordings: \(error.localizedDescription)")
        }
    }

    private func makeStage(_ recorders: inout [RecorderProcess]) throws -> any Stage {
        let clock = RehearsalClock(speed: options.speed)
        if StdioStage.obstacle(to: scenario) == nil {
            return try StdioStage(scenario, seed: seed, clock: clock, options)
        }
        return try HTTPStage(scenario, clock: clock) { origins in
            var origins = origins
            if let folder = options.recordingFolder {
                for server in scenario.mcpServers {
                    let recorder = try recorder(of: server.name, at: origins, in: folder)
                    recorders.append(recorder)
                    // Servers name their origin in metadata, which clients compare with what they were given.
                    origins[server.name] = recorder.origin
                }
            }
            return PlayedWorld(scenario, origins: origins, seed: seed, make: make)
        }
    }

    private func recorder(of server: String, at origins: [String: String], in folder: String) throws -> RecorderProcess
    {
        let name = scenario.mcpServers.count == 1 ? scenario.name : "\(scenario.name)-\(server)"
        return try RecorderProcess(
            options.program, recording: (origins[server] ?? "") + PlayedWorld.path, to: "\(folder)/\(name).http.jsonl")
    }

    private func perform(
        _ client: [String], on stage: any Stage, _ isStopped: () -> Bool, into result: inout RehearsalResult
    ) throws {
        let process = try ClientProcess(
            ClientInvocation(
                client, reaching: stage.targets, of: scenario,
                servers: stage.directory, speed: options.speed))
        let elapsed = try play(stage, process, isStopped)
        let end = process.end
        process.stop()
        let sight = try stage.stop()
        result.output = process.output.text
        result.remarks = remarks(sight, end, at: elapsed, stage.targets)
        // Nobody can be blamed for what was still to come when the run was stopped.
        if isStopped(), let elapsed { result.horizon = min(horizon, Instant.zero.advanced(by: elapsed)) }
        judge(sight, into: &result)
    }

    /// Waits for the horizon or the end of the client; gives how far the scenario came, nil if it never began.
    private func play(_ stage: any Stage, _ process: ClientProcess, _ isStopped: () -> Bool) throws -> Duration? {
        let start = ContinuousClock.now
        while true {
            let elapsed = try stage.keeper.elapsed
            if let elapsed, Instant.zero.advanced(by: elapsed) > lastInstant { return elapsed }
            // A client that never comes is not waited for any longer than a client that does.
            if elapsed == nil, start.duration(to: .now) > patience { return nil }
            if process.end != nil || isStopped() {
                // What it sent last is still being read.
                usleep(50_000)
                return try stage.keeper.elapsed
            }
            usleep(10_000)
        }
    }

    /// A little later than the horizon, since what is expected at it may come late.
    private var lastInstant: Instant { horizon.advanced(by: options.tolerance.span(at: horizon, speed: options.speed)) }

    private var patience: Duration {
        max(.seconds(10), Instant.zero.duration(to: horizon) / options.speed)
    }

    private func remarks(
        _ sight: StageKeeper.Sight, _ end: ServerProcess.End?, at elapsed: Duration?, _ targets: [String]
    ) -> [String] {
        var remarks = sight.remarks
        if let end {
            let when = elapsed.map { "at \(Self.rounded($0)) s" } ?? "before the scenario began"
            remarks.append("the client ended by itself \(when), with \(end.words)")
        }
        if !sight.hasClientConnected {
            remarks.append(
                StdioStage.obstacle(to: scenario) == nil
                    ? "the client never connected: it has to start the server, whose command is its last arguments, `"
                        + targets.joined(separator: " ") + "`"
                    : "the client never connected: no whole request came to "
                        + targets.joined(separator: " or ") + ", with which its arguments end")
        } else if !sight.hasBegun {
            remarks.append("the client connected, but did not get as far as to have its tools listed, where t = 0 is")
        }
        return remarks
    }

    private static func rounded(_ duration: Duration) -> String {
        (Duration.milliseconds(duration.wholeNanoseconds / 1_000_000)).secondsText
    }

    private static func milliseconds(_ duration: Duration) -> Int64 { duration.wholeNanoseconds / 1_000_000 }

    private func judge(_ sight: StageKeeper.Sight, into result: inout RehearsalResult) {
        result.events = sight.events
        result.lateness = sight.lateness
        let judgement = RehearsalJudge.judge(
            scenario, sight.events.compactMap(\.observation), until: result.horizon, speed: options.speed,
            tolerance: options.tolerance)
        result.notJudged = judgement.notJudged
        guard sight.hasBegun, judgement.hasExpectations else { return }
        result.mismatches = judgement.mismatches
        result.verdict = options.tolerance.verdict(on: judgement.mismatches, lateness: sight.lateness)
        guard result.verdict == .void else { return }
        result.remarks.append(
            "this machine was too busy to judge: a timer came \(Self.milliseconds(sight.lateness)) ms late, and "
                + "\(Self.milliseconds(options.tolerance.latenessMax)) ms is half of the tolerance; "
                + "play it again, or allow more with --tolerance")
    }
}
