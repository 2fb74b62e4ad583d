#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import MCPTransports
import RepriseRecording

extension Close {
    /// How a server's process ended, as a recording says it.
    init(_ end: ServerProcess.End) {
        switch end {
        case .exit(let code): self = .exit(code: code)
        case .signal(let signal): self = .signal(signal)
        }
    }
}

/// How a recorder behaves towards signals: transparent, as if its server stood in its place.
enum SignalForwarding {
    /// What a client or a user may send to a server that they started.
    static let forwarded = [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2]

    /// Blocks the signals that are to be passed on, and those by which a failed write would kill us; gives the mask
    /// that was in force. To be called before any thread is started, so that every thread inherits it.
    static func block() -> sigset_t {
        var blocked = sigset_t()
        var previous = sigset_t()
        sigemptyset(&blocked)
        for signal in forwarded + [SIGPIPE, SIGXFSZ] { sigaddset(&blocked, signal) }
        pthread_sigmask(SIG_BLOCK, &blocked, &previous)
        return previous
    }

    /// Passes signals on to `server` from now on, on a thread of its own; calls `tooLate` for one after its end.
    static func start(to server: ServerProcess, tooLate: @escaping @Sendable () -> Void) throws {
        try startThread {
            var awaited = sigset_t()
            sigemptyset(&awaited)
            for signal in forwarded { sigaddset(&awaited, signal) }
            while true {
                #if canImport(Glibc)
                    var info = siginfo_t()
                    let signal = sigwaitinfo(&awaited, &info)
                    // What a terminal sends reaches the whole group, the server included: once is enough.
                    let isForTheGroup = info.si_code == SI_KERNEL_CODE
                #else
                    var signal: Int32 = 0
                    sigwait(&awaited, &signal)
                    let isForTheGroup = false
                #endif
                guard signal > 0 else { continue }
                let isDelivered = isForTheGroup ? server.send(0) : server.send(signal)
                if !isDelivered { tooLate() }
            }
        }
    }

    /// Ends this process as the server ended: with its exit code, or by its signal.
    static func end(as close: Close) -> Never {
        switch close {
        case .exit(let code):
            exit(code)
        case .signal(let signal):
            // The server has left its own core dump, if any; ours would hide it.
            var limit = rlimit(rlim_cur: 0, rlim_max: 0)
            setCoreLimit(&limit)
            #if canImport(Glibc)
                _ = Glibc.signal(signal, SIG_DFL)
            #else
                _ = Darwin.signal(signal, SIG_DFL)
            #endif
            var unblocked = sigset_t()
            sigemptyset(&unblocked)
            sigaddset(&unblocked, signal)
            pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
            kill(getpid(), signal)
            // Not reached for a signal that ends a process; the shell's convention otherwise.
            exit(128 + signal)
        }
    }

    private static func setCoreLimit(_ limit: inout rlimit) {
        #if canImport(Glibc)
            setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
        #else
            setrlimit(RLIMIT_CORE, &limit)
        #endif
    }
}

/// `SI_KERNEL` of Linux: a signal that the kernel itself sent, such as that of Ctrl-C (sigaction(2)).
private let SI_KERNEL_CODE: Int32 = 0x80
