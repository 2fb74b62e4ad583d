import MCPWire

/// Calls of tools, from their beginning to whatever ends them.
extension ManagerState {
    /// A call before it has an id.
    struct CallRequest: Sendable {
        var server: Int
        var number: Int
        var tool: String
        var arguments: JSONValue
        var deadline: Instant?
    }

    /// Prepares a call, which connects a server of `onFirstUse`; true if that is to be waited for (S-017).
    func prepare(
        _ tool: String, on name: String, _ arguments: JSONValue, timeout: Duration?
    ) throws(ConnectionError) -> (CallRequest, isConnecting: Bool) {
        let server = try find(name)
        feedSafely(server, .firstUse)
        let request = CallRequest(
            server: server.index, number: nextNumber(), tool: tool, arguments: arguments,
            deadline: timeout.map { time.now.advanced(by: $0) })
        return (request, server.machine.isConnectingForFirstUse)
    }

    /// Takes a call in and has it sent, or ends it at once with 0 bytes sent.
    func begin(
        _ request: CallRequest, _ continuation: CheckedContinuation<CallLedger.Outcome, Never>, isCancelled: Bool
    ) {
        let server = servers[request.server]
        let refusal: ConnectionError? =
            if isCancelled {
                .cancelled(server: server.name)
            } else {
                lifePhase == .running ? server.refusal : .notInManagerContext
            }
        if let refusal {
            continuation.resume(returning: .failure(refusal))
            return
        }
        let isIdempotent = server.contents.tools.first { $0.name == request.tool }?.isIdempotent ?? false
        let call = CallLedger.Call(
            number: request.number, tool: request.tool, arguments: request.arguments, isIdempotent: isIdempotent,
            deadline: request.deadline)
        callers[call.number] = continuation
        send(call, on: server)
        if let link = server.link, !link.isWriting {
            work.append(.write(server: server.index, generation: link.generation))
        }
        arrangeWork()
    }

    private func send(_ call: CallLedger.Call, on server: ManagedServer) {
        let id = server.ids.next()
        server.ledger.begin(call, requestID: id)
        server.post(RequestWriter.callTool(id, call.tool, call.arguments), callID: id)
    }

    /// Sends the calls once more that may be executed twice (RS-09).
    func resendCalls(of server: ManagedServer) {
        for call in server.ledger.waiting {
            let id = server.ids.next()
            server.ledger.resend(call.number, requestID: id)
            server.post(RequestWriter.callTool(id, call.tool, call.arguments), callID: id)
        }
    }

    func cancelCall(_ request: CallRequest) {
        if let ending = servers[request.server].ledger.cancel(request.number) { end([ending]) }
        arrangeWork()
    }

    /// An answer to a request that the session does not know.
    func answered(_ server: ManagedServer, _ id: Int, _ outcome: CallLedger.Outcome, _ bytes: [UInt8]) {
        switch server.ledger.answered(requestID: id, outcome) {
        case .ending(let ending): end([ending])
        case .late: break
        case .unknown:
            server.keep("a response with the id \(id), which no request waits for", bytes, at: time.now)
        }
    }
}
