import RepriseRecording
import RepriseRedaction
import RepriseReplay
import Synchronization

/// Where the pumps of a session hand in what they read, and from where it reaches the file.
///
/// Order and time are taken under one lock before a chunk is forwarded. Encoding and writing come after forwarding:
/// whichever pump is done first writes everything that waits, in order, so that a pump stuck in a slow reader never
/// holds up the other direction, and no more than one read of each direction is ever unwritten.
final class RecordingSink: Sendable {
    private struct Order {
        var recorder: StdioRecorder
        var waiting: [Event] = []
        var isStopped = false
    }

    private struct Writer: ~Copyable, Sendable {
        var redactor: EventRedactor?
        var encoder = RecordingEncoder()
        var file: RecordingFile?
    }

    private let order: Mutex<Order>
    private let writer: Mutex<Writer>
    private let start = monotonicMicroseconds()

    /// Takes a new file and writes its header; a failure to write is said once, and the sink swallows the rest.
    init(file: consuming RecordingFile?, header: Header, redactor: EventRedactor?, lineByteCountMax: Int) {
        let isStopped = file == nil
        order = Mutex(Order(recorder: StdioRecorder(lineByteCountMax: lineByteCountMax), isStopped: isStopped))
        writer = Mutex(Writer(redactor: redactor, file: file))
        writer.withLock { writer in
            let line = writer.encoder.encode(header)
            write(line, &writer)
        }
    }

    /// A pump read `chunk`; to be called before any of it is forwarded.
    func receive(_ chunk: UnsafeBufferPointer<UInt8>, on pipe: Pipe) {
        take { $0.receive(chunk.span, on: pipe, at: $1) }
    }

    /// The server was started.
    func open() { take { $0.open(at: $1) } }

    /// A pipe reached its end.
    func end(_ pipe: Pipe) { take { $0.end(pipe, at: $1) } }

    /// Something that the reader of the recording should know.
    func note(_ text: String) {
        take { .events([Event(time: $1, connection: 1, kind: .note(text))]) }
    }

    /// The server is gone: writes what waits, and the end of the recording.
    func finish(_ close: Close) {
        take { $0.close(close, at: $1) }
        drain()
        writer.withLock { writer in
            let line = writer.encoder.finish(at: now)
            write(line, &writer, isLast: true)
            writer.file = nil
        }
    }

    /// Writes everything that waits, in order.
    func drain() {
        writer.withLock { writer in
            while true {
                let events = order.withLock { order in
                    let events = order.waiting
                    order.waiting.removeAll()
                    return events
                }
                guard !events.isEmpty else { return }
                for event in events where writer.file != nil {
                    let redacted = writer.redactor?.redact(event) ?? event
                    write(writer.encoder.encode(redacted), &writer)
                    for warning in writer.redactor?.newWarnings() ?? [] {
                        say(warning)
                        let note = Event(time: event.time, connection: 1, kind: .note(warning))
                        write(writer.encoder.encode(note), &writer)
                    }
                }
            }
        }
    }

    private var now: Int64 { monotonicMicroseconds() - start }

    private func take(_ input: (inout StdioRecorder, Int64) -> StdioRecorder.Outcome) {
        order.withLock { order in
            guard !order.isStopped else { return }
            switch input(&order.recorder, now) {
            case .events(let events):
                order.waiting += events
            case .bug(let state):
                order.isStopped = true
                say("recording stopped, the session goes on: a bug in the recorder (\(state))")
            }
        }
    }

    private func write(_ line: [UInt8], _ writer: inout Writer, isLast: Bool = false) {
        guard writer.file != nil else { return }
        do {
            try writer.file?.write(line, isLast: isLast)
        } catch {
            writer.file = nil
            order.withLock { order in
                order.isStopped = true
                order.waiting.removeAll()
            }
            say("recording stopped, the session goes on: \(error)")
        }
    }
}
