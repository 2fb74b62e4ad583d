/// Waiting for a server to come to something.
extension ConnectionManager {
    /// What somebody waits for.
    enum Goal {
        /// Connected and tools listed, through all retries.
        case ready(ManagedServer)
        /// Connected and everything listed, by the attempt that is under way.
        case discovered(ManagedServer)
        /// Connected, by the attempt that is under way.
        case connected(ManagedServer)
        /// No server pending.
        case allSettled
    }

    /// Somebody who waits.
    struct Wait {
        var id: Int
        var goal: Goal
        var deadline: Instant?
        var continuation: CheckedContinuation<Result<Void, ConnectionError>, Never>
    }

    /// Returns when the goal is reached; throws when it cannot be, and `cancelled` when the task is.
    func wait(for goal: Goal, until deadline: Instant? = nil) async throws(ConnectionError) {
        if let result = result(of: goal) { return try result.get() }
        lastNumber += 1
        let id = lastNumber
        let result: Result<Void, ConnectionError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(returning: .failure(.cancelled(server: name(of: goal))))
                } else {
                    waits.append(Wait(id: id, goal: goal, deadline: deadline, continuation: continuation))
                    wakeIfNeeded()
                }
            }
        } onCancel: {
            cancellationQueue.yield(.wait(id))
        }
        try result.get()
    }

    /// Ends the waits whose goal is reached, or out of reach.
    func resumeWaits() {
        guard !waits.isEmpty else { return }
        endWaits { result(of: $0.goal) }
    }

    func expireWaits(at now: Instant) {
        endWaits { wait in
            guard let deadline = wait.deadline, deadline <= now else { return nil }
            if case .allSettled = wait.goal { return .success(()) }
            return .failure(.timedOut(server: name(of: wait.goal)))
        }
    }

    func cancelWait(_ id: Int) {
        endWaits { $0.id == id ? .failure(.cancelled(server: name(of: $0.goal))) : nil }
    }

    func endAllWaits(_ error: ConnectionError) {
        endWaits { _ in .failure(error) }
    }

    /// Resumes each wait that has a result, in order, and forgets it.
    private func endWaits(_ result: (Wait) -> Result<Void, ConnectionError>?) {
        var remaining: [Wait] = []
        for wait in waits {
            if let result = result(wait) { wait.continuation.resume(returning: result) } else { remaining.append(wait) }
        }
        waits = remaining
    }

    /// What has become of a goal; nil while it may still be reached.
    private func result(of goal: Goal) -> Result<Void, ConnectionError>? {
        switch goal {
        case .allSettled: return servers.allSatisfy(\.isSettled) ? .success(()) : nil
        case .ready(let server):
            if server.isConnected { return server.settled.contains(.tools) ? .success(()) : nil }
            return server.isSettled ? .failure(server.refusal ?? .notConnected(server: server.name)) : nil
        case .discovered(let server):
            if server.isConnected { return server.settled.count == ListKind.allCases.count ? .success(()) : nil }
            return server.machine.isConnecting ? nil : .failure(server.refusal ?? .notConnected(server: server.name))
        case .connected(let server):
            if server.isConnected { return .success(()) }
            return server.machine.isConnecting ? nil : .failure(server.refusal ?? .notConnected(server: server.name))
        }
    }

    private func name(of goal: Goal) -> String {
        switch goal {
        case .ready(let server), .discovered(let server), .connected(let server): server.name
        case .allSettled: ""
        }
    }
}
