import RepriseRecording
import TestSupport

extension TestFolder {
    /// Reads a whole recording in the folder.
    func recording(_ name: String) throws -> Recording {
        try RecordingReader.read(try bytes(of: name))
    }
}
