/// A recording as read: header, events, and in what state the file was left.
public struct Recording: Equatable, Sendable {
    /// In what state the file was left.
    public enum Completion: Equatable, Sendable {
        /// It ends with a `finish` line whose count and digest agree.
        case finished
        /// It ends with a `finish` line, but was changed since: editing a recording is allowed.
        case changed
        /// No `finish` line: the recorder was killed, or could not write to the end.
        case unfinished
    }

    /// The first line.
    public var header: Header
    /// Every further line, in order; the event at index i has number i + 1.
    public var events: [Event]
    /// How the file ended.
    public var completion: Completion
    /// Number of bytes of a torn last line that was dropped, nil when there is none.
    public var tornByteCount: Int?

    /// Makes a recording in memory.
    public init(header: Header, events: [Event], completion: Completion = .finished, tornByteCount: Int? = nil) {
        self.header = header
        self.events = events
        self.completion = completion
        self.tornByteCount = tornByteCount
    }

    /// The file's bytes, with a new `finish` line where the recording is finished or was changed.
    public var encoded: [UInt8] {
        var encoder = RecordingEncoder()
        var bytes = encoder.encode(header)
        var last: Int64 = 0
        for event in events {
            last = event.time
            if case .finish = event.kind { continue }
            bytes += encoder.encode(event)
        }
        if completion != .unfinished { bytes += encoder.finish(at: last) }
        return bytes
    }
}

/// Why bytes are no recording that this version can read, with the line at fault.
public struct RecordingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Reason: Equatable, Sendable {
        /// There are no bytes.
        case empty
        /// The first line is no header of a recording.
        case notARecording
        /// The header names a version that this program does not read.
        case unsupportedVersion(String)
        /// The line breaks the grammar of the format.
        case invalid(String)
    }

    /// The line, counted from 1.
    public var line: Int
    /// What is wrong with it.
    public var reason: Reason

    /// Makes an error about line number `line`, counted from 1.
    public init(line: Int, reason: Reason) {
        self.line = line
        self.reason = reason
    }

    /// One sentence that names the line and the reason.
    public var description: String {
        switch reason {
        case .empty:
            "the file is empty: not even a header was written"
        case .notARecording:
            "not a recording: the first line does not begin with {\"reprise\":"
        case .unsupportedVersion(let version):
            "a recording of version \(version); this program reads version \(Header.formatVersion)"
        case .invalid(let what):
            "line \(line): \(what)"
        }
    }
}
