import HTTPTypes
import MCPWire

/// One session over Streamable HTTP: does what its machine says, in tasks of the connector.
///
/// All that its tasks share stands behind one lock, which nobody holds while waiting.
final class StreamableHTTPStream: MessageStream {
    /// By which the connector knows it.
    let number: Int
    private let state: WakingLock<HTTPStreamState>
    private let sender: any HTTPSender
    private let time: any TimeSource
    private let authorizer: (any RequestAuthorizer)?
    private let tasks: ConnectorTasks

    init(
        number: Int, machine: StreamableHTTPMachine, sender: any HTTPSender, time: any TimeSource,
        authorizer: (any RequestAuthorizer)?, limits: StreamableHTTPLimits, tasks: ConnectorTasks
    ) {
        self.number = number
        state = WakingLock { HTTPStreamState(machine: machine, limits: limits, wakings: $0) }
        self.sender = sender
        self.time = time
        self.authorizer = authorizer
        self.tasks = tasks
    }

    // MARK: MessageStream

    func send(_ message: [UInt8]) async throws(TransportFailure) {
        if let failure = feed(.send(message)) { throw failure }
    }

    func next() async -> StreamEvent? {
        if let next = state.withLock({ $0.takeEvent() }) { return next.event }
        return await withUnsafeContinuation { continuation in state.withLock { $0.await(continuation) } }
    }

    func takeBack() -> [MessageID] { state.withLock { $0.takeBack() } }

    func close() async {
        feed(.close)
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in state.withLock { $0.awaitFinish(continuation) } }
        } onCancel: {
            abandon()
            tasks.forget(self)
        }
    }

    /// Nobody waits for a good end any more, or the connector has ended, so that there can be none.
    func abandon() {
        for body in state.withLock({ $0.finish() }) { body.close() }
    }

    // MARK: The machine

    /// Gives the machine an input and begins what it says; returns why a message was not taken.
    @discardableResult
    private func feed(_ input: StreamableHTTPMachine.Input) -> TransportFailure? {
        let orders = state.withLock { $0.receive(input, at: time.now) }
        for body in orders.closing { body.close() }
        var work: [ConnectorTasks.Work] = orders.begun.map { call in { await self.carry(call) } }
        if let sleep = orders.sleep { work.append { await self.sleep(until: sleep.until, sleep.number) } }
        tasks.add(work)
        if orders.isFinished { tasks.forget(self) }
        return orders.rejection
    }

    private func sleep(until deadline: Instant, _ number: Int) async {
        // Inside the closure the task may be cancelled from elsewhere: when another deadline comes first, or none.
        await withUnsafeCurrentTask { task in
            guard let task, state.withLock({ $0.beginSleep(number, TaskHandle(task)) }) else { return }
            let isDue = (try? await time.sleep(until: deadline)) != nil
            if state.withLock({ $0.endSleep(number) }), isDue { feed(.deadline) }
        }
    }

    // MARK: Exchanges

    /// Sends a request and reads the response, until one of them ends it.
    private func carry(_ call: HTTPStreamState.Call) async {
        // Inside the closure the task may be cancelled from elsewhere: when the machine lets go of the exchange.
        await withUnsafeCurrentTask { task in
            guard let task, state.withLock({ $0.begin(call.exchange, TaskHandle(task)) }) else { return }
            await talk(call)
            state.withLock { $0.exchanges[call.exchange] = nil }
        }
    }

    private func talk(_ call: HTTPStreamState.Call) async {
        let exchange = call.exchange
        var request = call.request
        var token = call.token
        if token == nil, let authorizer { token = await authorizer.token() }
        if let token { request.headerFields[.authorization] = "Bearer \(token.value)" }
        guard state.withLock({ $0.beginSending(exchange) }) else { return }
        let reply: HTTPReply
        do throws(HTTPFailure) {
            reply = try await sender.send(request, body: call.body)
        } catch {
            feed(.failed(exchange: exchange, error))
            return
        }
        defer { reply.body.close() }
        guard state.withLock({ $0.attach(reply.body, to: exchange, token) }) else { return }
        feed(.head(exchange: exchange, reply.head))
        guard let refusal = state.withLock({ $0.exchanges[exchange]?.refusal }) else {
            return await read(reply.body, exchange)
        }
        let status = refusal.status
        // Why something is forbidden is of use when no token allows it; of a token there is nothing more to know.
        if status != 403 { reply.body.close() }
        let recovery = await authorizer?.recover(from: refusal) ?? .refused("the server answered with status \(status)")
        feed(.recovered(exchange: exchange, recovery))
        if status == 403 { await read(reply.body, exchange) }
    }

    private func read(_ body: any HTTPBody, _ exchange: Int) async {
        while await hasRoom(exchange) {
            do throws(TransportFailure) {
                guard let bytes = try await body.next() else {
                    feed(.ended(exchange: exchange, nil))
                    return
                }
                feed(.body(exchange: exchange, bytes))
            } catch {
                feed(.ended(exchange: exchange, error))
                return
            }
        }
    }

    /// Waits until there is room for what a body brings; false when the exchange is over.
    private func hasRoom(_ exchange: Int) async -> Bool {
        while true {
            if let answer = state.withLock({ $0.hasRoom(exchange) }) { return answer }
            await withUnsafeContinuation { continuation in state.withLock { $0.pause(exchange, continuation) } }
        }
    }
}
