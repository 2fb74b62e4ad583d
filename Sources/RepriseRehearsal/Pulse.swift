import MCPCore
import NIOCore

/// Measures how late this machine is: by a timer that is due every 10 ms on the event loop of a rehearsal.
///
/// It is there and not on a thread that does nothing else, because such a thread is woken in time even where all others
/// wait for a processor. To be used on the loop alone.
final class Pulse: @unchecked Sendable {
    private static let interval = TimeAmount.milliseconds(10)

    private let loop: any EventLoop
    private var next: Scheduled<Void>?
    /// The latest that the timer came so far, in real time.
    private(set) var lateness = Duration.zero

    /// Begins at once.
    init(on loop: any EventLoop) {
        self.loop = loop
        schedule()
    }

    private func schedule() {
        let due = NIODeadline.now() + Self.interval
        next = loop.scheduleTask(deadline: due) { [weak self] in
            guard let self else { return }
            lateness = max(lateness, .nanoseconds((NIODeadline.now() - due).nanoseconds))
            schedule()
        }
    }

    /// Measures no more.
    func stop() { next?.cancel() }
}
