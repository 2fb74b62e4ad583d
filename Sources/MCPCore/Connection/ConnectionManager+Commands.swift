import MCPWire

/// What users of a manager ask of it.
extension ConnectionManager {
    /// Returns when the server is connected and its tools are listed, after however many retries.
    ///
    /// Throws `notConnected`, `needsAuth` or `disabled` when no further attempt will be made by itself, `cancelled`,
    /// `notInManagerContext` and `unknownServer`.
    public nonisolated func ready(_ server: String) async throws(ConnectionError) {
        let index = try state.withLock { state throws(ConnectionError) in try state.find(server).index }
        try await wait(for: .ready(index))
    }

    /// Returns when every server is connected and listed or waits for the user, at the latest after `timeout`.
    ///
    /// The statuses come in the order of the servers. Throws `notInManagerContext` and `cancelled`.
    public nonisolated func allSettled(
        timeout: Duration
    ) async throws(ConnectionError) -> [(server: String, status: ServerStatus)] {
        try await wait(for: .allSettled, until: time.now.advanced(by: timeout))
        return state.withLock { state in
            state.servers.compactMap { server in server.machine.status.map { (server.name, $0) } }
        }
    }

    /// Connects afresh, with another configuration if one is given, and returns what the server lists then (S-020).
    ///
    /// An attempt that is under way is joined (RS-14). Throws `notConnected` when the attempt fails, after which retries
    /// go on by themselves; `disabled` and `needsAuth` with 0 bytes sent; `cancelled`, `notInManagerContext` and
    /// `unknownServer`.
    @discardableResult
    public nonisolated func reconnect(
        _ name: String, with configuration: ServerConfiguration? = nil
    ) async throws(ConnectionError) -> ServerContents {
        var replacement = configuration
        replacement?.name = name
        let index = try feed(name, .reconnect(replacement))
        try await wait(for: .discovered(index))
        return state.withLock { $0.servers[index].contents }
    }

    /// Switches a server off, with its tools gone on return, or on, with its tools listed on return (S-021).
    ///
    /// Nothing is done for one that is off or on already. Throws `disabled` for one that a policy switched off (S-036);
    /// what ``reconnect(_:with:)`` throws when connecting fails.
    public nonisolated func toggle(_ name: String, _ isOn: Bool) async throws(ConnectionError) {
        guard isOn else {
            _ = try feed(name, .disable(.user))
            return
        }
        let isOff = try state.withLock { state throws(ConnectionError) in
            try state.find(name).machine.status?.state == .disabled
        }
        if isOff { try await wait(for: .discovered(feed(name, .enable))) }
    }

    /// The user starts to sign in: a failed server needs sign-in now (S-030).
    ///
    /// Throws `illegalTransition` for a server that is connected or pending, `disabled`, `notInManagerContext` and
    /// `unknownServer`.
    public func beginSignIn(_ server: String) throws(ConnectionError) {
        _ = try feed(server, .beginSignIn)
    }

    /// The user's sign-in is over: connects at once, or fails for good (S-030).
    ///
    /// Throws as ``beginSignIn(_:)``, `illegalTransition` also for a server that needs no sign-in.
    public func completeSignIn(_ server: String, succeeded: Bool) throws(ConnectionError) {
        _ = try feed(server, .endSignIn(succeeded: succeeded))
    }

    /// Returns when the goal is reached; throws when it cannot be, and `cancelled` when the task is.
    nonisolated func wait(
        for goal: ManagerState.Goal, until deadline: Instant? = nil
    ) async throws(ConnectionError) {
        let number = state.withLock { $0.nextNumber() }
        let result: ManagerState.WaitResult = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    let wait = ManagerState.Wait(
                        number: number, goal: goal, deadline: deadline, continuation: continuation)
                    state.begin(wait, isCancelled: Task.isCancelled)
                }
            }
        } onCancel: {
            state.withLock { $0.cancelWait(number) }
        }
        try result.get()
    }

    /// Tells the machine of a server what the user wants; returns the server's index.
    private nonisolated func feed(
        _ name: String, _ input: ConnectionMachine.Input
    ) throws(ConnectionError) -> Int {
        try state.withLock { state throws(ConnectionError) in
            let server = try state.find(name)
            try state.feed(server, input)
            return server.index
        }
    }
}
