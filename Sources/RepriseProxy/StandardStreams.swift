#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import MCPTransports

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
