#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A system call that failed: what was tried, on what, and why not.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was tried, as the start of a sentence: `cannot open recording.jsonl`.
    public var attempt: String
    /// The error number.
    public var code: Int32

    /// Makes an error from `errno`, unless a code is given.
    public init(_ attempt: String, code: Int32 = errno) {
        self.attempt = attempt
        self.code = code
    }

    /// The attempt and the system's reason.
    public var description: String { "\(attempt): \(String(cString: strerror(code)))" }
}

/// Reads at most the buffer's size; 0 at the end, nil with `errno` set for an error.
///
/// Interruptions are retried. A descriptor that its other owner made non-blocking is waited for.
func readSome(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    while true {
        let count = read(descriptor, buffer.baseAddress, buffer.count)
        if count >= 0 { return count }
        if errno == EAGAIN || errno == EWOULDBLOCK {
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            _ = poll(&poller, 1, -1)
        } else if errno != EINTR {
            return nil
        }
    }
}

/// Writes once; the number of bytes that were taken, nil with `errno` set for an error. Interruptions are retried.
func writeSome(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int? {
    while true {
        let count = write(descriptor, bytes.baseAddress, bytes.count)
        if count >= 0 { return count }
        if errno != EINTR { return nil }
    }
}

/// Writes all bytes; false with `errno` set for an error. Waits where the descriptor would block.
@discardableResult
func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Bool {
    var offset = 0
    while offset < bytes.count {
        if let count = writeSome(descriptor, UnsafeRawBufferPointer(rebasing: bytes[offset...])) {
            offset += count
        } else if errno == EAGAIN || errno == EWOULDBLOCK {
            var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            _ = poll(&poller, 1, -1)
        } else {
            return false
        }
    }
    return true
}

/// Ends our use of a descriptor. One of the three standard ones is put on /dev/null instead, so that its number is
/// not given to the next file; standard error stays, as we may still have something to say.
func release(_ descriptor: Int32) {
    guard descriptor <= STDERR_FILENO else {
        close(descriptor)
        return
    }
    guard descriptor != STDERR_FILENO else { return }
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    if null >= 0 {
        dup2(null, descriptor)
        close(null)
    } else {
        close(descriptor)
    }
}

/// Opens /dev/null for each of the three standard descriptors that is closed.
///
/// Otherwise the next file or pipe would get its number, and what is meant for the client would end up there.
func fillStandardDescriptors() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
        // The lowest free number is given, which is this one.
        _ = open("/dev/null", O_RDWR)
    }
}

/// Says something to the user on standard error, in one write so that it is not torn.
public func say(_ text: String) {
    Array("reprise: \(text)\n".utf8).withUnsafeBytes { _ = writeAll(STDERR_FILENO, $0) }
}

/// Says something where the session must not wait for it: standard error may be a pipe that nobody empties.
func sayLater(_ text: String) {
    var poller = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
    if poll(&poller, 1, 0) > 0 { say(text) } else { try? startThread { say(text) } }
}

/// Microseconds on the monotonic clock since an arbitrary start.
func monotonicMicroseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
}
