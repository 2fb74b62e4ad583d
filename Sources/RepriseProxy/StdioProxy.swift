#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import MCPTransports
import RepriseRecording
import RepriseRedaction
import RepriseReplay
import Synchronization

/// Stands where a client expects its stdio server, starts the real one, and records what passes.
///
/// The bytes forwarded are the bytes read; decoding is a tap beside them. The recorder ends as the server ended.
public struct StdioProxy {
    /// What to record and how.
    public struct Configuration {
        /// The server's command line, not empty.
        public var command: [String]
        /// Where the recording goes; nil forwards without recording.
        public var path: String?
        /// The rules of redaction with their name for the header; nil keeps every byte.
        public var redaction: (name: String, rules: RedactionRules)?
        /// Longest line kept as one event, in bytes.
        public var lineByteCountMax: Int
        /// Name and version for the header.
        public var recorder: String
        /// Wall-clock start for the header, RFC 3339 in UTC.
        public var start: String

        /// Makes a configuration.
        public init(
            command: [String], path: String?, redaction: (name: String, rules: RedactionRules)?,
            lineByteCountMax: Int = 16 << 20, recorder: String, start: String
        ) {
            self.command = command
            self.path = path
            self.redaction = redaction
            self.lineByteCountMax = lineByteCountMax
            self.recorder = recorder
            self.start = start
        }
    }

    /// Runs the session and ends this process as the server ended; throws only before the server was started.
    public static func run(_ configuration: Configuration) throws -> Never {
        fillStandardDescriptors()
        let redactor = try configuration.redaction.map { try EventRedactor(rules: $0.rules) }
        let mask = SignalForwarding.block()
        let server = try ServerProcess.start(configuration.command, signalMask: mask)
        let sink = makeSink(configuration, redactor: redactor)
        sink?.open()
        sink?.drain()
        let pumps = Pumps(server: server, sink: sink)
        try SignalForwarding.start(to: server, tooLate: pumps.stopWaiting)
        try pumps.start()
        let close = Close(server.wait())
        pumps.waitForOutput()
        sink?.finish(close)
        SignalForwarding.end(as: close)
    }

    private static func makeSink(
        _ configuration: Configuration, redactor: EventRedactor?
    ) -> RecordingSink<StdioRecorder>? {
        guard let path = configuration.path else { return nil }
        var redactor = redactor
        let command = redactor?.redact(command: configuration.command) ?? configuration.command
        let redaction = configuration.redaction.map { name, rules in
            Header.Redaction.rules(name: name, digest: rules.digest)
        }
        let header = Header(
            start: configuration.start, recorder: configuration.recorder, transport: "stdio",
            target: .command(command), redaction: redaction ?? .none)
        return RecordingSink.make(
            path: path, header: header, redactor: redactor,
            recorder: StdioRecorder(lineByteCountMax: configuration.lineByteCountMax)
        ) { $0 == path ? "recording to \(path)" : "\(path) exists; recording to \($0)" }
    }
}

/// The three threads that carry bytes between client and server.
private final class Pumps: Sendable {
    private let server: ServerProcess
    private let sink: RecordingSink<StdioRecorder>?
    private let output = Mutex(Output())

    /// How far the forwarding of what the server wrote has come.
    private struct Output {
        /// When something was last read or forwarded, in microseconds.
        var lastActivity: Int64 = 0
        /// The pipes whose end was not reached yet.
        var open: Set<Pipe> = [.stdout, .stderr]
        /// The pipes of which we hold bytes that their reader has not taken yet.
        var forwarding: Set<Pipe> = []
        /// Whether a signal asked to wait no longer.
        var isStopped = false
    }

    init(server: ServerProcess, sink: RecordingSink<StdioRecorder>?) {
        self.server = server
        self.sink = sink
    }

    func start() throws {
        try startThread { self.pump(.stdin, from: STDIN_FILENO, to: self.server.stdin) }
        try startThread { self.pump(.stdout, from: self.server.stdout, to: STDOUT_FILENO) }
        if let stderr = server.stderr {
            try startThread { self.pump(.stderr, from: stderr, to: STDERR_FILENO) }
        }
    }

    /// Waits for the ends of the server's outputs. A process that the server left behind may hold them open for ever,
    /// so a second without a byte after the server's end is the end, too, unless a slow reader is what it waits for.
    func waitForOutput() {
        let exited = monotonicMicroseconds()
        while true {
            let isDone = output.withLock { output in
                let quiet = monotonicMicroseconds() - max(output.lastActivity, exited)
                return output.open.isEmpty || output.isStopped || output.forwarding.isEmpty && quiet > 1_000_000
            }
            if isDone { return }
            usleep(500)
        }
    }

    /// Makes the wait for the ends of the server's outputs end at once.
    func stopWaiting() { output.withLock { $0.isStopped = true } }

    private func pump(_ pipe: Pipe, from source: Int32, to destination: Int32) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { buffer.deallocate() }
        var ticket = 0
        while let count = readSome(source, into: buffer), count > 0 {
            let chunk = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            let next = sink?.receive(chunk.bindMemory(to: UInt8.self), on: pipe) ?? 0
            sink?.settle(ticket)
            ticket = next
            if pipe != .stdin { output.withLock { _ = $0.forwarding.insert(pipe) } }
            let isForwarded = writeAll(destination, chunk)
            if pipe != .stdin {
                output.withLock { output in
                    output.forwarding.remove(pipe)
                    output.lastActivity = monotonicMicroseconds()
                }
            }
            if !isForwarded {
                sink?.note(
                    "the reader of \(pipe.rawValue) has gone; its last \(count) bytes or fewer were not forwarded")
            }
            sink?.drain()
            guard isForwarded else { break }
        }
        sink?.end(pipe)
        // Closing both ends hands the end on to one side, and a gone reader to the other.
        release(destination)
        release(source)
        sink?.drain()
        if pipe != .stdin { output.withLock { _ = $0.open.remove(pipe) } }
    }
}
