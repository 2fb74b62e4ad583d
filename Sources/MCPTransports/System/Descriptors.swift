#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Reads at most the buffer's size; 0 at the end, nil with `errno` set for an error.
///
/// Interruptions are retried. A descriptor that its other owner made non-blocking is waited for.
package func readSome(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
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
package func writeSome(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int? {
    while true {
        let count = write(descriptor, bytes.baseAddress, bytes.count)
        if count >= 0 { return count }
        if errno != EINTR { return nil }
    }
}

/// Writes all bytes; false with `errno` set for an error. Waits where the descriptor would block.
@discardableResult
package func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Bool {
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
package func release(_ descriptor: Int32) {
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
