#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import RepriseRecording
import Synchronization

/// A stdio server started as a child process, with our ends of its three pipes.
///
/// The child stays in our process group, where the client's signals reach it, and gets the signal mask and
/// dispositions that we were started with, but for an ignored SIGCHLD, which would keep its end from us.
public struct ServerProcess: Sendable {
    /// Its process id.
    public let id: pid_t
    /// Where its standard input is written.
    public let stdin: Int32
    /// Where its standard output is read.
    public let stdout: Int32
    /// Where its standard error is read; nil when it shares ours.
    public let stderr: Int32?
    private let lifetime = Lifetime()

    /// Whether the id was given back to the system, which may give it to somebody else.
    private final class Lifetime: Sendable {
        let isOver = Mutex(false)
    }

    /// Why a command could not be started.
    public struct StartError: Error, Equatable, Sendable, CustomStringConvertible {
        /// The command that was tried.
        public var command: String
        /// The error number.
        public var code: Int32

        /// What a shell would exit with: 127 for not found, 126 for anything else.
        public var exitCode: Int32 { code == ENOENT ? 127 : 126 }

        /// One sentence with what to check.
        public var description: String {
            let reason = String(cString: strerror(code))
            let hint =
                code == ENOENT
                ? "check the spelling and PATH" : "check that it is an executable file that may be run"
            return "cannot start \"\(command)\": \(reason); \(hint)"
        }
    }

    /// Starts a command found through PATH; throws ``StartError`` when that fails.
    ///
    /// `signalMask` is what the child begins with; nil leaves it ours.
    public static func start(_ command: [String], signalMask: sigset_t? = nil, pipesStderr: Bool = true) throws
        -> ServerProcess
    {
        let input = try PipeEnds(), output = try PipeEnds()
        let error = pipesStderr ? try PipeEnds() : nil
        #if canImport(Glibc)
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #else
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input.reading, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output.writing, STDOUT_FILENO)
        if let error { posix_spawn_file_actions_adddup2(&actions, error.writing, STDERR_FILENO) }
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        if var signalMask {
            posix_spawnattr_setsigmask(&attributes, &signalMask)
            posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        }
        #if canImport(Glibc)
            _ = Glibc.signal(SIGCHLD, SIG_DFL)
        #else
            _ = Darwin.signal(SIGCHLD, SIG_DFL)
        #endif
        var arguments = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var id: pid_t = 0
        let result = posix_spawnp(&id, command[0], &actions, &attributes, &arguments, environ)
        close(input.reading)
        close(output.writing)
        if let error { close(error.writing) }
        guard result == 0 else {
            close(input.writing)
            close(output.reading)
            if let error { close(error.reading) }
            throw StartError(command: command[0], code: result)
        }
        return ServerProcess(id: id, stdin: input.writing, stdout: output.reading, stderr: error?.reading)
    }

    /// Waits until the process is gone and takes its status.
    public func wait() -> Close {
        // Its id stays its own until the status is taken, which must not happen while a signal is on its way.
        var information = siginfo_t()
        while waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
        return lifetime.isOver.withLock { isOver in
            var status: Int32 = 0
            while waitpid(id, &status, 0) < 0, errno == EINTR {}
            isOver = true
            let signal = status & 0x7F
            return signal == 0 ? .exit(code: status >> 8 & 0xFF) : .signal(signal)
        }
    }

    /// Sends a signal; false when ``wait()`` has seen the end of the process.
    func send(_ signal: Int32) -> Bool {
        lifetime.isOver.withLock { isOver in
            if !isOver { kill(id, signal) }
            return !isOver
        }
    }
}

/// Both ends of a new pipe, neither inherited by children.
private struct PipeEnds {
    let reading: Int32
    let writing: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw SystemError("cannot make a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (reading, writing) = (ends[0], ends[1])
    }
}
