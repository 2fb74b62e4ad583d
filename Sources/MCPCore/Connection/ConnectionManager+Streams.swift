/// The child tasks of ``run()`` that connect, read and write; each for one generation of one server.
extension ConnectionManager {
    /// The life of one generation: connects, shakes hands, and reads until the stream ends or the generation is over.
    nonisolated func carry(_ server: Int, _ generation: Int) async {
        guard let stream = await dial(server, generation) else { return }
        await flush(server, generation, stream)
        if await read(server, generation, stream) { await stream.close() }
    }

    /// Connects; nil if there is no stream, or nobody wants it any more (RS-06).
    private nonisolated func dial(_ server: Int, _ generation: Int) async -> (any MessageStream)? {
        let configuration = state.withLock { $0.servers[server].machine.configuration }
        // Inside the closure the task may be cancelled from elsewhere; nothing else ends a connect before its time.
        return await withUnsafeCurrentTask { task in
            guard let task, state.withLock({ $0.dialling(server, generation, TaskHandle(task)) }) else { return nil }
            do throws(TransportFailure) {
                let stream = try await connector.connect(to: configuration)
                if state.withLock({ $0.opened(server, generation, stream) }) { return stream }
                await stream.close()
            } catch {
                state.withLock { $0.refused(server, generation, error) }
            }
            return nil
        }
    }

    /// Reads; returns whether the stream is to be closed here.
    ///
    /// What is to be sent is sent by somebody else: a server may read nothing until what it writes is read.
    private nonisolated func read(_ server: Int, _ generation: Int, _ stream: any MessageStream) async -> Bool {
        while true {
            let reading: ManagerState.Reading
            switch await stream.next() {
            case .message(let frame):
                reading = state.withLock { $0.received(server, generation, frame) }
            case .requestFailed(let id, let failure):
                reading = state.withLock { $0.requestFailed(server, generation, id, failure) }
            case .pushDegraded(let reason):
                reading = state.withLock { $0.notice(server, generation, .pushDegraded, reason) }
            case .historyLost:
                reading = state.withLock { $0.notice(server, generation, .historyLost, "messages were lost") }
            case .closed(let failure): return state.withLock { $0.ended(server, generation, failure) }
            case nil: return state.withLock { $0.ended(server, generation, .closed) }
            }
            if case .leave(let isClosing) = reading { return isClosing }
        }
    }

    /// Sends what there is to send, unless somebody does, until nothing is left or the generation is over.
    nonisolated func flush(_ server: Int, _ generation: Int, _ stream: any MessageStream) async {
        var batch = state.withLock { $0.nextBatch(server, generation, isFirst: true) }
        while !batch.isEmpty {
            for message in batch {
                do throws(TransportFailure) {
                    try await stream.send(message.bytes)
                } catch {
                    let writing = state.withLock { $0.notTaken(server, generation, message.callID, error) }
                    guard case .leave(let isClosing) = writing else { continue }
                    if isClosing { await stream.close() }
                    return
                }
            }
            batch = state.withLock { $0.nextBatch(server, generation, isFirst: false) }
        }
    }
}
