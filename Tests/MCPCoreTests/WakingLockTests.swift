import Synchronization
import Testing

@testable import MCPCore

@Suite struct WakingLockTests {
    /// What waits to be resumed.
    private final class Parking {
        let wakings: Wakings
        var parked: UnsafeContinuation<Void, Never>?
        var isOver = false

        init(_ wakings: Wakings) { self.wakings = wakings }

        func unpark() {
            guard let parked else { return }
            self.parked = nil
            wakings.add { parked.resume() }
        }
    }

    private final class Place: Sendable {
        let lock = WakingLock { Parking($0) }

        /// Waits again and again until it is cancelled.
        func stay() async {
            await withTaskCancellationHandler {
                while !lock.withLock({ $0.isOver }) {
                    await withUnsafeContinuation { continuation in
                        lock.withLock { state in
                            state.parked = continuation
                            if state.isOver { state.unpark() }
                        }
                    }
                }
            } onCancel: {
                lock.withLock { state in
                    state.isOver = true
                    state.unpark()
                }
            }
        }
    }

    @Test func whatIsLeftRunsOnceTheLockIsReleased() {
        let place = Place()
        let resumed = Atomic(0)
        place.lock.withLock { state in
            state.wakings.add { resumed.add(1, ordering: .relaxed) }
            #expect(resumed.load(ordering: .relaxed) == 0)
        }
        #expect(resumed.load(ordering: .relaxed) == 1)
        place.lock.withLock { _ in }
        #expect(resumed.load(ordering: .relaxed) == 1)
    }

    @Test("A task that is resumed while it is being cancelled ends", .timeLimit(.minutes(1)))
    func nobodyWaitsForEver() async {
        for _ in 0..<300 {
            let place = Place()
            await withDiscardingTaskGroup { group in
                group.addTask {
                    await withDiscardingTaskGroup { inner in
                        inner.addTask { await place.stay() }
                        for _ in 0..<20 { await Task.yield() }
                        inner.cancelAll()
                    }
                }
                group.addTask {
                    while !place.lock.withLock({ $0.isOver }) {
                        place.lock.withLock { $0.unpark() }
                        await Task.yield()
                    }
                }
            }
        }
    }
}
