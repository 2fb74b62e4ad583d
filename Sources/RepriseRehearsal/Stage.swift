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
    private let alarm: Alarm
    private var pulse: Pulse?

    init(_ scenario: Scenario, clock: RehearsalClock) {
        loop = group.next()
        self.clock = clock
        alarm = Alarm(on: loop, clock)
        stage = RehearsalStage(scenario, speed: clock.speed)
    }

    // MARK: On the loop

    /// Something happened.
    func note(_ event: WireEvent) {
        stage.note(event)
        guard stage.origin == nil else { return }
        alarm.set(to: stage.expectedOrigin) { [unowned self] now in
            stage.begin(at: now)
            scenarioBegins()
        }
    }

    /// The client is about to be served.
    func clientComes() {
        if stage.clientComes(at: clock.now) { scenarioBegins() }
    }

    private func scenarioBegins() {
        pulse = Pulse(on: loop)
        begin()
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
        /// The latest that a timer of this machine came since t = 0, in real time.
        var lateness: Duration
    }

    /// Ends the stage by `body`, on the loop, which gives a remark or nil; gives what was seen.
    func stop(_ body: @escaping @Sendable () -> String?) throws -> Sight {
        defer { group.shutdownGracefully { _ in } }
        return try loop.submit { [self] in
            alarm.cancel()
            pulse?.stop()
            var remarks = [body()].compactMap(\.self)
            if stage.isOverfull {
                remarks.append(
                    "only the first \(stage.events.count) events were kept: the limits are "
                        + "\(RehearsalStage.eventCountMax) events and \(RehearsalStage.byteCountMax) bytes of messages")
            }
            return Sight(
                events: stage.events, hasClientConnected: stage.hasClientConnected, hasBegun: stage.origin != nil,
                remarks: remarks, lateness: pulse?.lateness ?? .zero)
        }.wait()
    }
}
