import Foundation
import Testing

/// Runs each test of a suite on threads of its own.
///
/// The cooperative pool has as many threads as the machine has cores, and simulations occupy them for minutes.
package struct OwnThreads: TestTrait, SuiteTrait, TestScoping {
    fileprivate let pool: ThreadPool

    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        try await withTaskExecutorPreference(pool) { try await function() }
    }
}

extension Trait where Self == OwnThreads {
    /// Threads where tests may block for long, since they wait for processes.
    package static var ownThreads: Self { Self(pool: .blocking) }

    /// Threads for what talks to processes and sockets in real time, and blocks for no longer than a process starts.
    package static var liveThreads: Self { Self(pool: .live) }
}

/// A few threads that take jobs in turn; their number bounds how many of these tests run at once.
private final class ThreadPool: TaskExecutor {
    static let blocking = ThreadPool(threadCount: 6)
    static let live = ThreadPool(threadCount: 16)

    private let condition = NSCondition()
    private nonisolated(unsafe) var jobs: [UnownedJob] = []

    init(threadCount: Int) {
        for _ in 0..<threadCount {
            Thread.detachNewThread {
                blockBrokenPipeSignal()
                self.work()
            }
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        condition.lock()
        jobs.append(UnownedJob(job))
        condition.signal()
        condition.unlock()
    }

    private func work() {
        while true {
            condition.lock()
            while jobs.isEmpty { condition.wait() }
            let job = jobs.removeFirst()
            condition.unlock()
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}

/// A write to a process that has gone shall fail on this thread, and not end the tests.
package func blockBrokenPipeSignal() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
}
