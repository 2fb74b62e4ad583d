import MCPWire
import RepriseRecording

/// Turns the chunks that pass through the three pipes of a stdio session into events, in the order of their reads.
///
/// A value without clock or I/O. The shell calls it under one lock, when a read has returned and before any of its
/// bytes are forwarded: only so does no answer stand before its request (S-173).
public struct StdioRecorder: Sendable {
    /// What an input led to.
    public typealias Outcome = RecorderOutcome

    private struct Reader: Sendable {
        var decoder: LineDecoder
        /// Where reads ended within the line still incomplete, with their times.
        var cuts: [(offset: Int, time: Int64)] = []
        var hasEnded = false
    }

    private var stdin: Reader
    private var stdout: Reader
    private var stderr: Reader
    /// Whether the server process is gone, after which nothing belongs to the session any more.
    private var isClosed = false

    /// Makes a recorder; a line of more than `lineByteCountMax` bytes is kept as several events of one line.
    public init(lineByteCountMax: Int = 16 << 20) {
        let reader = Reader(decoder: LineDecoder(lineByteCountMax: lineByteCountMax))
        stdin = reader
        stdout = reader
        stderr = reader
    }

    /// The server was started.
    public mutating func open(at time: Int64) -> Outcome {
        .events([Event(time: time, connection: 1, kind: .open)])
    }

    /// A read of `pipe` returned `chunk`, `time` microseconds after the start.
    public mutating func receive(_ chunk: Span<UInt8>, on pipe: Pipe, at time: Int64) -> Outcome {
        guard !isClosed else { return .events([]) }
        guard !self[pipe].hasEnded else { return .bug("bytes on \(pipe.rawValue) after its end") }
        var lines = self[pipe].decoder.receive(chunk)
        var events: [Event] = []
        events.reserveCapacity(lines.count)
        let pending = self[pipe].decoder.pendingByteCount
        for index in lines.indices {
            let endsWithRead = index == lines.count - 1 && pending == 0
            // Swapped out rather than copied.
            var line = LineDecoder.Line(bytes: [], end: .lineFeed)
            swap(&line, &lines[index])
            events.append(event(of: line, on: pipe, at: time, endsWithRead: endsWithRead))
        }
        if pending > 0, !chunk.isEmpty { self[pipe].cuts.append((pending, time)) }
        return .events(events)
    }

    /// `pipe` reached its end: what stood there without a line feed, then the end itself.
    public mutating func end(_ pipe: Pipe, at time: Int64) -> Outcome {
        guard !isClosed else { return .events([]) }
        guard !self[pipe].hasEnded else { return .bug("a second end of \(pipe.rawValue)") }
        self[pipe].hasEnded = true
        var events: [Event] = []
        if let line = self[pipe].decoder.finish() {
            events.append(event(of: line, on: pipe, at: time, endsWithRead: false))
        }
        events.append(Event(time: time, connection: 1, direction: pipe.direction, kind: .end(pipe)))
        return .events(events)
    }

    /// The server process is gone. A pipe that has not ended may still hold the beginning of a line, which is kept.
    ///
    /// That is the last event: what the client does to a server that is gone is no part of the session.
    public mutating func close(_ close: Close, at time: Int64) -> Outcome {
        isClosed = true
        var events: [Event] = []
        for pipe in Pipe.allCases {
            guard let line = self[pipe].decoder.finish() else { continue }
            events.append(event(of: line, on: pipe, at: time, endsWithRead: false))
        }
        return .events(events + [Event(time: time, connection: 1, kind: .close(close))])
    }

    private mutating func event(
        of line: consuming LineDecoder.Line, on pipe: Pipe, at time: Int64, endsWithRead: Bool
    ) -> Event {
        let isWholeRead = self[pipe].cuts.isEmpty && endsWithRead
        var cuts: [Frame.Cut]?
        if !isWholeRead {
            cuts = self[pipe].cuts.map { Frame.Cut(offset: $0.offset, age: time - $0.time) }
            if endsWithRead { cuts?.append(Frame.Cut(offset: line.bytes.count, age: 0)) }
        }
        self[pipe].cuts.removeAll(keepingCapacity: true)
        let isContinued = line.end == .limit
        let frame = Frame(line: line.bytes, cuts: cuts, isContinued: isContinued)
        return Event(
            time: time, connection: 1, direction: pipe.direction,
            kind: pipe == .stderr ? .stderr(frame) : .line(frame))
    }

    private subscript(pipe: Pipe) -> Reader {
        get {
            switch pipe {
            case .stdin: stdin
            case .stdout: stdout
            case .stderr: stderr
            }
        }
        _modify {
            switch pipe {
            case .stdin: yield &stdin
            case .stdout: yield &stdout
            case .stderr: yield &stderr
            }
        }
    }
}
