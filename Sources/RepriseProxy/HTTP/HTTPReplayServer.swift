import MCPWire
import NIOCore
import NIOHTTP1
import NIOPosix
import RepriseRecording
import RepriseReplay

/// Serves a recorded HTTP session at an address of ours, on one event-loop thread.
public enum HTTPReplayServer {
    /// Why the server could not begin.
    public struct StartError: Error, CustomStringConvertible {
        /// One sentence, with what to type instead where that is known.
        public let description: String
    }

    /// Serves until SIGINT, SIGTERM or SIGHUP and gives what was found; a second signal ends the process at once.
    ///
    /// `url` is the recorded one. Says on standard error where it listens, then each mismatch as it happens. Throws
    /// ``StartError`` before it listens.
    public static func run(
        _ replayer: HTTPReplayer, of url: String, name: String, listen: ListenAddress
    ) throws -> ReplayReport {
        fillStandardDescriptors()
        let signals = StopSignals()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let policy = AccessPolicy(servesLoopbackAlone: listen.isLoopback)
        let player = HTTPReplayPlayer(replayer, server: Origin(url: url), policy: policy, loop: loop)
        let listener: any Channel
        do {
            listener = try HTTPListener.bind(listen, on: group) { channel in
                channel.eventLoop.makeCompletedFuture { try player.accept(channel) }
            }
        } catch {
            throw StartError(description: "\(error)")
        }
        let local = listen.origin(port: listener.localAddress?.port ?? 0)
        if !listen.isLoopback { say("\(listen.host) is not loopback: whoever reaches this port is served") }
        say("replaying \(name) at \(local)\(replayer.path)")
        signals.wait()
        signals.endAtNext()
        return try loop.submit {
            listener.close(promise: nil)
            return player.report
        }.wait()
    }
}

/// The replayer with its clients; everything happens on the one event-loop thread, hence unchecked.
final class HTTPReplayPlayer: @unchecked Sendable {
    let policy: AccessPolicy
    private var replayer: HTTPReplayer
    private let server: Origin?
    private let loop: any EventLoop
    private let start = monotonicMicroseconds()
    private var connections: [Int: HTTPReplayConnection] = [:]
    private var exchangeCount = 0
    private var alarm: (time: Int64, task: Scheduled<Void>)?

    init(_ replayer: HTTPReplayer, server: Origin?, policy: AccessPolicy, loop: any EventLoop) {
        self.replayer = replayer
        self.server = server
        self.policy = policy
        self.loop = loop
    }

    var report: ReplayReport { replayer.report }

    private var now: Int64 { monotonicMicroseconds() - start }

    /// Sets up a client's connection.
    func accept(_ channel: any Channel) throws {
        let encoder = HTTPResponseEncoder()
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes))
        try channel.pipeline.syncOperations.addHandlers([encoder, decoder, HTTPReplayConnection(self)])
    }

    /// Gives a whole request its number and has it answered on `connection`.
    func take(_ head: RequestHead, body: [UInt8], from connection: HTTPReplayConnection) {
        exchangeCount += 1
        connections[exchangeCount] = connection
        connection.exchange = exchangeCount
        // Clients compare the addresses that they are given with the URL that they were told.
        if let server, let host = head.fields.first("host"), let local = Origin(scheme: "http", authority: host) {
            replayer.originMap = OriginMap(server: server, local: local)
        }
        perform(replayer.request(exchangeCount, head, body: body, at: now))
    }

    /// The connection of an exchange is gone.
    func left(_ exchange: Int) {
        guard connections.removeValue(forKey: exchange) != nil else { return }
        perform(replayer.clientLeft(exchange, at: now))
    }

    private func perform(_ actions: [HTTPReplayer.Action]) {
        for action in actions {
            switch action {
            case .respond(let exchange, let head): connections[exchange]?.respond(head)
            case .send(let exchange, let bytes): connections[exchange]?.send(bytes)
            case .finish(let exchange): connections.removeValue(forKey: exchange)?.finish()
            case .abort(let exchange, let how): connections.removeValue(forKey: exchange)?.abort(how)
            case .report(let mismatch): say("\(mismatch)")
            }
        }
        schedule()
    }

    private func schedule() {
        let deadline = replayer.nextDeadline
        guard alarm?.time != deadline else { return }
        alarm?.task.cancel()
        alarm = deadline.map { deadline in
            let delay = TimeAmount.microseconds(max(0, deadline - now))
            let task = loop.scheduleTask(in: delay) { [weak self] in
                guard let self else { return }
                self.alarm = nil
                self.perform(self.replayer.advance(to: self.now))
            }
            return (deadline, task)
        }
    }
}
