#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import NIOCore
import NIOHTTP1
import NIOPosix
import RepriseRecording
import RepriseReplay

/// One client's connection to a replay: requests one after the other, each answered before the next is looked at.
final class HTTPReplayConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// A request as far as it has come.
    private struct Request {
        var head: RequestHead
        var isKeepAlive: Bool
        var version: HTTPVersion
        var body: [UInt8] = []
    }

    /// The largest body of a request, in bytes.
    static let bodyByteCountMax = 64 << 20
    /// How many requests may wait for the one before them.
    static let waitingCountMax = 16

    private let player: HTTPReplayPlayer
    private var context: ChannelHandlerContext?
    private var incoming: Request?
    private var waiting: [Request] = []
    private var current: Request?
    private var lastWrite: EventLoopFuture<Void>?
    private var isClosing = false
    /// The number of the exchange that is being answered.
    var exchange: Int?

    init(_ player: HTTPReplayPlayer) {
        self.player = player
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            incoming = Request(
                head: RequestHead(
                    method: head.method.rawValue, target: head.uri,
                    fields: head.headers.map { HTTPField($0.name, $0.value) }),
                isKeepAlive: head.isKeepAlive, version: head.version)
            if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }),
                length > Self.bodyByteCountMax
            {
                refuseBody()
            } else if head.headers.first(name: "expect")?.lowercased() == "100-continue", current == nil {
                write(.head(HTTPResponseHead(version: head.version, status: .continue)))
            }
        case .body(let buffer):
            guard var request = incoming else { return }
            incoming = nil
            guard request.body.count + buffer.readableBytes <= Self.bodyByteCountMax else {
                refuseBody()
                return
            }
            request.body += buffer.readableBytesView
            incoming = request
        case .end:
            guard let request = incoming else { return }
            incoming = nil
            waiting.append(request)
            if waiting.count > Self.waitingCountMax {
                refuse(400, "more than \(Self.waitingCountMax) requests at once on one connection")
            }
            takeNext()
        }
    }

    private func takeNext() {
        guard current == nil, !waiting.isEmpty, !isClosing else { return }
        let request = waiting.removeFirst()
        current = request
        if let refusal = player.policy.refusal(of: request.head) {
            refuse(refusal.status, refusal.reason)
        } else {
            player.take(request.head, body: request.body, from: self)
        }
    }

    // MARK: The answer

    func respond(_ head: ResponseHead) {
        var fields = HTTPHeaders(head.fields.map { ($0.name, $0.value) })
        if current?.isKeepAlive == false { fields.add(name: "connection", value: "close") }
        // A status by its number alone would get NIO's reason; those without a body must be known as such.
        let hasBody = head.status != 204 && head.status != 304
        let status: HTTPResponseStatus =
            hasBody
            ? .custom(code: UInt(head.status), reasonPhrase: head.reason) : HTTPResponseStatus(statusCode: head.status)
        write(.head(HTTPResponseHead(version: current?.version ?? .http1_1, status: status, headers: fields)))
    }

    func send(_ bytes: [UInt8]) {
        guard let context else { return }
        write(.body(.byteBuffer(context.channel.allocator.buffer(bytes: bytes))))
    }

    func finish() {
        write(.end(nil))
        exchange = nil
        let isKeepAlive = current?.isKeepAlive == true
        current = nil
        if isKeepAlive { takeNext() } else { close(.eof) }
    }

    func abort(_ how: Disconnect) {
        exchange = nil
        close(how)
    }

    private func refuseBody() { refuse(413, "a request's body may have at most \(Self.bodyByteCountMax) bytes") }

    /// Answers in our own words and closes; closes alone while another answer is on its way.
    private func refuse(_ status: Int, _ reason: String) {
        guard exchange == nil else {
            context?.close(promise: nil)
            return
        }
        let body = Array("reprise: \(reason)\n".utf8)
        if current == nil { current = incoming }
        current?.isKeepAlive = false
        var head = ResponseHead(status: status)
        head.fields = [
            HTTPField("content-type", "text/plain; charset=utf-8"), HTTPField("content-length", "\(body.count)"),
            HTTPField("connection", "close"),
        ]
        respond(head)
        send(body)
        write(.end(nil))
        closeGently()
    }

    private func write(_ part: HTTPServerResponsePart) {
        guard let context, !isClosing else { return }
        lastWrite = context.writeAndFlush(wrapOutboundOut(part))
    }

    // MARK: The end

    /// Closes in order, or by a TCP reset; what was written before is sent first.
    private func close(_ how: Disconnect) {
        guard let channel = context?.channel, !isClosing else { return }
        isClosing = true
        (lastWrite ?? channel.eventLoop.makeSucceededVoidFuture()).whenComplete { _ in
            guard how == .reset, let options = channel as? any SocketOptionProvider else {
                return channel.close(promise: nil)
            }
            let atOnce = linger(l_onoff: 1, l_linger: 0)
            options.setSoLinger(atOnce).whenComplete { _ in channel.close(promise: nil) }
        }
    }

    /// Closes when the client has, or after a second: closing at once, with bytes of it unread, would reset the
    /// connection and could cost the client the answer (RFC 9112, section 9.6).
    private func closeGently() {
        guard let channel = context?.channel, !isClosing else { return }
        isClosing = true
        channel.close(mode: .output, promise: nil)
        channel.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosing = true
        if let exchange { player.left(exchange) }
        exchange = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow:
            refuse(431, "the head of a request may have at most 80 KiB")
        case let error as HTTPParserError:
            refuse(400, "this is no HTTP request: \(error)")
        default:
            context.close(promise: nil)
        }
    }
}
