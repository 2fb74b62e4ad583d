/// Waiting for a server to come to something.
extension ManagerState {
    /// What somebody waits for; servers by their index.
    enum Goal: Sendable {
        /// Connected and tools listed, through all retries.
        case ready(Int)
        /// Connected and everything listed, by the attempt that is under way.
        case discovered(Int)
        /// Everything listed once more, on the connection of that generation.
        case refreshed(Int, generation: Int)
        /// Connected, by the attempt that is under way.
        case connected(Int)
        /// No server pending.
        case allSettled
    }

    /// What a wait ends with.
    typealias WaitResult = Result<Void, ConnectionError>

    /// Somebody who waits.
    struct Wait {
        var number: Int
        var goal: Goal
        var deadline: Instant?
        var continuation: CheckedContinuation<WaitResult, Never>
    }

    /// Takes a wait in, or ends it at once.
    func begin(_ wait: Wait, isCancelled: Bool) {
        if isCancelled {
            resume(wait, .failure(.cancelled(server: name(of: wait.goal))))
        } else if let result = lifePhase == .running ? result(of: wait.goal) : .failure(.notInManagerContext) {
            resume(wait, result)
        } else {
            waits.append(wait)
            arrangeWork()
        }
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

    func cancelWait(_ number: Int) {
        endWaits { $0.number == number ? .failure(.cancelled(server: name(of: $0.goal))) : nil }
        arrangeWork()
    }

    /// Resumes each wait that has a result, in order, and forgets it.
    func endWaits(_ result: (Wait) -> WaitResult?) {
        guard !waits.isEmpty else { return }
        var remaining: [Wait] = []
        for wait in waits {
            if let result = result(wait) { resume(wait, result) } else { remaining.append(wait) }
        }
        waits = remaining
    }

    private func resume(_ wait: Wait, _ result: WaitResult) {
        let continuation = wait.continuation
        wakings.add { continuation.resume(returning: result) }
    }

    /// What has become of a goal; nil while it may still be reached.
    private func result(of goal: Goal) -> WaitResult? {
        switch goal {
        case .allSettled: return servers.allSatisfy(\.isSettled) ? .success(()) : nil
        case .ready(let index):
            let server = servers[index]
            if server.isConnected { return server.settled.contains(.tools) ? .success(()) : nil }
            return server.isSettled ? failure(server) : nil
        case .discovered(let index):
            let server = servers[index]
            if server.isConnected { return server.settled.count == ListKind.allCases.count ? .success(()) : nil }
            return server.machine.isConnecting ? nil : failure(server)
        case .refreshed(let index, let generation):
            let server = servers[index]
            guard server.isPresent(generation) else { return .failure(.notConnected(server: server.name)) }
            return server.settled.count == ListKind.allCases.count ? .success(()) : nil
        case .connected(let index):
            let server = servers[index]
            if server.isConnected { return .success(()) }
            return server.machine.isConnecting ? nil : failure(server)
        }
    }

    /// Has all lists of a server read again; returns what to wait for.
    func refresh(_ name: String) throws(ConnectionError) -> (server: Int, generation: Int) {
        let server = try find(name)
        if let refusal = server.refusal { throw refusal }
        server.settled = []
        perform(server.withSession { $0.refresh(at: time.now, &$1) }, server)
        haveWritten(server)
        arrangeWork()
        return (server.index, server.machine.generation)
    }

    private func failure(_ server: ManagedServer) -> WaitResult {
        .failure(server.refusal ?? .notConnected(server: server.name))
    }

    private func name(of goal: Goal) -> String {
        switch goal {
        case .ready(let index), .discovered(let index), .refreshed(let index, _), .connected(let index):
            servers[index].name
        case .allSettled: ""
        }
    }
}
