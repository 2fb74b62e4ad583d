#if canImport(Glibc)
    import CProcess
#endif
import Foundation

/// A process with our ends of its three pipes. Every wait has a deadline, so that a hang is a failure and not a hang.
///
/// Descriptor 3 of the process is the writing end of one more pipe, inherited by all that it starts: when that pipe
/// ends, the process and its descendants are gone. For one thread, but for the background helpers it starts itself.
package final class RunningProcess {
    package let id: pid_t
    package let deadline: Deadline
    package private(set) var input: Int32
    package private(set) var output: Int32
    private var survivors: Int32
    private var pending: [UInt8] = []
    private let errors: Collector
    private let reaper: Reaper

    /// Starts a command; `environment` changes ours, with nil for what is to be taken out.
    ///
    /// `isNonblocking` makes its own ends of standard input and output so, as some clients do.
    package init(
        _ command: [String], environment: [String: String?] = [:], in folder: TestFolder? = nil,
        isNonblocking: Bool = false, deadline seconds: Double = 30
    ) throws {
        let stdin = try PipePair(), stdout = try PipePair(), stderr = try PipePair(), survivors = try PipePair()
        var variables = ProcessInfo.processInfo.environment
        for (name, value) in environment { variables[name] = value }
        if isNonblocking {
            for end in [stdin.reading, stdout.writing] { _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK) }
        }
        let ends = [stdin.reading, stdout.writing, stderr.writing, survivors.writing]
        let started = Result { try Self.spawn(command, ends: ends, variables: variables, folder: folder) }
        for end in ends { close(end) }
        if case .failure = started {
            for end in [stdin.writing, stdout.reading, stderr.reading, survivors.reading] { close(end) }
        }
        id = try started.get()
        deadline = Deadline(seconds: seconds)
        input = stdin.writing
        output = stdout.reading
        self.survivors = survivors.reading
        errors = Collector(stderr.reading)
        reaper = Reaper(id)
    }

    deinit {
        // The process leads its own group; whatever a failed test left of it ends here.
        kill(-id, SIGKILL)
        for descriptor in [input, output, survivors] where descriptor >= 0 { close(descriptor) }
    }

    private static func spawn(
        _ command: [String], ends: [Int32], variables: [String: String], folder: TestFolder?
    ) throws -> pid_t {
        #if canImport(Glibc)
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #else
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let folder { posix_spawn_file_actions_addchdir_np(&actions, folder.path) }
        for (number, end) in ends.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, end, Int32(number))
        }
        // Whatever else is open belongs to tests that run at the same time. A socket or pipe that lives on in a server
        // that all tests share would keep its other end from ever reading an end.
        #if canImport(Glibc)
            posix_spawn_file_actions_addclosefrom_np(&actions, Int32(ends.count))
            let closing: Int32 = 0
        #else
            let closing = POSIX_SPAWN_CLOEXEC_DEFAULT
        #endif
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | closing))
        // NIO, which other tests use, ignores it in this process, and what is ignored stays ignored across exec.
        var defaultSignals = sigset_t()
        sigemptyset(&defaultSignals)
        sigaddset(&defaultSignals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &defaultSignals)
        posix_spawnattr_setpgroup(&attributes, 0)
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        var arguments = command.map { strdup($0) } + [nil]
        var environment = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in arguments + environment { free(pointer) } }
        var id: pid_t = 0
        let result = posix_spawnp(&id, command[0], &actions, &attributes, &arguments, &environment)
        guard result == 0 else {
            throw HarnessError("cannot start \(command[0]): \(String(cString: strerror(result)))")
        }
        return id
    }

    // MARK: Its input

    /// Writes all bytes; throws when the reader has gone.
    package func write(_ bytes: some Collection<UInt8>) throws {
        let bytes = Array(bytes)
        var offset = 0
        while offset < bytes.count {
            try deadline.wait(for: input, POLLOUT, "writing to the process")
            // A pipe of which poll says that it is writable takes PIPE_BUF bytes without blocking.
            let end = min(bytes.count, offset + Int(PIPE_BUF))
            let count = bytes[offset..<end].withUnsafeBytes { Foundation.write(input, $0.baseAddress, $0.count) }
            guard count > 0 else { throw HarnessError("cannot write to the process: errno \(errno)") }
            offset += count
        }
    }

    package func send(_ line: String) throws { try write(Array((line + "\n").utf8)) }

    /// Waits until the process has read everything that was written to it.
    package func waitUntilTaken() throws {
        try deadline.wait("the process does not read") {
            var count: Int32 = 0
            return ioctl(input, UInt(FIONREAD), &count) == 0 && count == 0
        }
    }

    package func closeInput() {
        guard input >= 0 else { return }
        close(input)
        input = -1
    }

    /// Writes on a thread of its own while this one reads, and closes the input.
    package func writeInBackground(_ bytes: [UInt8]) {
        let descriptor = input
        input = -1
        Thread.detachNewThread {
            blockBrokenPipeSignal()
            var offset = 0
            while offset < bytes.count {
                let count = bytes[offset...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
                guard count > 0 else { break }
                offset += count
            }
            close(descriptor)
        }
    }

    // MARK: Its output

    /// What one read gives, empty at the end.
    private func readChunk() throws -> [UInt8] {
        try deadline.wait(for: output, POLLIN, "reading; standard error so far: \(errorSoFar)")
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = Foundation.read(output, &buffer, buffer.count)
        guard count >= 0 else { throw HarnessError("cannot read from the process: errno \(errno)") }
        return Array(buffer[..<count])
    }

    /// The next line without its line feed; nil at the end.
    package func readLine() throws -> String? {
        while true {
            if let end = pending.firstIndex(of: 0x0A) {
                defer { pending.removeFirst(end + 1) }
                return String(decoding: pending[..<end], as: UTF8.self)
            }
            let chunk = try readChunk()
            guard !chunk.isEmpty else {
                defer { pending = [] }
                return pending.isEmpty ? nil : String(decoding: pending, as: UTF8.self)
            }
            pending += chunk
        }
    }

    /// Exactly so many bytes, fewer only at the end.
    package func read(byteCount: Int) throws -> [UInt8] {
        var bytes = pending
        pending = []
        while bytes.count < byteCount {
            let chunk = try readChunk()
            if chunk.isEmpty { return bytes }
            bytes += chunk
        }
        pending = Array(bytes[byteCount...])
        return Array(bytes[..<byteCount])
    }

    package func readToEnd() throws -> [UInt8] { try read(byteCount: .max) }

    package func closeOutput() {
        close(output)
        output = -1
    }

    /// Waits until the output pipe is as good as full. How many bytes that are depends on how they were written: the
    /// pages of a pipe may be filled by halves.
    package func waitForFullOutput() throws {
        try deadline.wait("the output does not fill") {
            var count: Int32 = 0
            return ioctl(output, UInt(FIONREAD), &count) == 0 && count >= 1 << 15
        }
    }

    // MARK: Its standard error and its end

    /// What it wrote to standard error until now.
    package var errorSoFar: String { String(decoding: errors.bytes, as: UTF8.self) }

    /// Waits until standard error holds a text.
    package func waitForError(_ text: String) throws {
        try deadline.wait("standard error lacks \"\(text)\": \(errorSoFar)") { errorSoFar.contains(text) }
    }

    /// Waits for the end of the process.
    package func wait() throws -> Ending {
        try deadline.wait("waiting for the end; standard error so far: \(errorSoFar)") { reaper.ending != nil }
        return reaper.ending ?? .exit(-1)
    }

    package var isRunning: Bool { reaper.ending == nil }

    /// Waits until neither the process nor anything that it started is there any more.
    package func waitUntilAllAreGone() throws {
        try deadline.wait(for: survivors, POLLIN, "a process survived")
    }

    /// Closes the input, reads to the end, and waits for everything.
    package func finish() throws -> Finished {
        closeInput()
        let output = output >= 0 ? try readToEnd() : []
        let ending = try wait()
        try deadline.wait("standard error stays open: \(errorSoFar)") { errors.hasEnded }
        return Finished(ending: ending, output: output, error: errorSoFar)
    }

    /// Runs a command to its end.
    package static func run(
        _ command: [String], input: [UInt8] = [], environment: [String: String?] = [:], in folder: TestFolder? = nil,
        deadline: Double = 30
    ) throws -> Finished {
        let process = try RunningProcess(command, environment: environment, in: folder, deadline: deadline)
        process.writeInBackground(input)
        return try process.finish()
    }
}

/// Reads a pipe to its end on a thread of its own.
private final class Collector: @unchecked Sendable {
    private let lock = NSLock()
    private var collected: [UInt8] = []
    private var ended = false

    init(_ descriptor: Int32) {
        Thread.detachNewThread { [self] in
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                guard count > 0 else { break }
                lock.withLock { collected += buffer[..<count] }
            }
            close(descriptor)
            lock.withLock { ended = true }
        }
    }

    var bytes: [UInt8] { lock.withLock { collected } }
    var hasEnded: Bool { lock.withLock { ended } }
}

/// Waits for the end of a process on a thread of its own.
private final class Reaper: @unchecked Sendable {
    private let lock = NSLock()
    private var found: Ending?

    init(_ id: pid_t) {
        Thread.detachNewThread { [self] in
            var status: Int32 = 0
            while waitpid(id, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7F
            lock.withLock { found = signal == 0 ? .exit(status >> 8 & 0xFF) : .signal(signal) }
        }
    }

    var ending: Ending? { lock.withLock { found } }
}
