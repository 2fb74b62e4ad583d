/// The end of a verb that did not go well: what to say, and the exit code.
struct CommandFailure: Error {
    /// The exit codes of every verb but `record`, which ends as its command ended.
    enum Code: Int32 {
        case differs = 1
        case usage = 2
        case unreadable = 3
        case notStarted = 4
        /// A simulation cannot be trusted, since something got out of its virtual time.
        case escaped = 5
        case bug = 70
    }

    var code: Code
    /// What to say on standard error; nil when the result itself says it.
    var message: String?

    init(_ code: Code, _ message: String? = nil) {
        self.code = code
        self.message = message
    }
}
