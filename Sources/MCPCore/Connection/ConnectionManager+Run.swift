/// The life of a manager.
extension ConnectionManager {
    /// Loads and connects the servers; returns after ``stop()`` or cancellation, when every stream is closed.
    ///
    /// A manager runs once: a second call returns at once.
    public nonisolated func run() async {
        await withTaskCancellationHandler {
            guard state.withLock({ $0.start() }) else { return }
            // Streams are closed in a group that is not cancelled when the other work is.
            await withDiscardingTaskGroup { closing in
                await withDiscardingTaskGroup { group in
                    while await work(&group, &closing) {}
                    group.cancelAll()
                }
            }
        } onCancel: {
            state.withLock { $0.stop() }
        }
    }

    /// Returns when ``run()`` has begun; for those who start it in a task of their own.
    public nonisolated func started() async {
        await withCheckedContinuation { continuation in state.withLock { $0.awaitStart(continuation) } }
    }

    /// Ends ``run()``: every call and wait ends at once, and every stream is closed.
    public func stop() {
        state.withLock { $0.stop() }
    }

    /// Starts what there is to start until the sleeper needs another deadline; false when the manager is to end.
    private nonisolated func work(
        _ group: inout DiscardingTaskGroup, _ closing: inout DiscardingTaskGroup
    ) async -> Bool {
        guard start(&group, &closing) else { return false }
        guard let deadline = state.withLock({ $0.beginSleep() }) else {
            await park()
            return true
        }
        await withDiscardingTaskGroup { sleeper in
            if #available(macOS 26, *) {
                sleeper.addImmediateTask { await self.sleep(until: deadline) }
            } else {
                sleeper.addTask { await self.sleep(until: deadline) }
            }
            repeat { await park() } while start(&group, &closing) && !state.withLock { $0.needsAnotherDeadline }
            sleeper.cancelAll()
        }
        state.withLock { $0.endSleep() }
        return true
    }

    private nonisolated func sleep(until deadline: Instant) async {
        do {
            try await time.sleep(until: deadline)
        } catch {
            // There is another deadline now, or none.
            return
        }
        state.withLock { $0.expire() }
    }

    private nonisolated func park() async {
        await withUnsafeContinuation { continuation in state.withLock { $0.park(continuation) } }
    }

    /// Starts the tasks that wait to be started; false when the manager is to end.
    private nonisolated func start(
        _ group: inout DiscardingTaskGroup, _ closing: inout DiscardingTaskGroup
    ) -> Bool {
        while true {
            let (work, isRunning) = state.withLock { ($0.takeWork(), $0.lifePhase == .running) }
            for item in work {
                if case .close(let stream) = item {
                    closing.addTask { await stream.close() }
                } else if #available(macOS 26, *) {
                    // Runs at once, until it first has to wait.
                    group.addImmediateTask { await self.perform(item) }
                } else {
                    group.addTask { await self.perform(item) }
                }
            }
            if work.isEmpty { return isRunning }
        }
    }

    private nonisolated func perform(_ item: ManagerState.Work) async {
        switch item {
        case .connect(let server, let generation):
            await carry(server, generation, state.withLock { $0.servers[server].machine.configuration })
        case .write(let server, let generation):
            guard let stream = state.withLock({ $0.servers[server].link?.stream }) else { return }
            await write(server, generation, stream)
        case .close(let stream): await stream.close()
        }
    }
}
