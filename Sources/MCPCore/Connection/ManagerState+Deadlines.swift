extension ManagerState {
    /// The earliest instant at which anything is due; nil when nothing is waited for.
    var nextDeadline: Instant? {
        var earliest: Instant?
        func consider(_ deadline: Instant?) {
            if let deadline { earliest = earliest.map { min($0, deadline) } ?? deadline }
        }
        for server in servers { consider(server.nextDeadline) }
        for wait in waits { consider(wait.deadline) }
        return earliest
    }

    /// Whether the sleeper sleeps too long, or for nothing. One that wakes too early does no harm.
    var needsAnotherDeadline: Bool {
        guard let next = nextDeadline else { return sleepingUntil != nil }
        return sleepingUntil.map { next < $0 } ?? true
    }

    /// Has ``ConnectionManager/run()`` go round when there is work to start or another deadline.
    func wakeIfNeeded() {
        if !work.isEmpty || needsAnotherDeadline { unpark() }
    }

    /// The sleeper begins: until when it is to sleep, nil if there is nothing to wait for.
    func beginSleep() -> Instant? {
        sleepingUntil = nextDeadline
        return sleepingUntil
    }

    func endSleep() { sleepingUntil = nil }

    /// The sleeper has slept until its deadline: does what is due now, and has another deadline looked for.
    func expire() {
        sleepingUntil = nil
        let now = time.now
        for server in servers {
            if let due = server.machine.nextDeadline, due <= now { feedSafely(server, .deadline) }
            end(server.ledger.expire(at: now))
        }
        expireWaits(at: now)
        unpark()
    }
}
