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
                    while start(&group, &closing) { await park() }
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
                    group.addImmediateTask { await self.labour(item) }
                } else {
                    group.addTask { await self.labour(item) }
                }
            }
            if work.isEmpty { return isRunning }
        }
    }

    /// Does that work, and then whatever else there is; to go on is cheaper than to start another task.
    private nonisolated func labour(_ first: ManagerState.Work) async {
        var next: ManagerState.Work? = first
        while let item = next {
            await perform(item)
            next = Task.isCancelled ? nil : state.withLock { $0.takeNext() }
        }
    }

    private nonisolated func perform(_ item: ManagerState.Work) async {
        switch item {
        case .connect(let server, let generation): await carry(server, generation)
        case .write(let server, let generation):
            guard let stream = state.withLock({ $0.servers[server].link?.stream }) else { return }
            await flush(server, generation, stream)
        case .sleep(let deadline, let number): await sleep(until: deadline, number)
        case .close(let stream): await stream.close()
        }
    }

    private nonisolated func sleep(until deadline: Instant, _ number: Int) async {
        // Inside the closure the task may be cancelled from elsewhere: when another deadline comes first, or none.
        await withUnsafeCurrentTask { task in
            guard let task, state.withLock({ $0.beginSleep(number, TaskHandle(task)) }) else { return }
            let isDue = (try? await time.sleep(until: deadline)) != nil
            state.withLock { $0.endSleep(number, isDue: isDue) }
        }
    }
}
