import Foundation

/// How far a verb is: one line on standard error that is written again and again, on a terminal only.
final class ProgressLine {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var shown = ""

    /// Puts `text` in the place of what was shown before.
    func show(_ text: String) {
        guard isTerminal, text != shown else { return }
        let rest = String(repeating: " ", count: max(0, shown.count - text.count))
        FileHandle.standardError.write(Data("\rreprise: \(text)\(rest)".utf8))
        shown = text
    }

    /// Ends the line, so that what comes next begins a new one.
    func end() {
        guard !shown.isEmpty else { return }
        FileHandle.standardError.write(Data("\n".utf8))
        shown = ""
    }
}
