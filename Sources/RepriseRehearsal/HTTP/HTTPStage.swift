import MCPCore
import NIOCore
import NIOPosix
import RepriseScenarios
import RepriseSimulation

/// A scenario's HTTP servers on real sockets, with what is seen of its client; everything happens on one event loop.
final class HTTPStage: @unchecked Sendable {
    /// The scenario's servers, as the client finds them.
    let played: PlayedWorld

    private let group: MultiThreadedEventLoopGroup
    private let loop: any EventLoop
    private let clock: RehearsalClock
    private var stage: RehearsalStage
    private var host: LiveHTTPHost?
    private var alarm: Scheduled<Void>?

    /// Listens, has the servers built at their origins, and plays from the client's first request on; throws what binding a socket throws.
    init(_ scenario: Scenario, clock: RehearsalClock, build: ([String: String]) throws -> PlayedWorld) throws {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        (self.loop, self.clock) = (loop, clock)
        stage = RehearsalStage(scenario, speed: clock.speed)
        let ready = loop.makePromise(of: LiveHTTPHost.self)
        var listeners: [any NIOCore.Channel] = []
        var origins: [String: String] = [:]
        do {
            for server in scenario.servers {
                let name = server.configuration.name
                let listener = try LiveHTTPHost.listen(for: name, on: group, host: ready.futureResult)
                listeners.append(listener)
                origins[name] = "http://127.0.0.1:\(listener.localAddress?.port ?? 0)"
            }
            played = try build(origins)
            let host = LiveHTTPHost(played.world, on: loop, clock: clock, listeners: listeners)
            self.host = host
            host.observe = { [unowned self] in note($0) }
            host.clientComes = { [unowned self] in clientComes() }
            ready.succeed(host)
        } catch {
            ready.fail(error)
            for listener in listeners { listener.close(promise: nil) }
            throw error
        }
    }

    // MARK: On the loop

    private func note(_ event: WireEvent) {
        stage.note(event)
        guard stage.origin == nil else { return }
        alarm?.cancel()
        alarm = stage.expectedOrigin.map { expected in
            loop.scheduleTask(in: clock.wait(until: expected)) { [weak self] in
                guard let self else { return }
                self.stage.begin(at: self.clock.now)
                self.host?.activate()
            }
        }
    }

    private func clientComes() {
        if stage.clientComes(at: clock.now) { host?.activate() }
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

    /// Ends all connections and gives what was seen.
    func stop() throws -> Sight {
        defer { group.shutdownGracefully { _ in } }
        return try loop.submit { [self] in
            alarm?.cancel()
            host?.stop()
            var remarks: [String] = []
            if let count = host?.refusedCount, count > 0 {
                remarks.append(
                    "the client flooded: \(count) connections or requests beyond the limits of "
                        + "\(LiveHTTPHost.connectionCountMax) connections and \(LiveHTTPHost.exchangeCountMax) requests"
                )
            }
            if stage.isOverfull { remarks.append("only the first \(RehearsalStage.eventCountMax) events were kept") }
            return Sight(
                events: stage.events, hasClientConnected: stage.hasClientConnected, hasBegun: stage.origin != nil,
                remarks: remarks)
        }.wait()
    }
}
