import Foundation

/// When a recording that a test names is recorded anew.
///
/// `REPRISE_RECORD` in the environment, with one of these words, comes before what the test says.
public enum RecordMode: String, Sendable, CaseIterable {
    /// Never: a missing recording fails the test, and no file is written.
    case never
    /// If there is none.
    case missing
    /// If there is none, or the test fails with it.
    case failed
    /// In every run.
    case all

    /// The mode that the environment asks for; nil if it asks for none. Throws for an unknown word.
    static func chosen(
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> RecordMode? {
        guard let word = environment["REPRISE_RECORD"], !word.isEmpty else { return nil }
        guard let mode = RecordMode(rawValue: word) else {
            let words = allCases.map(\.rawValue).joined(separator: ", ")
            throw TestFileError(problem: "REPRISE_RECORD is \"\(word)\", but takes one of \(words)")
        }
        return mode
    }
}
