import MCPCore
import MCPWire

/// A server in a simulated network; all its methods are called on the simulation's thread.
public protocol SimulatedServer: AnyObject, Sendable {
    /// Takes a connection, and returns what is told of everything that comes over it.
    func accept(_ connection: ServerConnection) -> any ServerSession
}

/// What a server keeps for one connection.
public protocol ServerSession: AnyObject {
    /// The connection stands; the server may speak first.
    func begin()
    /// A message has arrived; `message` is what ``MCPWire/Message/read(_:depthMax:batchCountMax:)`` makes of `bytes`.
    func receive(_ bytes: [UInt8], _ message: Message)
    /// The connection is gone, whoever ended it; called once.
    func end()
}

extension ServerSession {
    /// Says nothing.
    public func begin() {}
}

/// The server's end of one connection.
public struct ServerConnection: Sendable {
    private let connection: SimulatedConnection

    init(_ connection: SimulatedConnection) {
        self.connection = connection
    }

    /// The client's number, from 0.
    public var client: Int { connection.place.client }
    /// The how many-th attempt of that client to connect to this server it was, from 1.
    public var number: Int { connection.place.connection }
    /// The name of the server in its network.
    public var serverName: String { connection.place.server }
    /// The present.
    public var now: Instant { connection.simulation.now }

    /// Hands a message to the network; does nothing once the connection is gone.
    public func send(_ message: [UInt8]) { connection.sendFromServer(message) }

    /// Closes in good order: what was sent before arrives first, and then the client sees that failure.
    public func close(_ failure: TransportFailure = .closed) { connection.closeFromServer(failure) }

    /// Says that a tool was executed, also after the connection is gone.
    public func noteEffect(of tool: String) { connection.network.emit(.effect(tool: tool), connection.place) }

    /// Runs `action` when `instant` comes, in the phase of deliveries.
    public func schedule(at instant: Instant, _ action: @escaping () -> Void) {
        connection.simulation.schedule(at: instant, .delivery, action)
    }
}
