import MCPCore

/// The client's end: a stream with a buffer and at most one reader that waits.
extension SimulatedConnection: MessageStream {
    func send(_ message: [UInt8]) async throws(TransportFailure) {
        try sendFromClient(message)
    }

    func close() async { closeFromClient() }

    func next() async -> StreamEvent? {
        route.countRead(of: place.connection)
        if bufferHead < buffer.count { return takeFromBuffer() }
        if isExhausted {
            if hasReportedEnd { network.emit(.readPastEnd, place) }
            hasReportedEnd = true
            return nil
        }
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                precondition(reader == nil, "two tasks read \(waitText)")
                guard !Task.isCancelled else { return continuation.resume(returning: nil) }
                reader = continuation
                readerWait = simulation.beginWait(self.waitText)
            }
        } onCancel: {
            // From another thread it is an escape, which the simulation finds out by itself.
            if simulation.isOnOwnThread { wakeReader(with: nil) }
        }
    }

    private func takeFromBuffer() -> StreamEvent {
        let event = buffer[bufferHead]
        bufferHead += 1
        if bufferHead == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            bufferHead = 0
        }
        return event
    }

    /// Hands an event to the reader that waits, or keeps it for the next.
    func report(_ event: StreamEvent) {
        if reader == nil { buffer.append(event) } else { wakeReader(with: event) }
    }

    /// Nothing will come any more, and nobody may wait for it.
    func wakeReaderIfExhausted() {
        guard reader != nil, isExhausted else { return }
        hasReportedEnd = true
        wakeReader(with: nil)
    }

    private func wakeReader(with event: StreamEvent?) {
        guard let waiting = reader else { return }
        reader = nil
        simulation.endWait(readerWait)
        waiting.resume(returning: event)
    }
}
