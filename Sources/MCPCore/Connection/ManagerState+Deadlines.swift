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

    /// Has somebody sleep until the next deadline; a sleeper that wakes too early does no harm.
    func arrangeSleep() {
        let next = nextDeadline
        if let sleeper {
            if let next, sleeper.until <= next { return }
            sleeper.task?.cancel()
            self.sleeper = nil
        }
        guard let next else { return }
        let number = nextNumber()
        sleeper = Sleeper(number: number, until: next)
        work.append(.sleep(until: next, number: number))
    }

    /// A task is about to sleep; false if it need not any more.
    func beginSleep(_ number: Int, _ task: TaskHandle) -> Bool {
        guard sleeper?.number == number else { return false }
        sleeper?.task = task
        return true
    }

    /// The sleeper is awake; when it has slept until its deadline, does what is due now.
    func endSleep(_ number: Int, isDue: Bool) {
        guard sleeper?.number == number else { return }
        sleeper = nil
        guard isDue, lifePhase == .running else { return }
        lastEvent {
            let now = time.now
            for server in servers {
                if let due = server.machine.nextDeadline, due <= now { feedSafely(server, .deadline) }
                end(server.ledger.expire(at: now), of: server)
                perform(server.withSession { $0.expire(at: now, &$1) }, server)
                haveWritten(server)
            }
            expireWaits(at: now)
        }
    }
}
