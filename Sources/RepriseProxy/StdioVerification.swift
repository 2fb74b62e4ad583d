#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import MCPTransports
import MCPWire
import RepriseRecording
import RepriseReplay
import Synchronization

/// Plays a verifier to a server that it starts, on the calling thread.
struct StdioVerification {
    private let process: ServerProcess
    private let ending: ServerEnding
    private let stall: Int64
    private let tell: (Verification.Notice) -> Void
    private let start = monotonicMicroseconds()
    private var verifier: Verifier
    private var decoder = LineDecoder(lineByteCountMax: 64 << 20)
    private var input: ServerInput
    private var isOutputOpen = true
    private var isFinished = false

    /// Runs to the end of the session; throws ``ServerProcess/StartError``, or ``SystemError``.
    static func run(
        _ verifier: Verifier, command: [String], stall: Int64, tell: @escaping (Verification.Notice) -> Void
    ) throws -> (report: VerifyReport, end: Close?, hasServed: Bool) {
        // A write to a server that has gone shall fail, and not end this program.
        var signals = sigset_t()
        var mask = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, &mask)
        defer {
            var pending = sigset_t()
            var signal: Int32 = 0
            if sigpending(&pending) == 0, sigismember(&pending, SIGPIPE) == 1 { sigwait(&signals, &signal) }
            pthread_sigmask(SIG_SETMASK, &mask, nil)
        }
        let process = try ServerProcess.start(command, signalMask: mask, pipesStderr: false)
        var shell = Self(verifier, process: process, ending: try ServerEnding(of: process), stall: stall, tell: tell)
        let end = shell.play()
        let hasServed = shell.verifier.hasHeardServer || !shell.verifier.hasEndedEarly
        return (shell.verifier.report(serverEnd: end), end, hasServed)
    }

    private init(
        _ verifier: Verifier, process: ServerProcess, ending: ServerEnding, stall: Int64,
        tell: @escaping (Verification.Notice) -> Void
    ) {
        self.verifier = verifier
        self.process = process
        self.ending = ending
        self.stall = stall
        self.tell = tell
        input = ServerInput(process.stdin)
    }

    private var now: Int64 { monotonicMicroseconds() - start }

    private mutating func play() -> Close? {
        perform(verifier.start(at: now))
        while !isFinished {
            wait(until: verifier.nextDeadline ?? now)
            perform(verifier.advance(to: now))
        }
        let end = awaitEnd()
        if isOutputOpen { release(process.stdout) }
        return end
    }

    /// Waits for the server to end by itself, and ends it when it does not; nil then.
    private mutating func awaitEnd() -> Close? {
        input.close()
        let deadline = now + max(stall, 1_000_000)
        while ending.close == nil, now < deadline { wait(until: deadline) }
        if let close = ending.close {
            // What it wrote last is still in the pipe, which a descendant of it may hold open.
            let drained = now + 500_000
            while isOutputOpen, now < drained { wait(until: drained) }
            perform(verifier.end(at: now))
            return close
        }
        for signal in [SIGTERM, SIGKILL] where ending.close == nil {
            _ = process.send(signal)
            let deadline = now + 2_000_000
            while ending.close == nil, now < deadline { wait(until: deadline) }
        }
        return nil
    }

    private mutating func perform(_ actions: [Verifier.Action]) {
        for action in actions {
            switch action {
            case .send(let bytes, _): input.write(bytes.last == 0x0A ? bytes : bytes + [0x0A])
            case .reply(let bytes, _): input.write(bytes + [0x0A])
            case .closeInput: input.close()
            case .missing(let events): tell(.missing(events: events))
            case .finish: isFinished = true
            case .open, .abort: break
            }
        }
        tell(.progress(done: verifier.progress.done, all: verifier.progress.all))
    }

    /// Reads and writes what can be until a moment, or until anything happened.
    private mutating func wait(until deadline: Int64) {
        let isEnding = ending.close != nil
        var polled = [
            pollfd(fd: isOutputOpen ? process.stdout : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: input.isWaiting ? process.stdin : -1, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: isEnding ? -1 : ending.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        let timeout = Int32(clamping: max(0, (deadline - now + 999) / 1000))
        guard poll(&polled, nfds_t(polled.count), timeout) > 0 else { return }
        if polled[1].revents != 0 { input.flush() }
        if polled[0].revents != 0 { read() }
        // The server is gone; a descendant of it may keep its output open without ever writing to it.
        if polled[2].revents != 0, isOutputOpen, polled[0].revents == 0 { perform(verifier.end(at: now)) }
    }

    private mutating func read() {
        let chunk = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
            count = readSome(process.stdout, into: UnsafeMutableRawBufferPointer(buffer)) ?? 0
        }
        guard !chunk.isEmpty else {
            if let line = decoder.finish() { perform(verifier.receive(line.bytes, at: now)) }
            isOutputOpen = false
            release(process.stdout)
            perform(verifier.end(at: now))
            return
        }
        for line in decoder.receive(chunk.span) { perform(verifier.receive(line.bytes, at: now)) }
    }
}

/// The writing end of a server's standard input, written without ever waiting: the server may itself wait for us.
private struct ServerInput {
    private let descriptor: Int32
    private var pending: [UInt8] = []
    private var offset = 0
    private var isClosing = false
    private var isClosed = false

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    var isWaiting: Bool { !isClosed && offset < pending.count }

    mutating func write(_ bytes: [UInt8]) {
        guard !isClosed, !isClosing else { return }
        pending.removeFirst(offset)
        offset = 0
        pending += bytes
        flush()
    }

    /// Closes it once everything is written.
    mutating func close() {
        isClosing = true
        flush()
    }

    mutating func flush() {
        while isWaiting {
            let count = pending.withUnsafeBytes {
                writeSome(descriptor, UnsafeRawBufferPointer(rebasing: $0[offset...]))
            }
            if let count {
                offset += count
            } else {
                if errno == EAGAIN || errno == EWOULDBLOCK { return }
                // The server reads no more: what it says, and its end, tell the rest.
                pending = []
                offset = 0
            }
        }
        guard isClosing, !isClosed else { return }
        isClosed = true
        release(descriptor)
    }
}

/// Notes the end of a process on a thread of its own, and makes a descriptor readable then.
private final class ServerEnding: Sendable {
    let descriptor: Int32
    private let found = Mutex<Close?>(nil)

    init(of process: ServerProcess) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw SystemError("cannot make a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        descriptor = ends[0]
        let writing = ends[1]
        try startThread { [self] in
            let end = Close(process.wait())
            found.withLock { $0 = end }
            release(writing)
        }
    }

    deinit { release(descriptor) }

    var close: Close? { found.withLock { $0 } }
}
