import AsyncHTTPClient
import HTTPTypes
import MCPCore
import NIOCore
import NIOHTTP1
import Synchronization

/// One request with its response, between the event loop that carries it and the tasks that wait for it.
///
/// Holds one chunk at most: the next is read from the socket when that one has been taken.
final class LiveExchange: HTTPClientResponseDelegate {
    typealias Response = Void
    typealias HeadContinuation = CheckedContinuation<Result<HTTPReply, HTTPFailure>, Never>
    typealias Chunk = Result<[UInt8]?, TransportFailure>

    private let failure: LiveHTTPFailure
    /// The sender's connections must not end before this.
    private let sender: LiveHTTPSender
    private let state = Mutex(State())

    private struct State: Sendable {
        var task: HTTPClient.Task<Void>?
        var head: HeadContinuation?
        var isSent = false
        var chunk: (bytes: [UInt8], isTaken: EventLoopPromise<Void>)?
        var reader: CheckedContinuation<Chunk, Never>?
        /// How the body ended, once; nil while it goes on.
        var end: Chunk?
        var isClosed = false
        /// Whether it was closed because its time was up.
        var isCutOff = false
    }

    init(_ failure: LiveHTTPFailure, sender: LiveHTTPSender) {
        self.failure = failure
        self.sender = sender
    }

    // MARK: For the tasks

    /// Has the head, or why there is none, given to a continuation; false when the exchange was closed before it began.
    func expectHead(_ head: HeadContinuation) -> Bool {
        let isClosed = state.withLock { state in
            if !state.isClosed { state.head = head }
            return state.isClosed
        }
        if isClosed { head.resume(returning: .failure(HTTPFailure(.closed, mayHaveArrived: false))) }
        return !isClosed
    }

    /// The exchange is under way.
    func begin(_ task: HTTPClient.Task<Void>) {
        let isClosed = state.withLock { state in
            if state.end == nil { state.task = task }
            return state.isClosed
        }
        if isClosed { task.cancel() }
    }

    /// The next chunk, nil at the end; see `HTTPBody`.
    func next() async -> Chunk {
        await withCheckedContinuation { continuation in
            let (chunk, isTaken) = state.withLock { state -> (Chunk?, EventLoopPromise<Void>?) in
                if state.isClosed { return (.success(nil), nil) }
                if let chunk = state.chunk {
                    state.chunk = nil
                    return (.success(chunk.bytes), chunk.isTaken)
                }
                if let end = state.end {
                    state.end = .success(nil)
                    return (end, nil)
                }
                state.reader = continuation
                return (nil, nil)
            }
            if let chunk { continuation.resume(returning: chunk) }
            isTaken?.succeed()
        }
    }

    /// The whole response.
    func document(_ head: Result<HTTPReply, HTTPFailure>, limit: Int) async -> Result<HTTPDocument, HTTPFailure> {
        do throws(HTTPFailure) {
            let reply = try head.get()
            do throws(TransportFailure) {
                let document = try await reply.document(limit: limit)
                // Of a body that was cut off there is only a part.
                if state.withLock(\.isCutOff) { throw .closed }
                return .success(document)
            } catch {
                return .failure(HTTPFailure(error, mayHaveArrived: true))
            }
        } catch {
            return .failure(error)
        }
    }

    /// Ends the exchange after that time, if it has not ended by itself.
    func cutOff(after grace: Duration, on loop: any EventLoop) {
        loop.scheduleTask(in: .nanoseconds(grace.wholeNanoseconds)) { [weak self] in
            guard let self else { return }
            state.withLock { $0.isCutOff = true }
            close()
        }
    }

    /// Ends the exchange, whatever is still to come.
    func close() {
        let (task, reader, chunk) = state.withLock { state in
            state.isClosed = true
            defer { (state.reader, state.chunk) = (nil, nil) }
            return (state.end == nil ? state.task : nil, state.reader, state.chunk)
        }
        reader?.resume(returning: .success(nil))
        task?.cancel()
        chunk?.isTaken.succeed()
    }

    // MARK: For the event loop

    func didSendRequestHead(task: HTTPClient.Task<Void>, _ head: HTTPRequestHead) {
        state.withLock { $0.isSent = true }
    }

    func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        let continuation = state.withLock { state in
            defer { state.head = nil }
            return state.head
        }
        guard let continuation else { return task.eventLoop.makeSucceededVoidFuture() }
        guard let response = HTTPResponse(head) else {
            let reason = "the answer has no status of three digits, or is compressed"
            continuation.resume(returning: .failure(HTTPFailure(.protocolBroken(reason), mayHaveArrived: true)))
            close()
            return task.eventLoop.makeSucceededVoidFuture()
        }
        continuation.resume(returning: .success(HTTPReply(head: response, body: LiveHTTPBody(self))))
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
        guard buffer.readableBytes > 0 else { return task.eventLoop.makeSucceededVoidFuture() }
        let bytes = Array(buffer.readableBytesView)
        let promise = task.eventLoop.makePromise(of: Void.self)
        let reader = state.withLock { state in
            defer { state.reader = nil }
            if state.reader == nil, !state.isClosed { state.chunk = (bytes, promise) }
            return (continuation: state.reader, isKept: state.chunk != nil)
        }
        reader.continuation?.resume(returning: .success(bytes))
        if !reader.isKept { promise.succeed() }
        return promise.futureResult
    }

    func didFinishRequest(task: HTTPClient.Task<Void>) throws { end(.success(nil), nil) }

    func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) {
        let cause = failure.cause(of: error, isSent: state.withLock(\.isSent))
        end(.failure(cause), cause)
    }

    private func end(_ end: Chunk, _ cause: TransportFailure?) {
        let ended = state.withLock { state in
            defer { (state.head, state.reader, state.task) = (nil, nil, nil) }
            if state.end == nil { state.end = state.reader == nil ? end : .success(nil) }
            return (head: state.head, reader: state.reader, isSent: state.isSent)
        }
        ended.reader?.resume(returning: end)
        let failure = HTTPFailure(cause ?? .closed, mayHaveArrived: ended.isSent)
        ended.head?.resume(returning: .failure(failure))
    }
}

/// The body of a live response; the exchange ends when nobody holds it any more.
private final class LiveHTTPBody: HTTPBody {
    private let exchange: LiveExchange

    init(_ exchange: LiveExchange) {
        self.exchange = exchange
    }

    deinit { exchange.close() }

    func next() async throws(TransportFailure) -> [UInt8]? { try await exchange.next().get() }

    func close() { exchange.close() }
}

extension HTTPResponse {
    /// The head of a response; nil for a status that is none, and for a body that is compressed though nobody asked.
    fileprivate init?(_ head: HTTPResponseHead) {
        guard (100...999).contains(head.status.code) else { return nil }
        let encodings = head.headers[canonicalForm: "Content-Encoding"]
        guard encodings.allSatisfy({ $0.lowercased() == "identity" }) else { return nil }
        self.init(status: .init(code: Int(head.status.code), reasonPhrase: head.status.reasonPhrase))
        for (name, value) in head.headers {
            guard let name = HTTPField.Name(name) else { continue }
            headerFields.append(HTTPField(name: name, value: value))
        }
    }
}
