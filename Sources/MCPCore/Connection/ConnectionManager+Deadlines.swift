extension ConnectionManager {
    /// The earliest instant at which anything is due; nil when nothing is waited for.
    var nextDeadline: Instant? {
        var earliest: Instant?
        func consider(_ deadline: Instant?) {
            if let deadline { earliest = earliest.map { min($0, deadline) } ?? deadline }
        }
        for index in servers.indices { consider(servers[index].nextDeadline) }
        for wait in waits { consider(wait.deadline) }
        return earliest
    }

    /// Whether the sleeper sleeps too long, or for nothing. One that wakes too early does no harm.
    var needsAnotherDeadline: Bool {
        guard let next = nextDeadline else { return sleepingUntil != nil }
        return sleepingUntil.map { next < $0 } ?? true
    }

    /// Has ``run()`` go round when there is work to start or another deadline.
    func wakeIfNeeded() {
        guard !isWakeQueued, !work.isEmpty || needsAnotherDeadline else { return }
        isWakeQueued = true
        commandQueue.yield(.wake)
    }

    func handle(_ command: Command) {
        switch command {
        case .wake: isWakeQueued = false
        case .deadline: expire()
        case .cancelCall(let server, let number):
            if let ending = servers[server].ledger.cancel(number) { end([ending]) }
        case .cancelWait(let id): cancelWait(id)
        }
    }

    /// Does what is due now.
    private func expire() {
        let now = time.now
        for index in servers.indices {
            if let due = servers[index].machine.nextDeadline, due <= now { feedSafely(index, .deadline) }
            end(servers[index].ledger.expire(at: now))
        }
        expireWaits(at: now)
    }
}
