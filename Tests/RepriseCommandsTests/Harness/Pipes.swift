import Foundation

/// Both ends of a pipe that no child inherits by accident.
struct PipePair {
    let reading: Int32
    let writing: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        guard Self.makePipe(&ends) == 0 else { throw HarnessError("no pipe: errno \(errno)") }
        (reading, writing) = (ends[0], ends[1])
    }

    private static func makePipe(_ ends: UnsafeMutablePointer<Int32>) -> Int32 {
        #if canImport(Glibc)
            // Tests run side by side and start processes: only pipe2 leaves no moment in which another test's child
            // could inherit an end and keep it open. Glibc's module does not export it.
            typealias Pipe2 = @convention(c) (UnsafeMutablePointer<Int32>, Int32) -> Int32
            if let symbol = dlsym(UnsafeMutableRawPointer(bitPattern: 0), "pipe2") {
                return unsafeBitCast(symbol, to: Pipe2.self)(ends, O_CLOEXEC)
            }
        #endif
        guard pipe(ends) == 0 else { return -1 }
        _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
        _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
        return 0
    }
}

/// A moment after which a wait is a failure.
struct Deadline: Sendable {
    private let end: Int64

    init(seconds: Double) { end = Self.now + Int64(seconds * 1000) }

    /// Milliseconds that are left, 0 when it has passed.
    var remaining: Int32 { Int32(clamping: max(0, end - Self.now)) }

    private static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Waits until a descriptor can be read from or written to; throws when the deadline passes first.
    func wait(for descriptor: Int32, _ events: Int32, _ what: @autoclosure () -> String) throws {
        var polled = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while true {
            let count = poll(&polled, 1, remaining)
            if count > 0 { return }
            if count == 0 { throw HarnessError("the deadline passed: \(what())") }
        }
    }

    /// Asks again and again until something holds; throws when the deadline passes first.
    func wait(_ what: @autoclosure () -> String, until condition: () throws -> Bool) throws {
        while try !condition() {
            guard remaining > 0 else { throw HarnessError("the deadline passed: \(what())") }
            usleep(1000)
        }
    }
}
