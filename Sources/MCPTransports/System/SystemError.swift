#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A system call that failed: what was tried, on what, and why not.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was tried, as the start of a sentence: `cannot open recording.jsonl`.
    public var attempt: String
    /// The error number.
    public var code: Int32

    /// Makes an error from `errno`, unless a code is given.
    public init(_ attempt: String, code: Int32 = errno) {
        self.attempt = attempt
        self.code = code
    }

    /// The attempt and the system's reason.
    public var description: String { "\(attempt): \(String(cString: strerror(code)))" }
}
