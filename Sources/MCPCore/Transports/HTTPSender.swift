import HTTPTypes

/// Sends HTTP requests, over real sockets or in a simulation; all that the core library needs of HTTP.
public protocol HTTPSender: Sendable {
    /// Sends a request and returns as soon as the head of its response has come; the body follows as it arrives.
    ///
    /// Follows no redirects, repeats nothing, and adds no credentials. Cancelling the task ends the exchange and throws.
    func send(_ request: HTTPRequest, body: [UInt8]) async throws(HTTPFailure) -> HTTPReply

    /// Sends a request and reads its whole response, for which there is still `grace` when the task is cancelled.
    ///
    /// For what a server does once and what is lost with its response, such as another refresh token. A task that is
    /// cancelled already sends nothing. Throws `protocolBroken` when the body is longer than `limit` bytes. A sender
    /// without an implementation of its own gives no grace.
    func complete(
        _ request: HTTPRequest, body: [UInt8], limit: Int, grace: Duration
    ) async throws(HTTPFailure) -> HTTPDocument
}

extension HTTPSender {
    /// Sends a request and reads its whole response; cancelling the task ends that at once.
    public func complete(
        _ request: HTTPRequest, body: [UInt8], limit: Int, grace: Duration
    ) async throws(HTTPFailure) -> HTTPDocument {
        let reply = try await send(request, body: body)
        // Whoever reads a body need not notice that its task is cancelled.
        let read = await withTaskCancellationHandler {
            do throws(TransportFailure) {
                let document = try await reply.document(limit: limit)
                // Of a body that was closed there is only a part.
                guard !Task.isCancelled else { throw .closed }
                return Result<HTTPDocument, HTTPFailure>.success(document)
            } catch {
                return .failure(HTTPFailure(error, mayHaveArrived: true))
            }
        } onCancel: {
            reply.body.close()
        }
        return try read.get()
    }
}

/// A response that has come as a whole.
public struct HTTPDocument: Sendable, Equatable {
    /// Status and headers.
    public var head: HTTPResponse
    /// All of the body.
    public var body: [UInt8]

    /// A response.
    public init(head: HTTPResponse, body: [UInt8]) {
        self.head = head
        self.body = body
    }
}

/// The response to a request, as far as it has come.
public struct HTTPReply: Sendable {
    /// Status and headers.
    public var head: HTTPResponse
    /// What follows.
    public var body: any HTTPBody

    /// A response whose body is still to come.
    public init(head: HTTPResponse, body: any HTTPBody) {
        self.head = head
        self.body = body
    }
}

/// The body of a response as it arrives.
public protocol HTTPBody: Sendable {
    /// The next bytes as one read gave them, never none; nil at the end in good order. Called by one task at a time.
    ///
    /// Throws when the connection was cut off, once; nil from then on.
    func next() async throws(TransportFailure) -> [UInt8]?

    /// Ends the exchange; ``next()`` then returns nil as soon as it can. May be called more than once, from anywhere.
    func close()
}

/// Why there is no response to a request.
public struct HTTPFailure: Error, Sendable, Equatable {
    /// What happened.
    public var cause: TransportFailure
    /// Whether the server may have received the request, and so may have acted on it.
    public var mayHaveArrived: Bool

    /// A request without a response.
    public init(_ cause: TransportFailure, mayHaveArrived: Bool) {
        self.cause = cause
        self.mayHaveArrived = mayHaveArrived
    }
}

extension HTTPReply {
    /// The response with its whole body; see ``collect(limit:)``.
    public func document(limit: Int) async throws(TransportFailure) -> HTTPDocument {
        HTTPDocument(head: head, body: try await collect(limit: limit))
    }

    /// Reads the whole body and ends the exchange; throws `protocolBroken` when it is longer than `limit` bytes.
    public func collect(limit: Int) async throws(TransportFailure) -> [UInt8] {
        defer { body.close() }
        var bytes: [UInt8] = []
        while let chunk = try await body.next() {
            guard bytes.count + chunk.count <= limit else {
                throw .protocolBroken("the body of the response is longer than the limit of \(limit) bytes")
            }
            bytes += chunk
        }
        return bytes
    }
}
