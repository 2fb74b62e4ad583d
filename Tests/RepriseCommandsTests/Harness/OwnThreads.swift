import Foundation
import Testing

/// Runs each test of a suite on a thread where it may block, since these tests wait for processes.
///
/// The cooperative pool has as many threads as the machine has cores; a few blocked tests would hold up every other.
struct OwnThreads: TestTrait, SuiteTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        try await withTaskExecutorPreference(ThreadPool.shared) { try await function() }
    }
}

extension Trait where Self == OwnThreads {
    static var ownThreads: Self { Self() }
}

/// A few threads that take jobs in turn; their number bounds how many of these tests run at once.
private final class ThreadPool: TaskExecutor {
    static let shared = ThreadPool(threadCount: 6)

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
func blockBrokenPipeSignal() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
}
