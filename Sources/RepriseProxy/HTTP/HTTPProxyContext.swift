import MCPWire
import NIOCore
import RepriseReplay

/// What the connections of a proxy share. Everything happens on the one event-loop thread, hence unchecked.
final class HTTPProxyContext: @unchecked Sendable {
    /// The recorded server.
    let upstream: Origin
    /// Ours, where a client does not say in `Host` how it calls us.
    let local: Origin
    let policy: AccessPolicy
    private let sink: RecordingSink<HTTPRecorder>?
    private let dialer: ServerDialer
    private let loop: any EventLoop
    private var readTime: Int64?
    private var connectionCount = 0
    private var exchangeCount = 0
    private var connections: [Int: HTTPProxyConnection] = [:]
    private var toldNotes: Set<String> = []

    init(
        upstream: Origin, local: Origin, policy: AccessPolicy, sink: RecordingSink<HTTPRecorder>?, dialer: ServerDialer,
        loop: any EventLoop
    ) {
        self.upstream = upstream
        self.local = local
        self.policy = policy
        self.sink = sink
        self.dialer = dialer
        self.loop = loop
    }

    /// A client connected.
    func accept(_ channel: any Channel) throws {
        connectionCount += 1
        let connection = HTTPProxyConnection(number: connectionCount, context: self)
        connections[connectionCount] = connection
        try connection.start(channel)
    }

    /// A connection is over.
    func forget(_ connection: Int) { connections[connection] = nil }

    /// Ends every connection, in the order in which they began.
    func stop() {
        for connection in connections.sorted(by: { $0.key < $1.key }) { connection.value.stop() }
        drain()
    }

    /// The number of the next exchange.
    func nextExchange() -> Int {
        exchangeCount += 1
        return exchangeCount
    }

    /// Whether a change of requests was not noted before: the same one is made in nearly all of them.
    func isNew(_ note: String) -> Bool { toldNotes.count >= 1000 || toldNotes.insert(note).inserted }

    /// Tells the recorder what was read, before it is forwarded. All of one read has one time.
    func record(_ input: (inout HTTPRecorder, Int64) -> RecorderOutcome) {
        if readTime == nil { readTime = sink?.now }
        sink?.take(at: readTime, input)
    }

    /// Writes what was recorded, after it was forwarded.
    func drain() {
        readTime = nil
        sink?.drain()
    }

    /// Opens a connection to the server.
    func connect(_ end: ChannelEnd, then: @escaping @Sendable (Result<Void, any Error>) -> Void) {
        dialer.dial(on: loop, readsByItself: false) { try $0.pipeline.syncOperations.addHandler(end) }
            .whenComplete(then)
    }
}
