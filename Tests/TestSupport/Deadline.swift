import Foundation

/// A moment after which a wait is a failure.
package struct Deadline: Sendable {
    private let end: Int64

    package init(seconds: Double) { end = Self.now + Int64(seconds * 1000) }

    /// Milliseconds that are left, 0 when it has passed.
    package var remaining: Int32 { Int32(clamping: max(0, end - Self.now)) }

    private static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Waits until a descriptor can be read from or written to; throws when the deadline passes first.
    package func wait(for descriptor: Int32, _ events: Int32, _ what: @autoclosure () -> String) throws {
        var polled = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while true {
            let count = poll(&polled, 1, remaining)
            if count > 0 { return }
            if count == 0 { throw HarnessError("the deadline passed: \(what())") }
        }
    }

    /// Asks again and again until something holds; throws when the deadline passes first.
    package func wait(_ what: @autoclosure () -> String, until condition: () throws -> Bool) throws {
        while try !condition() {
            guard remaining > 0 else { throw HarnessError("the deadline passed: \(what())") }
            usleep(1000)
        }
    }
}
