import MCPCore
import MCPWire
import NIOCore
import RepriseScenarios
import RepriseSimulation

/// A scenario's HTTP servers on real sockets.
final class HTTPStage: Stage, Sendable {
    /// The scenario's servers, as the client finds them.
    let played: PlayedWorld
    let keeper: StageKeeper
    private let host: LiveHTTPHost

    var targets: [String] { played.servers.map(\.url) }
    var directory: JSONValue { played.directory }

    /// Listens, has the servers built at their origins, and plays from the client's first request on; throws what
    /// binding a socket throws.
    init(_ scenario: Scenario, clock: RehearsalClock, build: ([String: String]) throws -> PlayedWorld) throws {
        let keeper = StageKeeper(scenario, clock: clock)
        self.keeper = keeper
        let ready = keeper.loop.makePromise(of: LiveHTTPHost.self)
        var listeners: [any NIOCore.Channel] = []
        var origins: [String: String] = [:]
        do {
            for server in scenario.servers {
                let listener = try LiveHTTPHost.listen(for: server.name, on: keeper.group, host: ready.futureResult)
                listeners.append(listener)
                origins[server.name] = "http://127.0.0.1:\(listener.localAddress?.port ?? 0)"
            }
            played = try build(origins)
        } catch {
            ready.fail(error)
            for listener in listeners { listener.close(promise: nil) }
            keeper.group.shutdownGracefully { _ in }
            throw error
        }
        host = LiveHTTPHost(played.world, keeper, listeners: listeners)
        ready.succeed(host)
    }

    func stop() throws -> StageKeeper.Sight {
        try keeper.stop { [host] in
            host.stop()
            guard host.refusedCount > 0 else { return nil }
            return "the client flooded: \(host.refusedCount) connections or requests beyond the limits of "
                + "\(LiveHTTPHost.connectionCountMax) connections and \(LiveHTTPHost.bodyByteCountMax) bytes of "
                + "requests at once, and \(LiveHTTPHost.exchangeCountMax) requests"
        }
    }
}
