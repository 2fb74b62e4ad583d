/// Why a rules file was refused: the line and what may stand there.
public struct RedactionRuleError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The line, counted from 1.
    public var line: Int
    /// What is wrong and what is allowed instead, as a sentence without its full stop.
    public var reason: String

    /// An error in line `line`, counted from 1.
    public init(line: Int, reason: String) {
        self.line = line
        self.reason = reason
    }

    /// `line 3: …`, for a person to read behind the file's name.
    public var description: String { "line \(line): \(reason)" }
}
