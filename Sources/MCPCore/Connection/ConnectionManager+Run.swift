import MCPWire

/// The life of a manager.
extension ConnectionManager {
    /// Loads and connects the servers; returns after ``stop()`` or cancellation, when every stream is closed.
    ///
    /// The connector runs from before the first connect until every stream is closed. A manager runs once: a second call
    /// returns at once.
    public nonisolated func run() async {
        await withTaskCancellationHandler {
            guard state.withLock({ $0.start() }) else { return }
            await withDiscardingTaskGroup { outermost in
                Self.add(to: &outermost) { await self.runConnector() }
                // Streams are closed in a group that is not cancelled when the other work is.
                await withDiscardingTaskGroup { closing in
                    await withDiscardingTaskGroup { group in
                        while start(&group, &closing) { await park() }
                        if state.withLock({ $0.isClosing }) { closing.addTask { await self.limitClosing() } }
                        group.cancelAll()
                    }
                }
                outermost.cancelAll()
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
    ///
    /// What is not closed after the policy's `closeTimeout` is left as it is, and the connector with it.
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
                    Self.add(to: &closing) { await self.close(stream) }
                } else if case .handle = item {
                    // Other people's code: not on the back of this task.
                    group.addTask { await self.labour(item) }
                } else {
                    Self.add(to: &group) { await self.labour(item) }
                }
            }
            if work.isEmpty { return isRunning }
        }
    }

    /// Adds a task that runs at once, until it first has to wait, where that is possible.
    private static func add(to group: inout DiscardingTaskGroup, _ body: @escaping @Sendable () async -> Void) {
        if #available(macOS 26, *) {
            group.addImmediateTask(operation: body)
        } else {
            group.addTask(operation: body)
        }
    }

    private nonisolated func runConnector() async {
        await withUnsafeCurrentTask { task in
            guard let task else { return }
            state.withLock { $0.connectorTask = TaskHandle(task) }
            await connector.run()
            state.withLock { $0.connectorTask = nil }
        }
    }

    // MARK: Closing

    private nonisolated func close(_ stream: any MessageStream) async {
        await withUnsafeCurrentTask { task in
            guard let task else { return }
            let number = state.withLock { $0.beginClose(TaskHandle(task)) }
            await stream.close()
            state.withLock { $0.endClose(number) }
        }
    }

    /// Gives streams the time that they have to close, for instance to tell a server that its session is over.
    private nonisolated func limitClosing() async {
        await withUnsafeCurrentTask { task in
            guard let task, let deadline = state.withLock({ $0.beginLimit(TaskHandle(task)) }) else { return }
            let isDue = (try? await time.sleep(until: deadline)) != nil
            state.withLock { $0.endLimit(isDue: isDue) }
        }
    }

    // MARK: Labour

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
        case .handle(let handling): await handle(handling)
        case .sleep(let deadline, let number): await sleep(until: deadline, number)
        case .close(let stream): await close(stream)
        }
    }

    private nonisolated func handle(_ handling: ManagerState.Handling) async {
        guard let handler else { return }
        // Inside the closure the task may be cancelled from elsewhere: when nobody waits for the answer any more.
        await withUnsafeCurrentTask { task in
            guard let task, state.withLock({ $0.beginHandling(handling, TaskHandle(task)) }) else { return }
            let answer: Result<JSONValue, ServerRequestRefusal>
            do {
                answer = .success(try await handler.answer(handling.request))
            } catch let refusal as ServerRequestRefusal {
                answer = .failure(refusal)
            } catch {
                answer = .failure(.init(code: -32603, message: "Internal error"))
            }
            state.withLock { $0.endHandling(handling, answer) }
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
