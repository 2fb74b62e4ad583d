import Foundation
import Synchronization
import TestSupport

/// Something that happens once, awaited by tasks, and told from anywhere.
final class Gate<Value: Sendable>: Sendable {
    private let state = Mutex((value: Value?.none, waiters: [Int: CheckedContinuation<Value, any Error>](), count: 0))

    /// It has happened; only the first time counts.
    func open(_ value: Value) {
        let waiters = state.withLock { state in
            if state.value == nil { state.value = value }
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume(returning: value) }
    }

    /// Returns once it has happened; throws when it has not after `seconds`, so that a hang is a failure with a name.
    @discardableResult
    func wait(_ what: @autoclosure () -> String, seconds: Int = 300) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let (number, value) = state.withLock { state in
                state.count += 1
                if state.value == nil { state.waiters[state.count] = continuation }
                return (state.count, state.value)
            }
            if let value { return continuation.resume(returning: value) }
            let error = HarnessError("did not come within \(seconds) s: \(what())")
            DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(seconds)) { [self] in
                state.withLock { $0.waiters.removeValue(forKey: number) }?.resume(throwing: error)
            }
        }
    }
}
