import MCPCore
import NIOCore

/// The one timer of something that lives on an event loop; to be used on that loop alone.
final class Alarm: @unchecked Sendable {
    private let loop: any EventLoop
    private let clock: RehearsalClock
    private var next: (at: Instant, task: Scheduled<Void>)?
    private var ring: (Instant) -> Void = { _ in }

    /// An alarm that is not set.
    init(on loop: any EventLoop, _ clock: RehearsalClock) {
        self.loop = loop
        self.clock = clock
    }

    /// Calls `ring` with the present at `instant`, and no longer at any other; never for nil.
    ///
    /// A timer may come early by less than a step of the clock: the present that it is given is not before `instant`.
    func set(to instant: Instant?, ring: @escaping (Instant) -> Void) {
        guard next?.at != instant else { return }
        cancel()
        guard let instant else { return }
        self.ring = ring
        let task = loop.scheduleTask(in: clock.wait(until: instant)) { [weak self] in
            guard let self else { return }
            next = nil
            self.ring(max(instant, clock.now))
        }
        next = (instant, task)
    }

    /// Rings no more, unless it is set again.
    func cancel() {
        next?.task.cancel()
        next = nil
    }
}
