import MCPWire

/// Requests of users, from their beginning to whatever ends them.
extension ManagerState {
    /// A call before it has an id.
    struct CallRequest: Sendable {
        var server: Int
        /// The tool that is called; nil for any other request.
        var tool: String?
        var call: CallLedger.Call
    }

    /// Prepares a request, which connects a server of `onFirstUse`; true if that is to be waited for (S-017).
    func prepare(
        _ request: ConnectionManager.Request, on name: String
    ) throws(ConnectionError) -> (CallRequest, isConnecting: Bool) {
        let server = try find(name)
        feedSafely(server, .firstUse)
        let isLocal = server.machine.configuration.transport.isLocal
        let toolIdle = isLocal ? policy.localToolIdle : policy.remoteToolIdle
        let call = CallLedger.Call(
            number: nextNumber(), method: request.method, params: request.params,
            isIdempotent: Self.repeatable.contains(request.method),
            patience: patience(request.timeout, idle: request.tool == nil ? policy.requestTimeout : toolIdle),
            wantsProgress: request.wantsProgress)
        return (
            CallRequest(server: server.index, tool: request.tool, call: call),
            server.machine.isConnectingForFirstUse
        )
    }

    /// The requests of the protocol that do no more when they are sent twice.
    private static let repeatable: Set<String> = [
        "ping", "tools/list", "prompts/list", "prompts/get", "resources/list", "resources/templates/list",
        "resources/read", "completion/complete",
    ]

    /// A time that the caller gives is kept to; otherwise signs of life prolong it, up to a maximum.
    private func patience(_ timeout: Duration?, idle: Duration?) -> CallLedger.Patience {
        if let timeout { return .init(until: time.now.advanced(by: timeout)) }
        return .init(until: policy.requestMax.map { time.now.advanced(by: $0) }, idle: idle)
    }

    /// Takes a call in and has it sent, or ends it at once with 0 bytes sent.
    func begin(
        _ request: CallRequest, _ continuation: CallContinuation, isCancelled: Bool
    ) {
        let server = servers[request.server]
        let refusal: ConnectionError? =
            if isCancelled {
                .cancelled(server: server.name)
            } else {
                lifePhase == .running ? server.refusal(of: request.call.method) : .notInManagerContext
            }
        if let refusal {
            wakings.add { continuation.resume(returning: .ended(.failure(refusal))) }
            return
        }
        var call = request.call
        if let tool = request.tool {
            call.isIdempotent = server.contents.tools.first { $0.name == tool }?.isIdempotent ?? false
        }
        callers[call.number] = Caller(continuation: continuation)
        let id = server.ids.next()
        server.ledger.begin(call, requestID: id, at: time.now)
        post(call, id, on: server)
        haveWritten(server)
        arrangeWork()
    }

    private func post(_ call: CallLedger.Call, _ id: Int, on server: ManagedServer) {
        let token = call.wantsProgress ? id : nil
        server.post(RequestWriter.request(id, call.method, call.params, progressToken: token), callID: id)
    }

    /// Sends the calls once more that wait for a connection (RS-09, SR-14).
    func resendCalls(of server: ManagedServer) {
        for call in server.ledger.waiting { resend(call.number, of: server) }
    }

    private func resend(_ number: Int, of server: ManagedServer) {
        let id = server.ids.next()
        if let call = server.ledger.resend(number, requestID: id) { post(call, id, on: server) }
    }

    func cancelCall(_ request: CallRequest) {
        let server = servers[request.server]
        if let ending = server.ledger.cancel(request.call.number) { end([ending], of: server) }
        arrangeWork()
    }

    /// An answer to a request that the session does not know.
    func answered(_ server: ManagedServer, _ id: Int, _ outcome: CallLedger.Outcome, _ bytes: [UInt8]) {
        switch server.ledger.answered(requestID: id, outcome) {
        case .ending(let ending): end([ending], of: server)
        case .late: server.counts.lateAnswers += 1
        case .unknown:
            server.keep("a response with the id \(id), which no request waits for", bytes, at: time.now)
        }
    }

    /// A request that was taken gets no answer any more; it ends, or is sent once more.
    func requestFailed(
        _ index: Int, _ generation: Int, _ id: MessageID, _ failure: RequestFailure
    ) -> Reading {
        let server = servers[index]
        guard lifePhase == .running, server.isPresent(generation) else { return .leave(isClosing: false) }
        guard let number = Int(id.description) else { return .goOn }
        // A call that is forbidden ends by itself; without its lists a server is of no use (S-029).
        if failure.isForbidden, server.link?.session.listKind(ofRequest: number) != nil {
            return .leave(isClosing: ended(index, generation, .unauthorized(status: 403)))
        }
        var failure = failure
        if case .unauthorized(let status) = failure, server.machine.configuration.hasStaticAuthorization {
            failure = .refused(status: status, text: "")
        }
        if let actions = server.link?.session.requestFailed(number, failure, at: time.now) {
            if perform(actions, server) { return .leave(isClosing: true) }
        } else {
            switch server.ledger.failed(requestID: number, failure) {
            case .ending(let ending): end([ending], of: server)
            case .resend(let call): resend(call, of: server)
            case .none: break
            }
        }
        haveWritten(server)
        arrangeWork()
        return .goOn
    }

    /// Gives callers what their calls ended with, and tells the server of what nobody waits for any more.
    func end(_ endings: [CallLedger.Ending], of server: ManagedServer) {
        for ending in endings {
            if let abandoned = ending.abandoned {
                let isLate = ending.outcome == .failure(.timedOut(server: server.name))
                let reason = isLate ? "no answer within the time given" : "nobody waits for the answer"
                server.post(RequestWriter.cancelled(abandoned, reason: reason))
                haveWritten(server)
            }
            tellCaller(ending.number, ending.outcome)
        }
    }

    /// Has somebody send what is to be sent to a server, unless somebody does.
    func haveWritten(_ server: ManagedServer) {
        guard let link = server.link, !link.isWriting, !link.outbox.isEmpty else { return }
        work.append(.write(server: server.index, generation: link.generation))
    }
}
