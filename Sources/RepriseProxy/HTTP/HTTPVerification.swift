import MCPWire
import NIOCore
import NIOHTTP1
import NIOPosix
import RepriseRecording
import RepriseReplay

/// Plays a verifier to a server over HTTP: one event-loop thread, and a connection for each request.
///
/// Everything but ``run(_:against:trustFile:tell:)`` happens on that thread, hence unchecked.
final class HTTPVerification: @unchecked Sendable {
    private let server: Origin
    private let dialer: ServerDialer
    private let loop: any EventLoop
    private let tell: (Verification.Notice) -> Void
    private let done: EventLoopPromise<Void>
    private let start = monotonicMicroseconds()
    private var verifier: HTTPVerifier
    private var requests: [Int: HTTPVerificationRequest] = [:]
    private var alarm: Scheduled<Void>?

    /// Runs to the end of the session and gives the verifier back; throws ``Verification/Failure`` for bad TLS settings.
    static func run(
        _ verifier: HTTPVerifier, against server: Origin, trustFile: String?,
        tell: @escaping (Verification.Notice) -> Void
    ) throws -> HTTPVerifier {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        defer { try? group.syncShutdownGracefully() }
        let loop = group.next()
        let dialer: ServerDialer
        do {
            dialer = try ServerDialer(server, trustFile: trustFile)
        } catch {
            throw Verification.Failure.notReached("\(error)")
        }
        let shell = HTTPVerification(verifier, server: server, dialer: dialer, loop: loop, tell: tell)
        loop.execute { shell.take { $0.start(at: $1) } }
        try shell.done.futureResult.wait()
        return try loop.submit { shell.verifier }.wait()
    }

    private init(
        _ verifier: HTTPVerifier, server: Origin, dialer: ServerDialer, loop: any EventLoop,
        tell: @escaping (Verification.Notice) -> Void
    ) {
        self.verifier = verifier
        self.server = server
        self.dialer = dialer
        self.loop = loop
        self.tell = tell
        done = loop.makePromise()
    }

    /// Tells the verifier what happened, and does what it then wants.
    func take(_ input: (inout HTTPVerifier, Int64) -> [HTTPVerifier.Action]) {
        let actions = input(&verifier, monotonicMicroseconds() - start)
        for action in actions {
            switch action {
            case .request(let id, let head, let body): connect(id, head, body)
            case .abort(let id): requests[id]?.abort()
            case .missing(let events): tell(.missing(events: events))
            case .finish: done.succeed()
            }
        }
        tell(.progress(done: verifier.progress.done, all: verifier.progress.all))
        alarm?.cancel()
        guard let deadline = verifier.nextDeadline else { return }
        let delay = max(0, deadline - (monotonicMicroseconds() - start))
        alarm = loop.scheduleTask(in: .microseconds(delay)) { [weak self] in self?.take { $0.advance(to: $1) } }
    }

    /// A request is over.
    func forget(_ id: Int) { requests[id] = nil }

    private func connect(_ id: Int, _ head: RequestHead, _ body: [UInt8]) {
        let request = HTTPVerificationRequest(
            id: id, head: Self.head(head, host: server.authority, bodyByteCount: body.count), body: body, shell: self)
        requests[id] = request
        dialer.dial(on: loop, readsByItself: true) { channel in
            try channel.pipeline.syncOperations.addHTTPClientHandlers()
            try channel.pipeline.syncOperations.addHandler(request)
        }.whenFailure { request.fail("\(ConnectFailure($0))") }
    }

    private static func head(_ head: RequestHead, host: String, bodyByteCount: Int) -> HTTPRequestHead {
        var headers = HTTPHeaders([("Host", host)])
        for field in head.fields { headers.add(name: field.name, value: field.value) }
        headers.replaceOrAdd(name: "Accept-Encoding", value: "identity")
        headers.replaceOrAdd(name: "Connection", value: "close")
        if head.method == "POST" || bodyByteCount > 0 {
            headers.replaceOrAdd(name: "Content-Length", value: String(bodyByteCount))
        }
        return HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: head.method), uri: head.target, headers: headers)
    }
}

/// One request on its own connection, and what comes back.
final class HTTPVerificationRequest: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// The longest body or event, in bytes.
    private static let byteCountMax = 64 << 20

    private let id: Int
    private let head: HTTPRequestHead
    private let body: [UInt8]
    private let shell: HTTPVerification
    private var channel: (any Channel)?
    private var events: SSEDecoder?
    private var collected: [UInt8] = []
    private var isOver = false

    init(id: Int, head: HTTPRequestHead, body: [UInt8], shell: HTTPVerification) {
        self.id = id
        self.head = head
        self.body = body
        self.shell = shell
    }

    /// Breaks it off; nothing more is told of it.
    func abort() {
        isOver = true
        channel?.close(promise: nil)
        shell.forget(id)
        shell.take { [id] in $0.end(id, at: $1) }
    }

    /// Tells that it is over, once.
    func fail(_ reason: String?) {
        guard !isOver else { return }
        isOver = true
        channel?.close(promise: nil)
        shell.forget(id)
        shell.take { [id] in $0.end(id, failure: reason, at: $1) }
    }

    func channelActive(context: ChannelHandlerContext) {
        channel = context.channel
        guard !isOver else { return context.close(promise: nil) }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !body.isEmpty {
            context.write(
                wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(bytes: body)))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            let fields = head.headers.map { HTTPField($0.name, $0.value) }
            let response = ResponseHead(status: Int(head.status.code), reason: head.status.reasonPhrase, fields: fields)
            if response.isEventStream { events = SSEDecoder(frameByteCountMax: Self.byteCountMax) }
            shell.take { [id] in $0.receive(response, for: id, at: $1) }
        case .body(let buffer):
            receive(Array(buffer: buffer))
        case .end:
            if events == nil, !collected.isEmpty {
                shell.take { [id, collected] in $0.receive(collected, for: id, at: $1) }
            }
            fail(nil)
        }
    }

    private func receive(_ bytes: [UInt8]) {
        guard events != nil else {
            collected += bytes
            if collected.count > Self.byteCountMax { fail("its answer is longer than \(Self.byteCountMax) bytes") }
            return
        }
        for frame in events?.receive(bytes.span) ?? [] where !isOver {
            guard frame.end != .limit else { return fail("an event of it is longer than \(Self.byteCountMax) bytes") }
            shell.take { [id] in $0.receive(frame, for: id, at: $1) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) { fail("the connection was closed before the answer's end") }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(Self.words(error)) }

    private static func words(_ error: any Error) -> String {
        switch error {
        case HTTPParserError.invalidEOFState: "the connection was closed before the answer's end"
        case let error as HTTPParserError: "the answer is no HTTP: \(error)"
        default: "\(ConnectFailure(error))"
        }
    }
}
