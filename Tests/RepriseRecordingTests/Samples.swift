import RepriseRecording

/// The header that the tests of this module use.
let sampleHeader = Header(
    start: "2026-01-02T03:04:05Z", recorder: "reprise 0.1", transport: "stdio",
    target: .command(["server", "--stdio"]),
    redaction: .none)

/// The bytes of a text.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The text of bytes, for messages of failed tests.
func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

/// One line of protocol as an event.
func lineEvent(_ frame: Frame, at time: Int64 = 7, _ direction: Direction = .clientToServer) -> Event {
    Event(time: time, connection: 1, direction: direction, kind: .line(frame))
}

/// The lines of a file with this header and these events, without a finish line.
func lines(of events: [Event], header: Header = sampleHeader) -> [[UInt8]] {
    var encoder = RecordingEncoder()
    return [encoder.encode(header)] + events.map { encoder.encode($0) }
}

/// The event that a reader gets for this one.
func reread(_ event: Event) throws -> Event {
    let recording = try RecordingReader.read(lines(of: [event]).flatMap { $0 })
    return recording.events[0]
}

/// The line on which a frame stands, from the payload's key on.
func payloadText(of frame: Frame) -> String {
    let line = text(lines(of: [lineEvent(frame)])[1])
    let start = line.range(of: #","e":"line""#)
    return String(line[(start?.upperBound ?? line.startIndex)...])
}

extension String {
    /// Where `other` stands first.
    fileprivate func range(of other: String) -> Range<String.Index>? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(other) { return index..<self.index(index, offsetBy: other.count) }
            index = self.index(after: index)
        }
        return nil
    }
}
