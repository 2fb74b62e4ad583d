#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import MCPTransports

/// The signals that ask a program to stop: the first in order, the second at once.
struct StopSignals {
    private static let all = [SIGINT, SIGTERM, SIGHUP]

    /// Blocks them, and those by which a failed write would kill us; to be made before any thread is started, so that
    /// every thread inherits it.
    init() {
        var blocked = Self.set
        for signal in [SIGPIPE, SIGXFSZ] { sigaddset(&blocked, signal) }
        pthread_sigmask(SIG_BLOCK, &blocked, nil)
    }

    /// Returns at the next signal.
    func wait() {
        var awaited = Self.set
        var signal: Int32 = 0
        while sigwait(&awaited, &signal) != 0 {}
    }

    /// Ends the process at the next signal, with the shell's exit code for it.
    func endAtNext() {
        try? startThread {
            var awaited = Self.set
            var signal: Int32 = 0
            while sigwait(&awaited, &signal) != 0 {}
            _exit(128 + signal)
        }
    }

    private static var set: sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in all { sigaddset(&signals, signal) }
        return signals
    }
}
