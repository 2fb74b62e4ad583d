import RepriseRecording
import RepriseRedaction
import RepriseReplay
import Synchronization

/// Where a proxy hands in what it read, and from where it reaches the file; the recorder in it is a state machine.
///
/// Order and time are taken under one lock before a chunk is forwarded. Encoding and writing come after forwarding: the
/// pump that finds nobody at it writes everything that waits, in order, so that neither sleeps for the other and no
/// further thread has to be woken. A pump forwards nothing while its earlier read is unwritten: no more than one read of
/// each direction is ever lost to a kill, and memory is bounded. As that wait is for the disk alone, a pump stuck in a
/// slow reader never holds up the other direction.
final class RecordingSink<Recorder: Sendable>: Sendable {
    private struct Order {
        var recorder: Recorder
        var waiting: [Event] = []
        var isStopped = false
        /// Number of events handed in so far.
        var takenCount = 0
    }

    private struct Writer: ~Copyable, Sendable {
        var redactor: EventRedactor?
        var encoder = RecordingEncoder()
        var file: RecordingFile?
    }

    private let order: Mutex<Order>
    private let writer: Mutex<Writer>
    private let start = monotonicMicroseconds()
    /// Number of events written so far; the largest there is once writing has stopped.
    private let writtenCount = Atomic<Int>(0)

    /// Takes a new file and writes its header; a failure to write is said once, and the sink swallows the rest.
    init(file: consuming RecordingFile?, header: Header, redactor: EventRedactor?, recorder: Recorder) {
        let isStopped = file == nil
        order = Mutex(Order(recorder: recorder, isStopped: isStopped))
        writer = Mutex(Writer(redactor: redactor, file: file))
        writer.withLock { writer in
            let line = writer.encoder.encode(header)
            write(line, &writer)
        }
    }

    /// Returns when everything up to a ticket is written, which is nearly always so.
    func settle(_ ticket: Int) {
        guard writtenCount.load(ordering: .acquiring) < ticket else { return }
        writer.withLock { writeWaiting(&$0) }
        drain()
    }

    /// The session is over: writes what waits, and the end of the recording.
    ///
    /// A recording that stopped before its session has a hole, and does not get the line that calls it complete.
    func finish() {
        let isComplete = order.withLock { !$0.isStopped }
        writer.withLock { writer in
            writeWaiting(&writer)
            if isComplete {
                let line = writer.encoder.finish(at: now)
                write(line, &writer, isLast: true)
            }
            writer.file = nil
        }
    }

    /// Has everything that waits written: here, unless another pump is at it, which then writes this as well.
    func drain() {
        while writer.withLockIfAvailable({ writeWaiting(&$0) }) != nil {
            // What another pump handed in after the last look, while the lock was still ours, is ours.
            if order.withLock({ $0.waiting.isEmpty }) { return }
        }
    }

    private func writeWaiting(_ writer: inout Writer) {
        while true {
            let events = order.withLock { order in
                let events = order.waiting
                order.waiting.removeAll()
                return events
            }
            guard !events.isEmpty else { return }
            for event in events {
                guard writer.file != nil else { break }
                let redacted = writer.redactor?.redact(event) ?? event
                write(writer.encoder.encode(redacted), &writer)
                for warning in writer.redactor?.newWarnings() ?? [] {
                    sayLater(warning)
                    let note = Event(time: event.time, connection: 1, kind: .note(warning))
                    write(writer.encoder.encode(note), &writer)
                }
                if writer.file != nil { writtenCount.add(1, ordering: .releasing) }
            }
        }
    }

    /// Microseconds since the start.
    var now: Int64 { monotonicMicroseconds() - start }

    /// Gives the recorder an input and its time, before any of it is forwarded; a ticket for ``settle(_:)``.
    @discardableResult
    func take(at time: Int64? = nil, _ input: (inout Recorder, Int64) -> RecorderOutcome) -> Int {
        var bug: String?
        let ticket = order.withLock { order in
            guard !order.isStopped else { return 0 }
            switch input(&order.recorder, time ?? now) {
            case .events(let events):
                order.waiting += events
                order.takenCount += events.count
            case .bug(let state):
                order.isStopped = true
                bug = state
            }
            return order.takenCount
        }
        if let bug { sayLater("recording stopped, the session goes on: a bug in the recorder (\(bug))") }
        return ticket
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
            writtenCount.store(.max, ordering: .releasing)
            sayLater("recording stopped, the session goes on: \(error)")
        }
    }
}

extension RecordingSink<StdioRecorder> {
    /// A pump read `chunk`; to be called before any of it is forwarded. Gives a ticket for ``settle(_:)``.
    func receive(_ chunk: UnsafeBufferPointer<UInt8>, on pipe: Pipe) -> Int {
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
        finish()
    }
}

extension RecordingSink {
    /// A sink for a new file at `path`, or one that swallows everything where there is none; says which on standard error.
    ///
    /// `path` nil records nothing and is the caller's to explain.
    static func make(
        path: String?, header: Header, redactor: EventRedactor?, recorder: Recorder, announce: (String) -> String
    ) -> RecordingSink? {
        guard let path else { return nil }
        do {
            let file = try RecordingFile(creating: path)
            say(announce(file.path))
            return RecordingSink(file: file, header: header, redactor: redactor, recorder: recorder)
        } catch {
            say("not recording, the session goes on: \(error)")
            return RecordingSink(file: nil, header: header, redactor: nil, recorder: recorder)
        }
    }
}
