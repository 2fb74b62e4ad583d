#if canImport(Glibc)
    import CProcess
    import Glibc
#else
    import Darwin
#endif
import Synchronization

/// A stdio server started as a child process, with our ends of its pipes.
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

    /// How a process ended.
    public enum End: Equatable, Sendable {
        /// By itself, with an exit code from 0 to 255.
        case exit(code: Int32)
        /// By this signal.
        case signal(Int32)
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

    /// How a child stands to us.
    package enum Relation {
        /// As if it stood in our place: our process group, where the client's signals reach it, and the signal mask and
        /// dispositions that we were started with; nil leaves the mask ours.
        case standIn(signalMask: sigset_t?)
        /// By itself: a process group of its own, so that all that it starts can be ended with it; the descriptors 0, 1
        /// and 2 and no others (S-188); an environment of `NAME=VALUE`, and a working directory, nil being ours.
        case contained(environment: [String], directory: String?)
    }

    /// Starts a command found through PATH, as a stand-in for us; throws ``StartError`` when that fails.
    ///
    /// `signalMask` is what the child begins with; nil leaves it ours.
    public static func start(_ command: [String], signalMask: sigset_t? = nil, pipesStderr: Bool = true) throws
        -> ServerProcess
    {
        try start(command, as: .standIn(signalMask: signalMask), pipesStderr: pipesStderr)
    }

    /// Starts a command found through PATH; throws ``StartError`` or ``SystemError`` when that fails.
    package static func start(_ command: [String], as relation: Relation, pipesStderr: Bool) throws -> ServerProcess {
        let pipes = try PipeEnds.make(pipesStderr ? 3 : 2)
        let (input, output, error) = (pipes[0], pipes[1], pipesStderr ? pipes[2] : nil)
        var plan = SpawnPlan(relation)
        defer { plan.destroy() }
        plan.give(input.reading, as: STDIN_FILENO)
        plan.give(output.writing, as: STDOUT_FILENO)
        if let error { plan.give(error.writing, as: STDERR_FILENO) }
        if case .contained = relation { plan.closeOthers() }
        keepEndsOfChildren()
        var id: pid_t = 0
        let result = plan.spawn(command, &id)
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

    /// An ignored SIGCHLD would keep a child's end from us.
    private static func keepEndsOfChildren() {
        var action = sigaction()
        guard sigaction(SIGCHLD, nil, &action) == 0 else { return }
        #if canImport(Glibc)
            let isIgnored =
                unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
                == unsafeBitCast(SIG_IGN, to: Int.self)
            if isIgnored { _ = Glibc.signal(SIGCHLD, SIG_DFL) }
        #else
            _ = Darwin.signal(SIGCHLD, SIG_DFL)
        #endif
    }

    /// Waits until the process is gone and takes its status.
    public func wait() -> End {
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
    package func send(_ signal: Int32) -> Bool {
        lifetime.isOver.withLock { isOver in
            if !isOver { kill(id, signal) }
            return !isOver
        }
    }

    /// Sends a signal to all that is left of a contained process and of what it started; 0 only asks.
    ///
    /// False when nothing is left. The number of a group stays its own for as long as a process is in it.
    package func sendToGroup(_ signal: Int32) -> Bool { kill(-id, signal) == 0 || errno == EPERM }
}

/// Both ends of a new pipe, neither inherited by children, and neither one of the three standard descriptors.
private struct PipeEnds {
    let reading: Int32
    let writing: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        #if canImport(Glibc)
            // In one step: another thread may start a process in between.
            let result = pipe2(&ends, O_CLOEXEC)
        #else
            let result = pipe(&ends)
        #endif
        guard result == 0 else { throw SystemError("cannot make a pipe") }
        do {
            reading = try Self.lifted(ends[0])
        } catch {
            close(ends[1])
            throw error
        }
        do {
            writing = try Self.lifted(ends[1])
        } catch {
            close(reading)
            throw error
        }
    }

    /// So many pipes, or none.
    static func make(_ count: Int) throws -> [PipeEnds] {
        var made: [PipeEnds] = []
        do {
            for _ in 0..<count { made.append(try PipeEnds()) }
        } catch {
            for pipe in made {
                close(pipe.reading)
                close(pipe.writing)
            }
            throw error
        }
        return made
    }

    private static func lifted(_ end: Int32) throws -> Int32 {
        guard end <= STDERR_FILENO else {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            return end
        }
        defer { close(end) }
        let copy = fcntl(end, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
        guard copy >= 0 else { throw SystemError("cannot make a pipe") }
        return copy
    }
}
