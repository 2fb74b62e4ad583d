import MCPWire

/// Reads the bytes of a recording; every error names its line.
public enum RecordingReader {
    /// The recording in `bytes`; throws ``RecordingError`` for what breaks the grammar, but drops a torn last line.
    public static func read(_ bytes: [UInt8]) throws(RecordingError) -> Recording {
        guard !bytes.isEmpty else { throw RecordingError(line: 1, reason: .empty) }
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        let tail = lines.removeLast()
        guard let first = lines.first else { throw headerError(Array(tail)) }
        let header = try HeaderReader.read(Array(first))

        var recording = Recording(header: header, events: [], completion: .unfinished)
        recording.events.reserveCapacity(lines.count)
        var digest = SHA256()
        digest.update(Array(bytes[first.startIndex...first.endIndex]))
        for line in lines.dropFirst() {
            let number = recording.events.count + 2
            if case .finish? = recording.events.last?.kind {
                throw RecordingError(line: number, reason: .invalid("stands after the finish line"))
            }
            let event = try EventReader.read(Array(line), number: number)
            if case .finish = event.kind {
                recording.completion = completion(event, after: recording.events.count, &digest)
            } else {
                digest.update(Array(bytes[line.startIndex...line.endIndex]))
            }
            recording.events.append(event)
        }
        if !tail.isEmpty {
            // A kill can tear the last line anywhere, also just before its line feed: then nothing is missing.
            if let event = try? EventReader.read(Array(tail), number: lines.count + 1),
                recording.completion == .unfinished
            {
                recording.completion = completion(event, after: recording.events.count, &digest)
                recording.events.append(event)
            } else {
                recording.tornByteCount = tail.count
            }
        }
        return recording
    }

    /// What an event says of the file: a `finish` whether it agrees with what stands before it, any other nothing.
    private static func completion(
        _ event: Event, after count: Int, _ digest: inout SHA256
    ) -> Recording.Completion {
        guard case .finish(let eventCount, let sha256) = event.kind else { return .unfinished }
        return eventCount == count && digest.finish() == sha256 ? .finished : .changed
    }

    private static func headerError(_ line: [UInt8]) -> RecordingError {
        do {
            _ = try HeaderReader.read(line)
            return RecordingError(line: 1, reason: .invalid("the header is torn: it has no line feed"))
        } catch {
            return error
        }
    }
}
