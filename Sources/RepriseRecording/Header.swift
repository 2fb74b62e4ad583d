/// The first line of a recording: what was known when it began.
///
/// What is learnt later, such as the protocol revision, stands in the events and is never repeated here.
public struct Header: Equatable, Sendable {
    /// The version of the recording format that this module reads and writes.
    public static let formatVersion = 1

    /// What was recorded.
    public enum Target: Equatable, Sendable {
        /// A stdio server: its command line, redacted.
        case command([String])
        /// A server behind a URL, redacted.
        case url(String)
    }

    /// How secrets were kept out of the file.
    public enum Redaction: Equatable, Sendable {
        /// Nothing was redacted: the file holds every byte.
        case none
        /// Redacted by the named rules, with the SHA-256 of their canonical text.
        case rules(name: String, digest: String)
    }

    /// Wall-clock start, RFC 3339 in UTC.
    public var start: String
    /// Name and version of the program that recorded.
    public var recorder: String
    /// The transport family: `stdio`, `http`, `ws` or `sdk`.
    public var transport: String
    /// What was recorded.
    public var target: Target
    /// How secrets were kept out.
    public var redaction: Redaction

    /// Makes a header; `start` is RFC 3339 in UTC.
    public init(start: String, recorder: String, transport: String, target: Target, redaction: Redaction) {
        self.start = start
        self.recorder = recorder
        self.transport = transport
        self.target = target
        self.redaction = redaction
    }
}
