import MCPCore
import MCPWire
import NIOCore
import NIOPosix
import RepriseScenarios
import RepriseSimulation

/// The servers of a scenario on real sockets or pipes, as somebody sees them who starts a client.
protocol Stage: AnyObject {
    /// What the client is given as its last arguments.
    var targets: [String] { get }
    /// What the client has on file, by server.
    var directory: JSONValue { get }
    /// What finds t = 0, and keeps what happens.
    var keeper: StageKeeper { get }

    /// Ends all connections and gives what was seen; blocks.
    func stop() throws -> StageKeeper.Sight
}

/// Keeps what happens on a stage, and has its world begin at t = 0; everything happens on one event loop.
final class StageKeeper: @unchecked Sendable {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop: any EventLoop
    let clock: RehearsalClock
    /// Called at t = 0.
    var begin: () -> Void = {}
    private var stage: RehearsalStage
    private var alarm: Scheduled<Void>?

    init(_ scenario: Scenario, clock: RehearsalClock) {
        loop = group.next()
        self.clock = clock
        stage = RehearsalStage(scenario, speed: clock.speed)
    }

    // MARK: On the loop

    /// Something happened.
    func note(_ event: WireEvent) {
        stage.note(event)
        guard stage.origin == nil else { return }
        alarm?.cancel()
        alarm = stage.expectedOrigin.map { expected in
            loop.scheduleTask(in: clock.wait(until: expected)) { [weak self] in
                guard let self else { return }
                self.stage.begin(at: self.clock.now)
                self.begin()
            }
        }
    }

    /// The client is about to be served.
    func clientComes() {
        if stage.clientComes(at: clock.now) { begin() }
    }

    // MARK: From other threads

    /// How long the scenario has been played since its t = 0, in its own time; nil before that.
    var elapsed: Duration? {
        get throws { try loop.submit { [self] in stage.origin.map { $0.duration(to: clock.now) } }.wait() }
    }

    /// What was seen, and what of it is worth a sentence.
    struct Sight: Sendable {
        var events: [ScenarioEvent]
        var hasClientConnected: Bool
        var hasBegun: Bool
        var remarks: [String]
    }

    /// Ends the stage by `body`, on the loop, which gives a remark or nil; gives what was seen.
    func stop(_ body: @escaping @Sendable () -> String?) throws -> Sight {
        defer { group.shutdownGracefully { _ in } }
        return try loop.submit { [self] in
            alarm?.cancel()
            var remarks = [body()].compactMap(\.self)
            if stage.isOverfull { remarks.append("only the first \(RehearsalStage.eventCountMax) events were kept") }
            return Sight(
                events: stage.events, hasClientConnected: stage.hasClientConnected, hasBegun: stage.origin != nil,
                remarks: remarks)
        }.wait()
    }
}
