import MCPCore
import MCPWire
import RepriseRecording
import RepriseReplay

/// A server that says what a recording says; each connection begins the recording anew.
///
/// Of a recording of HTTP the k-th connection gets the messages of the k-th session, or of the last one, in recorded
/// order; refused requests, statuses and header fields have no place in a stream of messages and are left out.
public final class RecordedServer: SimulatedServer, @unchecked Sendable {
    private let replayers: [StdioReplayer]
    private let failure: TransportFailure
    private var sessions: [Session] = []
    private var effectCounts: [String: Int] = [:]

    /// Makes the server of a recording of `stdio` or `http`; throws ``RepriseReplay/ReplayError`` for any other.
    ///
    /// `stall` is the virtual time after which a client that waits for an answer gets the next recorded message
    /// although something that it should have sent before has not come.
    public init(_ recording: Recording, stall: Duration = .seconds(5)) throws(ReplayError) {
        var replayers: [StdioReplayer] = []
        for session in try MessageSessions.of(recording) {
            replayers.append(try StdioReplayer(session, stall: stall.wholeNanoseconds / 1000))
        }
        self.replayers = replayers
        failure =
            recording.events.lazy.compactMap { event in
                switch event.kind {
                case .close(.exit(let code)): .exited(code: Int(code))
                case .close(.signal): .exited(code: nil)
                default: nil
                }
            }.first ?? .closed
    }

    /// What was found so far, by connection in the order in which they were accepted.
    public var reports: [ReplayReport] { sessions.map(\.replayer.report) }

    /// How often a recorded call of a tool was made again, over all connections; 0 for a tool that was never called.
    public func effectCount(of tool: String) -> Int { effectCounts[tool] ?? 0 }

    /// Takes a connection.
    public func accept(_ connection: ServerConnection) -> any ServerSession {
        let replayer = replayers[min(sessions.count, replayers.count - 1)]
        let session = Session(connection, replayer, failure: failure) { [weak self] tool in
            self?.effectCounts[tool, default: 0] += 1
        }
        sessions.append(session)
        return session
    }

    /// The shell around the replayer of one connection.
    private final class Session: ServerSession {
        private(set) var replayer: StdioReplayer
        private let start: Instant
        private let failure: TransportFailure
        private let countEffect: (String) -> Void
        /// Nil once the connection is gone.
        private var connection: ServerConnection?
        /// Without a limit worth the name: what the recording holds is in memory already.
        private var decoder = LineDecoder(lineByteCountMax: 1 << 40)
        private var scheduled: Instant?

        init(
            _ connection: ServerConnection, _ replayer: StdioReplayer, failure: TransportFailure,
            countEffect: @escaping (String) -> Void
        ) {
            self.connection = connection
            self.replayer = replayer
            self.failure = failure
            self.countEffect = countEffect
            start = connection.now
        }

        func begin() { perform(replayer.start(at: 0)) }

        func receive(_ bytes: [UInt8], _ message: Message) {
            guard let connection else { return }
            let actions = replayer.receive((bytes + [0x0A]).span, at: time(at: connection.now))
            if !actions.contains(where: \.isMiss) { noteCalls(in: message, bytes) }
            perform(actions)
        }

        func end() {
            guard let connection else { return }
            perform(replayer.end(at: time(at: connection.now)))
            self.connection = nil
        }

        /// Microseconds since the connection was accepted.
        private func time(at now: Instant) -> Int64 { start.duration(to: now).wholeNanoseconds / 1000 }

        private func noteCalls(in message: Message, _ bytes: [UInt8]) {
            if case .batch(let elements) = message.kind {
                for element in elements { noteCalls(in: element, bytes) }
            }
            guard message.kind == .request, message.method == "tools/call", let range = message.params,
                let tool = (try? JSONValue(Array(bytes[range])))?["name"]?.text
            else { return }
            countEffect(tool)
            connection?.noteEffect(of: tool)
        }

        private func perform(_ actions: [StdioReplayer.Action]) {
            for action in actions {
                switch action {
                case .write(let chunk):
                    for line in decoder.receive(chunk.span) { send(line.bytes) }
                case .close:
                    if let line = decoder.finish() { send(line.bytes) }
                    connection?.close(failure)
                case .report: break
                }
            }
            scheduleDeadline()
        }

        /// A message is a line without its end.
        private func send(_ line: [UInt8]) {
            connection?.send(line.last == 0x0A ? Array(line.dropLast()) : line)
        }

        private func scheduleDeadline() {
            guard let connection, let deadline = replayer.nextDeadline else { return }
            let instant = start.advanced(by: .microseconds(deadline))
            guard scheduled.map({ instant < $0 }) ?? true else { return }
            scheduled = instant
            connection.schedule(at: instant) { [weak self] in
                guard let self, let connection = self.connection else { return }
                scheduled = nil
                perform(replayer.advance(to: time(at: connection.now)))
            }
        }
    }
}

extension StdioReplayer.Action {
    /// Whether it says that the recording has no such message.
    fileprivate var isMiss: Bool {
        if case .report(let mismatch) = self, case .unmatched = mismatch.kind { true } else { false }
    }
}
