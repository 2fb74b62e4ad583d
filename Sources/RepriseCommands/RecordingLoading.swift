import RepriseProxy
import RepriseRecording

extension Recording {
    /// The recording in a file; throws ``CommandFailure`` with exit code 3 that names the file and the place.
    static func load(_ path: String) throws -> Recording {
        let bytes: [UInt8]
        do {
            bytes = try readFile(path)
        } catch {
            throw CommandFailure(.unreadable, "\(error)")
        }
        do {
            return try RecordingReader.read(bytes)
        } catch {
            throw CommandFailure(.unreadable, "\(path): \(error)")
        }
    }

    /// What a reader should know about the state of the file; nil for a recording that ended well.
    var warning: String? {
        if let tornByteCount { return "the last line is torn: \(tornByteCount) bytes were dropped" }
        switch completion {
        case .finished: return nil
        case .changed: return "changed since it was recorded"
        case .unfinished: return "no finish line: the recorder was killed or could not write to the end"
        }
    }

    /// Writes the recording to a new file and gives its path, which is numbered where `path` exists.
    func save(_ path: String) throws -> String {
        do {
            var file = try RecordingFile(creating: path)
            try file.write(encoded)
            return file.path
        } catch {
            throw CommandFailure(.differs, "\(error)")
        }
    }
}
