import MCPWire

/// Requests of servers, which somebody handles in a task of its own.
extension ManagerState {
    /// A request of a server that is to be handled.
    struct Handling: Sendable {
        var server: Int
        var generation: Int
        /// Tells it from all others of its connection.
        var number: Int
        var request: ServerRequest
    }

    /// A task begins to handle a request; false if nobody waits for that any more.
    func beginHandling(_ handling: Handling, _ task: TaskHandle) -> Bool {
        let server = servers[handling.server]
        guard lifePhase == .running, server.isPresent(handling.generation),
            server.link?.session.handling[handling.request.id] == handling.number
        else { return false }
        server.link?.handlers[handling.number] = task
        return true
    }

    /// A request was handled; the answer is to be sent unless nobody waits for it any more.
    func endHandling(_ handling: Handling, _ answer: Result<JSONValue, ServerRequestRefusal>) {
        let server = servers[handling.server]
        guard lifePhase == .running, server.isPresent(handling.generation) else { return }
        server.link?.handlers[handling.number] = nil
        guard let bytes = server.link?.session.handled(handling.number, handling.request, answer) else { return }
        server.post(bytes)
        haveWritten(server)
        lastEvent {}
    }

    /// The server does not wait for that any more.
    func stopHandling(_ number: Int, of server: ManagedServer) {
        server.link?.handlers.removeValue(forKey: number)?.cancel()
    }
}
