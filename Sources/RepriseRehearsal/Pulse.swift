import Foundation
import MCPCore
import Synchronization

/// Measures how late this machine is, on a thread of its own that wakes every 10 ms for as long as this lives.
///
/// What is late here is late for every process, the client among them; what a client has us do makes nothing late here.
final class Pulse: Sendable {
    private static let interval = Duration.milliseconds(10)

    private let latest = Mutex(Duration.zero)

    /// Begins at once.
    init() {
        Thread.detachNewThread { [weak self] in
            while let pulse = self { pulse.beat() }
        }
    }

    private func beat() {
        let start = ContinuousClock.now
        usleep(UInt32(Self.interval.wholeNanoseconds / 1000))
        let late = start.duration(to: .now) - Self.interval
        latest.withLock { $0 = max($0, late) }
    }

    /// The latest that it woke so far, in real time.
    var lateness: Duration { latest.withLock(\.self) }
}
