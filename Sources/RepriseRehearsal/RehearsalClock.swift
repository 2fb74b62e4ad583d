import MCPCore
import NIOCore

/// Real time as the scenario's servers see it: since the rehearsal began, so many times as fast as it passes.
struct RehearsalClock: Sendable {
    private let start = NIODeadline.now()
    /// So many seconds of the scenario pass in a real one, from 1.
    let speed: Int

    /// The present.
    var now: Instant {
        Instant.zero.advanced(by: .nanoseconds((NIODeadline.now() - start).nanoseconds) * speed)
    }

    /// How long it really takes until `instant`; never negative.
    func wait(until instant: Instant) -> TimeAmount {
        .nanoseconds(max(0, (now.duration(to: instant) / speed).wholeNanoseconds))
    }
}
