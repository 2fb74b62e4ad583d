import Foundation
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOPosix

/// One TCP connection of a client: one exchange, since a fault of an exchange must not touch another one.
///
/// Each response says `Connection: close`. A request whose head or body is too large is refused here.
final class LiveHTTPConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// The largest body of a request, in bytes.
    static let bodyByteCountMax = 16 << 20

    private let host: LiveHTTPHost
    private let server: String
    private var context: ChannelHandlerContext?
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    /// The number of the exchange, once its request is whole and until its response is.
    var exchange: Int?
    private var hasRequest = false
    private var lastWrite: EventLoopFuture<Void>?
    private var isClosing = false
    /// So much of what the host holds is ours.
    private var heldByteCount = 0

    /// A connection to one of the host's servers.
    init(_ host: LiveHTTPHost, server: String) {
        self.host = host
        self.server = server
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing, !hasRequest else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
                write(.head(HTTPResponseHead(version: head.version, status: .continue)))
                flush()
            }
        case .body(let buffer):
            guard body.count + buffer.readableBytes <= Self.bodyByteCountMax else {
                return refuse(413, "a request's body may have at most \(Self.bodyByteCountMax) bytes")
            }
            heldByteCount += buffer.readableBytes
            guard host.hold(buffer.readableBytes) else {
                return refuse(503, "the bodies of all requests may have at most \(LiveHTTPHost.bodyByteCountMax) bytes")
            }
            body += Array(buffer: buffer)
        case .end:
            guard let head else { return }
            guard let request = HTTPRequest(head) else { return refuse(400, "a method that is none") }
            let body = self.body
            self.body = []
            hasRequest = true
            host.take(request, body: body, for: server, from: self)
        }
    }

    // MARK: The answer

    /// The response begins.
    func respond(_ response: HTTPResponse) {
        var headers = HTTPHeaders(response.headerFields.map { ($0.name.rawName, $0.value) })
        headers.replaceOrAdd(name: "connection", value: "close")
        write(
            .head(
                HTTPResponseHead(
                    version: .http1_1, status: HTTPResponseStatus(statusCode: response.status.code), headers: headers)))
    }

    /// A piece of its body.
    func send(_ bytes: [UInt8]) {
        guard let context else { return }
        write(.body(.byteBuffer(context.channel.allocator.buffer(bytes: bytes))))
    }

    /// The response is complete.
    func finish() {
        write(.end(nil))
        exchange = nil
        closeGently()
    }

    /// Nothing more is done with the request.
    private func release() {
        host.release(heldByteCount)
        heldByteCount = 0
        body = []
    }

    /// Cuts the connection off by a TCP reset; what was written before is sent first.
    func reset() {
        exchange = nil
        guard let channel = context?.channel, !isClosing else { return }
        isClosing = true
        release()
        flush()
        (lastWrite ?? channel.eventLoop.makeSucceededVoidFuture()).whenComplete { _ in
            guard let options = channel as? any SocketOptionProvider else { return channel.close(promise: nil) }
            options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil) }
        }
    }

    /// Answers in our own words and closes.
    func refuse(_ status: Int, _ reason: String) {
        guard exchange == nil else { return reset() }
        let body = Array("reprise: \(reason)\n".utf8)
        write(
            .head(
                HTTPResponseHead(
                    version: .http1_1, status: HTTPResponseStatus(statusCode: status),
                    headers: [
                        "content-type": "text/plain; charset=utf-8", "content-length": "\(body.count)",
                        "connection": "close",
                    ])))
        send(body)
        write(.end(nil))
        closeGently()
    }

    private func write(_ part: HTTPServerResponsePart) {
        guard let context, !isClosing else { return }
        lastWrite = context.write(wrapOutboundOut(part))
        host.touched(self)
    }

    /// Sends what was written since the last time.
    func flush() { context?.flush() }

    /// Closes when the client has, or after a second: closing at once, with bytes of it unread, would reset the
    /// connection and could cost the client the answer (RFC 9112, section 9.6).
    private func closeGently() {
        guard let channel = context?.channel, !isClosing else { return }
        isClosing = true
        release()
        flush()
        channel.close(mode: .output, promise: nil)
        channel.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosing = true
        release()
        if let exchange { host.left(exchange) }
        exchange = nil
        host.disconnected()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow: refuse(431, "the head of a request may have at most 80 KiB")
        case let error as HTTPParserError: refuse(400, "this is no HTTP request: \(error)")
        default: context.close(promise: nil)
        }
    }
}

extension HTTPRequest {
    /// The request as the core library has it; nil for a method that is none. Header names that are none are left out.
    fileprivate init?(_ head: HTTPRequestHead) {
        guard let method = HTTPRequest.Method(head.method.rawValue) else { return nil }
        var fields = HTTPFields()
        for (name, value) in head.headers {
            guard let name = HTTPField.Name(name), name.canonicalName != "host" else { continue }
            fields.append(HTTPField(name: name, value: value))
        }
        self.init(
            method: method, scheme: "http", authority: head.headers.first(name: "host"), path: head.uri,
            headerFields: fields)
    }
}
