#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import MCPTransports
import RepriseRecording
import RepriseReplay

/// Serves a recorded stdio session to the client at our standard input and output.
public enum StdioReplayServer {
    /// Plays the session until the server's recorded end, or until the client has gone and nothing is due any more.
    ///
    /// Mismatches are told on standard error as they happen; the report holds them all.
    public static func run(_ replayer: StdioReplayer) throws -> ReplayReport {
        fillStandardDescriptors()
        _ = SignalForwarding.block()
        let output = ReplayOutput()
        defer { output.restore() }
        var replayer = replayer
        let start = monotonicMicroseconds()
        var now: Int64 { monotonicMicroseconds() - start }
        let signals = try SignalReader()
        perform(replayer.start(at: now), on: output)
        var isInputOpen = true
        let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 16)
        defer { buffer.deallocate() }
        while !replayer.isFinished || !output.isEmpty {
            guard !output.isBroken else { break }
            let ready = wait(
                until: replayer.nextDeadline.map { $0 - now }, isInputOpen: isInputOpen, output: output, signals)
            if ready.signal { break }
            if ready.output { output.flush() }
            if ready.input {
                if let count = readSome(STDIN_FILENO, into: UnsafeMutableRawBufferPointer(buffer)), count > 0 {
                    let chunk = UnsafeBufferPointer(rebasing: buffer[..<count])
                    perform(replayer.receive(chunk.span, at: now), on: output)
                } else {
                    isInputOpen = false
                    perform(replayer.end(at: now), on: output)
                }
            }
            perform(replayer.advance(to: now), on: output)
        }
        return replayer.report
    }

    private static func perform(_ actions: [StdioReplayer.Action], on output: ReplayOutput) {
        for action in actions {
            switch action {
            case .write(let bytes): output.write(bytes)
            case .report(let mismatch): say("\(mismatch)")
            case .close: break
            }
        }
    }

    private static func wait(
        until delay: Int64?, isInputOpen: Bool, output: ReplayOutput, _ signals: SignalReader
    ) -> (input: Bool, output: Bool, signal: Bool) {
        var polled = [
            pollfd(fd: isInputOpen ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: output.isEmpty ? -1 : STDOUT_FILENO, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        let timeout = delay.map { Int32(clamping: max(0, ($0 + 999) / 1000)) } ?? -1
        guard poll(&polled, nfds_t(polled.count), timeout) > 0 else { return (false, false, false) }
        return (polled[0].revents != 0, polled[1].revents != 0, polled[2].revents != 0)
    }
}

/// Our standard output, written without ever waiting for the client: it may itself wait for us to read.
private final class ReplayOutput {
    private var pending: [UInt8] = []
    private var offset = 0
    private let flags = fcntl(STDOUT_FILENO, F_GETFL)
    private(set) var isBroken = false

    init() {
        var status = stat()
        // A pipe or socket is the client's and ours alone; a terminal is shared with programs that would notice.
        if fstat(STDOUT_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFIFO || status.st_mode & S_IFMT == S_IFSOCK
        {
            _ = fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK)
        }
    }

    var isEmpty: Bool { offset == pending.count }

    func restore() {
        _ = fcntl(STDOUT_FILENO, F_SETFL, flags)
    }

    /// Writes at once what fits, by one `write` where nothing waits before it.
    func write(_ bytes: [UInt8]) {
        if isEmpty {
            pending = bytes
            offset = 0
        } else {
            pending += bytes
        }
        flush()
    }

    func flush() {
        while !isEmpty, !isBroken {
            let count = pending.withUnsafeBytes {
                writeSome(STDOUT_FILENO, UnsafeRawBufferPointer(rebasing: $0[offset...]))
            }
            if let count {
                offset += count
            } else if errno == EAGAIN || errno == EWOULDBLOCK {
                return
            } else {
                isBroken = true
            }
        }
    }
}

/// Turns the signals that ask a program to stop into a readable descriptor.
private struct SignalReader {
    let descriptor: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw SystemError("cannot make a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        descriptor = ends[0]
        let writing = ends[1]
        try startThread {
            var awaited = sigset_t()
            var signal: Int32 = 0
            sigemptyset(&awaited)
            for stop in SignalForwarding.forwarded { sigaddset(&awaited, stop) }
            sigwait(&awaited, &signal)
            _ = [UInt8(1)].withUnsafeBytes { writeAll(writing, $0) }
        }
    }
}
