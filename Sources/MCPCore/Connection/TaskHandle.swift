/// A running task that others may cancel: the one child of a group that is meant, which a group gives no handle on.
///
/// Only to be used while the task is inside the `withUnsafeCurrentTask` that gave it, and so only under the lock under
/// which it is put down and taken away; cancelling is the one thing that other tasks may do with it.
struct TaskHandle: @unchecked Sendable {
    private let task: UnsafeCurrentTask

    init(_ task: UnsafeCurrentTask) {
        self.task = task
    }

    func cancel() { task.cancel() }
}
