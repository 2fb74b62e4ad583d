import MCPCore
import NIOCore
import NIOPosix
import RepriseSimulation

/// The stdio server of a scenario with its faults, behind a Unix socket; everything happens on one event-loop thread.
final class LiveStdioHost: @unchecked Sendable {
    /// So many times the client starts the server; a further command ends at once.
    static let connectionCountMax = 256
    /// So many messages are looked at; then all connections end.
    static let messageCountMax = 100_000

    /// So many bytes of messages that are not whole yet are held at once; then the connection ends.
    static let partByteCountMax = 64 << 20

    private let keeper: StageKeeper
    private let server: String
    private var world: MessageWorld
    private var listener: (any Channel)?
    private var connections: [Int: LiveStdioConnection] = [:]
    private var connectionCount = 0
    private var messageCount = 0
    private var partByteCount = 0
    private let alarm: Alarm
    /// How many connections and messages were turned away because there were too many.
    private(set) var refusedCount = 0

    /// Plays the one server of `world`.
    init(_ world: MessageWorld, server: String, _ keeper: StageKeeper) {
        self.world = world
        self.server = server
        self.keeper = keeper
        alarm = Alarm(on: keeper.loop, keeper.clock)
        keeper.begin = { [unowned self] in
            self.world.activate(origin: self.keeper.clock.now)
            schedule()
        }
    }

    /// Listens at a path, which is not there yet.
    func listen(at path: String) throws {
        listener = try ServerBootstrap(group: keeper.group)
            // A client that reads nothing is not read either, as it would be on a pipe.
            // A client that floods must not keep timers waiting for all that it has sent.
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 1024))
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 1 << 20, high: 4 << 20))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(LiveStdioConnection(self))
                }
            }
            .bind(unixDomainSocketPath: path).wait()
    }

    /// Takes no connection any more, and ends those that there are.
    func stop() {
        alarm.cancel()
        listener?.close(promise: nil)
        for (_, connection) in connections.sorted(by: { $0.key < $1.key }) { connection.end(exitCode: 0) }
        connections = [:]
    }

    // MARK: From the connections

    /// A command was started; gives the number of its connection, nil if it was turned away.
    func accept(_ connection: LiveStdioConnection) -> Int? {
        guard connectionCount < Self.connectionCountMax else {
            refusedCount += 1
            return nil
        }
        keeper.clientComes()
        connectionCount += 1
        connections[connectionCount] = connection
        let number = connectionCount
        perform(world.connect(number, to: server, at: keeper.clock.now))
        return number
    }

    /// The client has sent a line.
    func take(_ line: [UInt8], from connection: Int) {
        guard messageCount < Self.messageCountMax else {
            refusedCount += 1
            connections.removeValue(forKey: connection)?.end(exitCode: 1)
            return
        }
        messageCount += 1
        perform(world.receive(line, on: connection, at: keeper.clock.now))
    }

    /// So many more bytes of a message that is not whole are held, or so many fewer; ends the connection when that is
    /// too much of all.
    func hold(_ byteCount: Int, of connection: Int?) {
        partByteCount += byteCount
        guard partByteCount > Self.partByteCountMax, let connection else { return }
        refusedCount += 1
        connections.removeValue(forKey: connection)?.end(exitCode: 1)
    }

    /// The client has closed the pipe, or the command is gone.
    func left(_ connection: Int) {
        guard connections.removeValue(forKey: connection) != nil else { return }
        perform(world.disconnect(connection, at: keeper.clock.now))
    }

    // MARK: To the connections

    private func perform(_ actions: [MessageWorld.Action]) {
        for action in actions {
            switch action {
            case .send(let connection, let bytes, let isWhole): connections[connection]?.send(bytes, isWhole: isWhole)
            case .refuse(let connection, let failure), .close(let connection, let failure):
                connections.removeValue(forKey: connection)?.end(exitCode: failure.exitCode)
            case .observe(let server, let connection, let what):
                keeper.note(
                    WireEvent(at: keeper.clock.now, client: 0, server: server, connection: connection, what: what))
            }
        }
        schedule()
    }

    private func schedule() {
        alarm.set(to: world.nextDeadline) { [unowned self] now in perform(world.advance(to: now)) }
    }
}

extension TransportFailure {
    /// What the command ends with whose connection ends so.
    fileprivate var exitCode: UInt8 {
        switch self {
        case .closed: 0
        case .exited(let code): UInt8(clamping: code ?? 1)
        default: 1
        }
    }
}
