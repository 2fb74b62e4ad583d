import AsyncHTTPClient
import HTTPTypes
import MCPCore
import NIOCore
import NIOHTTP1
import NIOSSL

/// Sends HTTP/1.1 requests over real sockets.
///
/// Each exchange has a connection of its own. One that was kept for the next request could be closed by the server while
/// that is on its way, and nobody could tell whether a call was executed. Bodies are taken as they come, a chunk at a
/// time, and asked for uncompressed. The connections end with the sender and the last of its bodies.
public final class LiveHTTPSender: HTTPSender {
    private let client: HTTPClient
    private let trustFile: String?

    /// A sender without connections; `trustFile` is a file of PEM certificates to trust in place of the system's.
    ///
    /// `connectTimeout` is for name, connection and TLS together. There is no other limit of time: who waits knows it.
    public init(trustFile: String? = nil, connectTimeout: Duration = .seconds(10)) {
        self.trustFile = trustFile
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .nanoseconds(connectTimeout.wholeNanoseconds)),
            decompression: .disabled)
        configuration.httpVersion = .http1Only
        configuration.maximumUsesPerConnection = 1
        configuration.connectionPool.retryConnectionEstablishment = false
        // An exchange may last as long as its session, so that the others must not wait for its connection.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 4096
        if let trustFile {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(trustFile)
            configuration.tlsConfiguration = tls
        }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    deinit {
        // Holds the client until its connections are closed.
        client.shutdown { _ in }
    }

    /// Sends a request; see `HTTPSender`. Throws `misconfigured` for a URL that is none, or certificates not trusted.
    public func send(_ request: HTTPRequest, body: [UInt8]) async throws(HTTPFailure) -> HTTPReply {
        let exchange = LiveExchange(LiveHTTPFailure(request, trustFile: trustFile), sender: self)
        let prepared = try Self.prepare(request, body)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard exchange.expectHead(continuation) else { return }
                exchange.begin(client.execute(request: prepared, delegate: exchange))
            }
        } onCancel: {
            exchange.close()
        }
        return try result.get()
    }

    /// Sends a request and reads its whole response, for which there is still `grace` when the task is cancelled.
    public func complete(
        _ request: HTTPRequest, body: [UInt8], limit: Int, grace: Duration
    ) async throws(HTTPFailure) -> HTTPDocument {
        guard !Task.isCancelled else { throw HTTPFailure(.closed, mayHaveArrived: false) }
        let exchange = LiveExchange(LiveHTTPFailure(request, trustFile: trustFile), sender: self)
        let prepared = try Self.prepare(request, body)
        let result = await withTaskCancellationHandler {
            let head = await withCheckedContinuation { continuation in
                guard exchange.expectHead(continuation) else { return }
                exchange.begin(client.execute(request: prepared, delegate: exchange))
            }
            return await exchange.document(head, limit: limit)
        } onCancel: {
            exchange.cutOff(after: grace, on: client.eventLoopGroup.any())
        }
        return try result.get()
    }

    private static func prepare(
        _ request: HTTPRequest, _ body: [UInt8]
    ) throws(HTTPFailure) -> HTTPClient.Request {
        let url = "\(request.scheme ?? "http")://\(request.authority ?? "")\(request.path ?? "/")"
        var headers = HTTPHeaders(request.headerFields.map { ($0.name.rawName, $0.value) })
        // What is compressed comes late: not before the compressor has enough of it.
        if !headers.contains(name: "Accept-Encoding") { headers.add(name: "Accept-Encoding", value: "identity") }
        do {
            return try HTTPClient.Request(
                url: url, method: HTTPMethod(rawValue: request.method.rawValue), headers: headers,
                body: body.isEmpty ? nil : .byteBuffer(ByteBuffer(bytes: body)))
        } catch {
            throw HTTPFailure(.misconfigured("\(url) is no URL of an HTTP server"), mayHaveArrived: false)
        }
    }
}
