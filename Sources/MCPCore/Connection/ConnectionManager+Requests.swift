import MCPWire

/// What users of a manager ask of servers.
extension ConnectionManager {
    /// Who is told how far a server has come with a request: in order, in the task of the call, and never after its end.
    public typealias ProgressObserver = @Sendable (RequestProgress) -> Void

    /// A request as it is asked for.
    struct Request: Sendable {
        var method: String
        var params: JSONValue?
        /// The tool that it calls; nil for any other request.
        var tool: String?
        var timeout: Duration?
        var wantsProgress = false
    }

    /// Calls a tool and returns the `result` of the answer, as the server sent it.
    ///
    /// A server of `onFirstUse` is connected first (S-017). Throws `disabled` or `undeclared` with 0 bytes sent;
    /// `notConnected` or `needsAuth` when no server has executed the call, though one may have refused it;
    /// `outcomeUnknown` when what would have carried the answer is gone, unless the tool is idempotent and the call is
    /// answered when sent once more (RS-09); `refused` with the server's error; `rejected` with an HTTP status; `timedOut`
    /// after `timeout`; `cancelled`, `notInManagerContext` and `unknownServer`.
    ///
    /// Without a `timeout` a call ends when the server gives no sign of life for the policy's idle time, and at the latest
    /// after its `requestMax`. The server is told of every call that is given up (`notifications/cancelled`). It is asked
    /// for progress only if there is somebody to hear of it.
    public nonisolated func callTool(
        _ tool: String, on name: String, arguments: JSONValue, timeout: Duration? = nil,
        progress: ProgressObserver? = nil
    ) async throws(ConnectionError) -> JSONValue {
        let params: JSONValue = ["name": .string(tool), "arguments": arguments]
        let request = Request(
            method: "tools/call", params: params, tool: tool, timeout: timeout, wantsProgress: progress != nil)
        return try await perform(request, on: name, progress)
    }

    /// Makes a request of any method but `initialize`, such as `resources/read`, and returns the `result` of the answer.
    ///
    /// As ``callTool(_:on:arguments:timeout:progress:)``, with the policy's `requestTimeout` as the idle time. What only
    /// reads is sent once more when its answer is lost.
    public nonisolated func request(
        _ method: String, params: JSONValue? = nil, on name: String, timeout: Duration? = nil,
        progress: ProgressObserver? = nil
    ) async throws(ConnectionError) -> JSONValue {
        let request = Request(method: method, params: params, timeout: timeout, wantsProgress: progress != nil)
        return try await perform(request, on: name, progress)
    }

    /// Has a notification sent; nobody learns whether it arrives.
    ///
    /// Throws `notConnected`, `needsAuth` or `disabled` when there is no connection, `notInManagerContext` and
    /// `unknownServer`.
    public func notify(_ method: String, params: JSONValue? = nil, on name: String) throws(ConnectionError) {
        try state.withLock { state throws(ConnectionError) in
            let server = try state.find(name)
            if let refusal = server.refusal { throw refusal }
            server.post(RequestWriter.notification(method, params))
            state.haveWritten(server)
            state.arrangeWork()
        }
    }

    /// Has the lists of a server read again, and returns them (S-039).
    ///
    /// A list that cannot be had now stays as it was. Throws `notConnected` when there is no connection or it is lost,
    /// `needsAuth`, `disabled`, `cancelled`, `notInManagerContext` and `unknownServer`.
    @discardableResult
    public nonisolated func refresh(_ name: String) async throws(ConnectionError) -> ServerContents {
        let (index, generation) = try state.withLock { state throws(ConnectionError) in try state.refresh(name) }
        try await wait(for: .refreshed(index, generation: generation))
        return state.withLock { $0.servers[index].contents }
    }

    private nonisolated func perform(
        _ request: Request, on name: String, _ progress: ProgressObserver?
    ) async throws(ConnectionError) -> JSONValue {
        let (prepared, isConnecting) = try state.withLock { state throws(ConnectionError) in
            try state.prepare(request, on: name)
        }
        if isConnecting { try await wait(for: .connected(prepared.server), until: prepared.call.patience.end) }
        let outcome: CallLedger.Outcome = await withTaskCancellationHandler {
            var news = await withCheckedContinuation { continuation in
                state.withLock { $0.begin(prepared, continuation, isCancelled: Task.isCancelled) }
            }
            while true {
                switch news {
                case .ended(let outcome): return outcome
                case .progress(let steps): for step in steps { progress?(step) }
                }
                news = await withCheckedContinuation { continuation in
                    state.withLock { $0.awaitNews(prepared.call.number, continuation) }
                }
            }
        } onCancel: {
            state.withLock { $0.cancelCall(prepared) }
        }
        return try outcome.get()
    }
}
