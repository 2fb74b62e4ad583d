import HTTPTypes
import MCPCore
import NIOCore
import NIOHTTP1
import NIOPosix
import RepriseSimulation

/// The HTTP servers of a scenario with all its faults on real sockets of the loopback interface, one port each.
///
/// The same ``RepriseSimulation/HTTPWorld`` decides as in the simulation; here are its sockets and its one timer.
/// Everything happens on one event-loop thread, hence unchecked. A real socket cannot refuse a single connection: one
/// that the world refuses is accepted, read, and reset without an answer.
final class LiveHTTPHost: @unchecked Sendable {
    /// So many connections are open at once; a further one gets 503.
    static let connectionCountMax = 256
    /// So many exchanges are looked at; further ones get 503.
    static let exchangeCountMax = 100_000

    /// So many bytes of requests' bodies are held at once; a further one gets 503.
    static let bodyByteCountMax = 32 << 20

    private let keeper: StageKeeper
    private let listeners: [any Channel]
    private var world: HTTPWorld
    private var connections: [Int: LiveHTTPConnection] = [:]
    private var exchangeCount = 0
    private var openCount = 0
    private var heldByteCount = 0
    /// Those to which something was written that is not sent yet.
    private var touched: [LiveHTTPConnection] = []
    private let alarm: Alarm
    /// How many connections and requests were turned away because there were too many.
    private(set) var refusedCount = 0

    /// Plays `world` to whoever comes to the listeners, which end with it.
    init(_ world: HTTPWorld, _ keeper: StageKeeper, listeners: [any Channel]) {
        self.world = world
        self.keeper = keeper
        alarm = Alarm(on: keeper.loop, keeper.clock)
        self.listeners = listeners
        keeper.begin = { [unowned self] in
            self.world.activate(origin: self.keeper.clock.now)
            schedule()
        }
    }

    /// Listens for one server at any free port of 127.0.0.1; each connection waits for `host`.
    static func listen(
        for server: String, on group: any EventLoopGroup, host: EventLoopFuture<LiveHTTPHost>
    ) throws -> any Channel {
        try ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // A client that half closes still wants its answer.
            .childChannelOption(.allowRemoteHalfClosure, value: false)
            .childChannelInitializer { channel in
                host.flatMapThrowing { try $0.accept(channel, for: server) }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
    }

    /// Takes no connection any more, and cuts off those that there are.
    func stop() {
        alarm.cancel()
        for listener in listeners { listener.close(promise: nil) }
        for (_, connection) in connections.sorted(by: { $0.key < $1.key }) { connection.reset() }
        connections = [:]
    }

    // MARK: From the connections

    private func accept(_ channel: any Channel, for server: String) throws {
        let connection = LiveHTTPConnection(self, server: server)
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes))
        try channel.pipeline.syncOperations.addHandlers([HTTPResponseEncoder(), decoder, connection])
        openCount += 1
        guard openCount <= Self.connectionCountMax else {
            refusedCount += 1
            return connection.refuse(503, "more than \(Self.connectionCountMax) connections at once")
        }
    }

    /// Gives a whole request its number and has the world answer it, unless there were too many.
    func take(_ request: HTTPRequest, body: [UInt8], for server: String, from connection: LiveHTTPConnection) {
        guard exchangeCount < Self.exchangeCountMax else {
            refusedCount += 1
            return connection.refuse(503, "more than \(Self.exchangeCountMax) requests")
        }
        keeper.clientComes()
        exchangeCount += 1
        let exchange = exchangeCount
        connections[exchange] = connection
        connection.exchange = exchange
        perform(
            world.open(exchange: exchange, client: 0, server: server, head: request, body: body, at: keeper.clock.now))
    }

    /// The client has gone away from an exchange whose response is not complete.
    func left(_ exchange: Int) {
        guard connections.removeValue(forKey: exchange) != nil else { return }
        perform(world.abandon(exchange: exchange, at: keeper.clock.now))
    }

    /// Something was written to a connection, which is sent once all that happens at the instant was.
    func touched(_ connection: LiveHTTPConnection) {
        if touched.last !== connection { touched.append(connection) }
    }

    /// So many more bytes of a body came; false when that is too much of all.
    func hold(_ byteCount: Int) -> Bool {
        heldByteCount += byteCount
        guard heldByteCount > Self.bodyByteCountMax else { return true }
        refusedCount += 1
        return false
    }

    /// So many bytes of a body are needed no more.
    func release(_ byteCount: Int) { heldByteCount -= byteCount }

    /// A connection is over.
    func disconnected() { openCount -= 1 }

    // MARK: To the connections

    private func perform(_ actions: [HTTPWorld.Action]) {
        for action in actions {
            switch action {
            case .head(let exchange, let head): connections[exchange]?.respond(head)
            case .body(let exchange, let bytes): connections[exchange]?.send(bytes)
            case .end(let exchange): connections.removeValue(forKey: exchange)?.finish()
            case .reset(let exchange, _), .refuse(let exchange, _):
                connections.removeValue(forKey: exchange)?.reset()
            case .observe(let server, let client, let connection, let what):
                keeper.note(
                    WireEvent(at: keeper.clock.now, client: client, server: server, connection: connection, what: what))
            }
        }
        for connection in touched { connection.flush() }
        touched = []
        schedule()
    }

    private func schedule() {
        alarm.set(to: world.nextDeadline) { [unowned self] now in perform(world.advance(to: now)) }
    }
}
