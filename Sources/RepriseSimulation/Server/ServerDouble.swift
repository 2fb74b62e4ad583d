import MCPCore
import MCPWire

/// A server that a ``ServerDescription`` describes, for any number of clients; it counts what its tools do.
public final class ServerDouble: SimulatedServer, @unchecked Sendable {
    private let description: ServerDescription
    private var effectCounts: [String: Int] = [:]
    private var sessions: [Int: Session] = [:]
    private var nextSession = 0

    /// A double of that description.
    public init(_ description: ServerDescription) {
        self.description = description
    }

    /// A double that has tools and nothing else.
    public convenience init(tools: [ToolDescription]) {
        self.init(ServerDescription(tools: tools))
    }

    /// How often a tool's side effect happened, over all connections; 0 for a tool that there is not.
    public func effectCount(of tool: String) -> Int { effectCounts[tool] ?? 0 }

    /// Sends a notification without parameters to every client, such as `notifications/tools/list_changed`.
    public func notify(_ method: String) {
        let message: JSONValue = ["jsonrpc": "2.0", "method": .string(method)]
        send(message.encoded)
    }

    /// Sends a message to every client, in the order of their connections.
    public func send(_ message: [UInt8]) {
        for (_, session) in sessions.sorted(by: { $0.key < $1.key }) { session.connection.send(message) }
    }

    /// Takes a connection.
    public func accept(_ connection: ServerConnection) -> any ServerSession {
        nextSession += 1
        let machine = ServerDoubleMachine(description, connection: connection.number)
        let session = Session(self, connection, machine, number: nextSession)
        sessions[nextSession] = session
        return session
    }

    private func executed(_ tool: String) { effectCounts[tool, default: 0] += 1 }

    private func forget(_ session: Int) { sessions[session] = nil }

    /// The shell around the machine of one connection.
    private final class Session: ServerSession {
        let connection: ServerConnection
        private weak var double: ServerDouble?
        private var machine: ServerDoubleMachine
        private let number: Int
        private var scheduled: Instant?

        init(_ double: ServerDouble, _ connection: ServerConnection, _ machine: ServerDoubleMachine, number: Int) {
            self.double = double
            self.connection = connection
            self.machine = machine
            self.number = number
        }

        func receive(_ bytes: [UInt8], _ message: Message) {
            run(machine.receive(bytes, message, at: connection.now))
        }

        func end() {
            machine.disconnect()
            double?.forget(number)
        }

        private func run(_ actions: [ServerDoubleMachine.Action]) {
            for action in actions {
                switch action {
                case .send(let message, _), .answer(let message, _): connection.send(message)
                case .forget: break
                case .execute(let tool):
                    double?.executed(tool)
                    connection.noteEffect(of: tool)
                case .close: connection.close()
                case .exit(let code): connection.close(.exited(code: code))
                }
            }
            guard let deadline = machine.nextDeadline, scheduled.map({ deadline < $0 }) ?? true else { return }
            scheduled = deadline
            connection.schedule(at: deadline) {
                self.scheduled = nil
                self.run(self.machine.advance(to: self.connection.now))
            }
        }
    }
}
