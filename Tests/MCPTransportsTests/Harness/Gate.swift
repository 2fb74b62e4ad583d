import Synchronization

/// Something that happens once, awaited by tasks, and told from anywhere.
final class Gate<Value: Sendable>: Sendable {
    private let state = Mutex((value: Value?.none, waiters: [CheckedContinuation<Value, Never>]()))

    /// It has happened; only the first time counts.
    func open(_ value: Value) {
        let waiters = state.withLock { state in
            if state.value == nil { state.value = value }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: value) }
    }

    /// Returns once it has happened.
    func wait() async -> Value {
        await withCheckedContinuation { continuation in
            let value = state.withLock { state in
                if state.value == nil { state.waiters.append(continuation) }
                return state.value
            }
            if let value { continuation.resume(returning: value) }
        }
    }
}
