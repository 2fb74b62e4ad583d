#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import RepriseRecording
import RepriseRedaction
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
        let redactor = try configuration.redaction.map { try EventRedactor(rules: $0.rules) }
        reserveStandardDescriptors()
        let mask = SignalForwarding.block()
        let server = try ServerProcess.start(configuration.command, signalMask: mask)
        try SignalForwarding.start(to: server.id)
        let sink = configuration.path.map { makeSink(configuration, path: $0, redactor: redactor) }
        sink?.open()
        sink?.drain()
        let pumps = Pumps(server: server, sink: sink)
        try pumps.start()
        let close = server.wait()
        pumps.waitForOutput()
        sink?.finish(close)
        SignalForwarding.end(as: close)
    }

    private static func makeSink(
        _ configuration: Configuration, path: String, redactor: EventRedactor?
    ) -> RecordingSink {
        var redactor = redactor
        let command = redactor?.redact(command: configuration.command) ?? configuration.command
        let redaction = configuration.redaction.map { name, rules in
            Header.Redaction.rules(name: name, digest: rules.digest)
        }
        let header = Header(
            start: configuration.start, recorder: configuration.recorder, transport: "stdio",
            target: .command(command), redaction: redaction ?? .none)
        do {
            let file = try RecordingFile(creating: path)
            say(file.path == path ? "recording to \(path)" : "\(path) exists; recording to \(file.path)")
            return RecordingSink(
                file: file, header: header, redactor: redactor, lineByteCountMax: configuration.lineByteCountMax)
        } catch {
            say("not recording, the session goes on: \(error)")
            return RecordingSink(file: nil, header: header, redactor: nil, lineByteCountMax: 0)
        }
    }
}

/// The three threads that carry bytes between client and server.
private final class Pumps: Sendable {
    private let server: ServerProcess
    private let sink: RecordingSink?
    /// Microseconds of the last read from the server, and which of its outputs are still open.
    private let output = Mutex<(lastRead: Int64, open: Set<Pipe>)>((0, [.stdout, .stderr]))

    init(server: ServerProcess, sink: RecordingSink?) {
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
    /// so a second without a byte after the server's end is the end, too.
    func waitForOutput() {
        let exited = monotonicMicroseconds()
        while true {
            let (lastRead, open) = output.withLock { $0 }
            let quiet = monotonicMicroseconds() - max(lastRead, exited)
            if open.isEmpty || quiet > 1_000_000 { return }
            usleep(500)
        }
    }

    private func pump(_ pipe: Pipe, from source: Int32, to destination: Int32) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { buffer.deallocate() }
        while let count = readSome(source, into: buffer), count > 0 {
            let chunk = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            sink?.receive(chunk.bindMemory(to: UInt8.self), on: pipe)
            if pipe != .stdin { output.withLock { $0.lastRead = monotonicMicroseconds() } }
            let isForwarded = writeAll(destination, chunk)
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
