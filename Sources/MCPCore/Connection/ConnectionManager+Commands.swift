import MCPWire

/// What users of a manager ask of it.
extension ConnectionManager {
    /// Returns when the server is connected and its tools are listed, after however many retries.
    ///
    /// Throws `notConnected`, `needsAuth` or `disabled` when no further attempt will be made by itself, `cancelled`,
    /// `notInManagerContext` and `unknownServer`.
    public func ready(_ server: String) async throws(ConnectionError) {
        try await wait(for: .ready(find(server)))
    }

    /// Returns when every server is connected and listed or waits for the user, at the latest after `timeout`.
    ///
    /// The statuses come in the order of the servers. Throws `notInManagerContext` and `cancelled`.
    public func allSettled(
        timeout: Duration
    ) async throws(ConnectionError) -> [(server: String, status: ServerStatus)] {
        guard lifePhase == .running else { throw .notInManagerContext }
        try await wait(for: .allSettled, until: time.now.advanced(by: timeout))
        return servers.compactMap { server in server.machine.status.map { (server.name, $0) } }
    }

    /// Connects afresh, with another configuration if one is given, and returns what the server lists then (S-020).
    ///
    /// An attempt that is under way is joined (RS-14). Throws `notConnected` when the attempt fails, after which retries
    /// go on by themselves; `disabled` and `needsAuth` with 0 bytes sent; `cancelled`, `notInManagerContext` and
    /// `unknownServer`.
    @discardableResult
    public func reconnect(
        _ name: String, with configuration: ServerConfiguration? = nil
    ) async throws(ConnectionError) -> ServerContents {
        let server = try find(name)
        var replacement = configuration
        replacement?.name = name
        try feed(server, .reconnect(replacement))
        try await wait(for: .discovered(server))
        return server.contents
    }

    /// Switches a server off, with its tools gone on return, or on, with its tools listed on return (S-021).
    ///
    /// Nothing is done for one that is off or on already. Throws `disabled` for one that a policy switched off (S-036);
    /// what ``reconnect(_:with:)`` throws when connecting fails.
    public func toggle(_ name: String, _ isOn: Bool) async throws(ConnectionError) {
        let server = try find(name)
        guard isOn else { return try feed(server, .disable(.user)) }
        guard server.machine.status?.state == .disabled else { return }
        try feed(server, .enable)
        try await wait(for: .discovered(server))
    }

    /// The user starts to sign in: a failed server needs sign-in now (S-030).
    ///
    /// Throws `illegalTransition` for a server that is connected or pending, `disabled`, `notInManagerContext` and
    /// `unknownServer`.
    public func beginSignIn(_ server: String) throws(ConnectionError) {
        try feed(find(server), .beginSignIn)
    }

    /// The user's sign-in is over: connects at once, or fails for good (S-030).
    ///
    /// Throws as ``beginSignIn(_:)``, `illegalTransition` also for a server that needs no sign-in.
    public func completeSignIn(_ server: String, succeeded: Bool) throws(ConnectionError) {
        try feed(find(server), .endSignIn(succeeded: succeeded))
    }

    /// Calls a tool and returns the `result` of the answer, as the server sent it.
    ///
    /// A server of `onFirstUse` is connected first (S-017). Throws `notConnected`, `needsAuth` or `disabled` with 0 bytes
    /// sent; `outcomeUnknown` when the connection ends before the answer, unless the tool is idempotent and the call is
    /// answered when sent once more (RS-09); `refused` with the server's error; `timedOut` after `timeout`, nil being
    /// without limit; `cancelled`, `notInManagerContext` and `unknownServer`.
    public func callTool(
        _ tool: String, on name: String, arguments: JSONValue, timeout: Duration? = nil
    ) async throws(ConnectionError) -> JSONValue {
        let server = try find(name)
        let deadline = timeout.map { time.now.advanced(by: $0) }
        feedSafely(server, .firstUse)
        if server.machine.isConnectingForFirstUse {
            try await wait(for: .connected(server), until: deadline)
            guard lifePhase == .running else { throw .notInManagerContext }
        }
        if let refusal = server.refusal { throw refusal }
        lastNumber += 1
        let (number, index) = (lastNumber, server.index)
        let isIdempotent = server.contents.tools.first { $0.name == tool }?.isIdempotent ?? false
        let call = CallLedger.Call(
            number: number, tool: tool, arguments: arguments, isIdempotent: isIdempotent, deadline: deadline)
        let outcome: CallLedger.Outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(returning: .failure(.cancelled(server: name)))
                } else {
                    begin(call, server, continuation)
                }
            }
        } onCancel: {
            cancellationQueue.yield(.call(server: index, number: number))
        }
        return try outcome.get()
    }

    private func begin(
        _ call: CallLedger.Call, _ server: ManagedServer,
        _ continuation: CheckedContinuation<CallLedger.Outcome, Never>
    ) {
        let id = server.ids.next()
        callers[call.number] = continuation
        server.ledger.begin(call, requestID: id)
        server.post(RequestWriter.callTool(id, call.tool, call.arguments), callID: id)
        if let link = server.link, !link.isWriting {
            work.append(.write(server: server.index, generation: link.generation))
        }
        wakeIfNeeded()
    }

    /// Gives callers what their calls ended with.
    func end(_ endings: [CallLedger.Ending]) {
        for ending in endings { callers.removeValue(forKey: ending.number)?.resume(returning: ending.outcome) }
    }
}
