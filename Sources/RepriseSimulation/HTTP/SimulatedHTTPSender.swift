import HTTPTypes
import MCPCore

/// Sends the requests of one client to the servers of a network.
struct SimulatedHTTPSender: HTTPSender {
    private let traffic: HTTPTraffic
    private let client: Int

    init(_ traffic: HTTPTraffic, client: Int) {
        self.traffic = traffic
        self.client = client
    }

    func send(_ request: HTTPRequest, body: [UInt8]) async throws(HTTPFailure) -> HTTPReply {
        guard !Task.isCancelled else { throw HTTPFailure(.closed, mayHaveArrived: false) }
        guard let exchange = traffic.open(request, body: body, client: client) else { throw unknownServer(request) }
        return HTTPReply(head: try await exchange.head(), body: exchange)
    }

    func complete(
        _ request: HTTPRequest, body: [UInt8], limit: Int, grace: Duration
    ) async throws(HTTPFailure) -> HTTPDocument {
        guard !Task.isCancelled else { throw HTTPFailure(.closed, mayHaveArrived: false) }
        guard let exchange = traffic.open(request, body: body, client: client) else { throw unknownServer(request) }
        exchange.outlivesCancellation = true
        let result = await withTaskCancellationHandler {
            await exchange.document(limit: limit)
        } onCancel: {
            exchange.cutOff(after: grace)
        }
        return try result.get()
    }

    private func unknownServer(_ request: HTTPRequest) -> HTTPFailure {
        let origin = "\(request.scheme ?? "")://\(request.authority ?? "")"
        return HTTPFailure(.misconfigured("no server of this network has the origin \(origin)"), mayHaveArrived: false)
    }
}

/// The client's end of one exchange: its response, as far as it has come, and at most one task that waits for more.
final class SimulatedExchange: HTTPBody, @unchecked Sendable {
    private enum State {
        case waiting
        case open
        /// Nothing comes behind what is in the buffer.
        case ended
        /// As `ended`, and the next reader behind the buffer is told once.
        case failed(TransportFailure)
    }

    private let traffic: HTTPTraffic
    private let simulation: Simulation
    private let number: Int
    private let name: String
    private let client: Int
    /// Whether cancelling the task that waits changes nothing.
    var outlivesCancellation = false
    /// What ends the exchange some time after the task was cancelled.
    private var cut: UInt64?
    private var isCutOff = false
    private var state = State.waiting
    private var response: Result<HTTPResponse, HTTPFailure>?
    private var headWaiter: UnsafeContinuation<Void, Never>?
    private var bodyWaiter: UnsafeContinuation<Void, Never>?
    private var wait: UInt64 = 0
    private var buffer: [[UInt8]] = []
    private var bufferHead = 0

    init(_ traffic: HTTPTraffic, number: Int, name: String, client: Int) {
        self.traffic = traffic
        simulation = traffic.simulation
        self.number = number
        self.name = name
        self.client = client
    }

    // MARK: From the network

    func begin(_ head: HTTPResponse) {
        state = .open
        response = .success(head)
        wake(&headWaiter)
    }

    func receive(_ bytes: [UInt8]) {
        buffer.append(bytes)
        wake(&bodyWaiter)
    }

    func end() {
        state = .ended
        wake(&bodyWaiter)
    }

    func fail(_ failure: TransportFailure, mayHaveArrived: Bool) {
        if response == nil {
            response = .failure(HTTPFailure(failure, mayHaveArrived: mayHaveArrived))
            state = .ended
            wake(&headWaiter)
        } else {
            state = .failed(failure)
            wake(&bodyWaiter)
        }
    }

    /// The simulation has ended, and with it all tasks.
    func tearDown() { state = .ended }

    private func wake(_ waiter: inout UnsafeContinuation<Void, Never>?) {
        guard let waiting = waiter else { return }
        waiter = nil
        simulation.endWait(wait)
        waiting.resume()
    }

    // MARK: From the client

    /// The head of the response, once it has come; cancelling ends the exchange.
    func head() async throws(HTTPFailure) -> HTTPResponse {
        if response == nil {
            await withTaskCancellationHandler {
                await withUnsafeContinuation { continuation in
                    guard !isLetGo else { return continuation.resume() }
                    headWaiter = continuation
                    wait = simulation.beginWait("the response to \(self.name) of client \(self.client)")
                }
            } onCancel: {
                // From another thread it is an escape, which the simulation finds out by itself.
                if simulation.isOnOwnThread, !outlivesCancellation { wake(&headWaiter) }
            }
        }
        guard let response else {
            close()
            throw HTTPFailure(.closed, mayHaveArrived: true)
        }
        return try response.get()
    }

    func next() async throws(TransportFailure) -> [UInt8]? {
        if bufferHead == buffer.count, case .open = state {
            await withTaskCancellationHandler {
                await withUnsafeContinuation { continuation in
                    precondition(bodyWaiter == nil, "two tasks read the response to \(name)")
                    guard !isLetGo else { return continuation.resume() }
                    bodyWaiter = continuation
                    wait = simulation.beginWait("more of the response to \(self.name) of client \(self.client)")
                }
            } onCancel: {
                if simulation.isOnOwnThread, !outlivesCancellation { wake(&bodyWaiter) }
            }
        }
        if bufferHead < buffer.count { return takeFromBuffer() }
        switch state {
        case .failed(let failure):
            state = .ended
            throw failure
        case .open:
            // Nobody but a cancelled task comes here.
            close()
            return nil
        case .waiting, .ended: return nil
        }
    }

    private var isLetGo: Bool { Task.isCancelled && !outlivesCancellation || isCutOff }

    /// The whole response.
    func document(limit: Int) async -> Result<HTTPDocument, HTTPFailure> {
        defer { if let cut { simulation.cancel(cut) } }
        do throws(HTTPFailure) {
            let head = try await head()
            do throws(TransportFailure) {
                let body = try await HTTPReply(head: head, body: self).collect(limit: limit)
                // Of a body that was cut off there is only a part.
                if isCutOff { throw .closed }
                return .success(HTTPDocument(head: head, body: body))
            } catch {
                return .failure(HTTPFailure(error, mayHaveArrived: true))
            }
        } catch {
            return .failure(error)
        }
    }

    /// The task was cancelled, and waits only so much longer.
    func cutOff(after grace: Duration) {
        // From another thread it is an escape, which the simulation finds out by itself.
        guard simulation.isOnOwnThread, cut == nil else { return }
        cut = simulation.schedule(at: simulation.now.advanced(by: grace), .timer) {
            self.isCutOff = true
            self.wake(&self.headWaiter)
            self.close()
        }
    }

    private func takeFromBuffer() -> [UInt8] {
        let bytes = buffer[bufferHead]
        bufferHead += 1
        if bufferHead == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            bufferHead = 0
        }
        return bytes
    }

    func close() {
        (buffer, bufferHead) = ([], 0)
        switch state {
        case .waiting, .open: traffic.abandon(number)
        case .ended, .failed: break
        }
        state = .ended
        wake(&bodyWaiter)
    }
}
