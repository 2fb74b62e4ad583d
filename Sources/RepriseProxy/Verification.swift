import MCPTransports
import MCPWire
import RepriseRecording
import RepriseRedaction
import RepriseReplay

/// Plays the client of a recording to a live server and says what the server does otherwise.
///
/// Every recorded call is executed for real by that server. In a test:
///
///     let recording = try Verification.recording(at: "session.jsonl")
///     let report = try await Verification.run(recording, against: .command(["my-server"]))
///     #expect(report.isMatch, "\(report)")
public enum Verification {
    /// The server to be verified.
    public enum Target: Sendable {
        /// A stdio server, started with this command line.
        case command([String])
        /// A server behind a URL, with header fields to be sent beside or in place of the recorded ones.
        ///
        /// Certificates are checked against those of the system, or of the file that `trustFile` names.
        case url(String, headers: [(name: String, value: String)] = [], trustFile: String? = nil)
    }

    /// What happens while a verification runs.
    public enum Notice: Equatable, Sendable {
        /// So many steps of the recorded client were taken, of all.
        case progress(done: Int, all: Int)
        /// The server owes these events and was waited for long enough; the session goes on without them.
        case missing(events: [Int])
    }

    /// Why there is nothing to compare.
    public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// There is no command.
        case noCommand
        /// The server ended before it had said anything.
        case endedAtOnce(Close)
        /// The URL is none of an HTTP server.
        case badURL(String)
        /// Name or value of a header field is not one (RFC 9110, section 5); the value is not shown.
        case badHeader(name: String)
        /// The server could not be reached, for this reason.
        case notReached(String)
        /// The server wants another token than none.
        case unauthorized

        /// One sentence.
        public var description: String {
            switch self {
            case .noCommand: "there is no command to start"
            case .endedAtOnce(.exit(let code)): "the server ended before it said anything, with exit code \(code)"
            case .badURL(let url): "\(url) is no URL of an HTTP server, such as https://example.com/mcp"
            case .badHeader(let name): "\"\(name)\" is no name of a header field, or its value is none"
            case .notReached(let reason): "cannot reach the server: \(reason)"
            case .unauthorized:
                "the server answered 401: it wants a token that the recording does not hold; "
                    + "give it with --header 'Authorization: Bearer TOKEN'"
            case .endedAtOnce(.signal(let signal)): "the server ended before it said anything, by signal \(signal)"
            }
        }
    }

    /// One or two sentences that say what a verification will do to a server: how many requests, and which.
    public static func announcement(_ recording: Recording, against target: Target) throws -> String {
        let requests =
            switch target {
            case .command: try Verifier(stdio: recording).requests
            case .url: try HTTPVerifier(recording, target: "/", origin: nil).requests
            }
        let count = requests.reduce(0) { $0 + $1.count }
        let shown = requests.map { $0.count == 1 ? $0.title : "\($0.title) (\($0.count) times)" }
        let list = shown.prefix(20).joined(separator: ", ") + (shown.count > 20 ? " and \(shown.count - 20) more" : "")
        return "the server will execute \(count) recorded requests for real: \(list)"
    }

    /// The recording in a file; throws ``SystemError`` or `RecordingError`.
    public static func recording(at path: String) throws -> Recording {
        try RecordingReader.read(try readFile(path))
    }

    /// Verifies a server on a thread of its own; see ``runBlocking(_:against:stall:tell:)``.
    public static func run(
        _ recording: Recording, against target: Target, stall: Duration = .seconds(5)
    ) async throws -> VerifyReport {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try startThread {
                    continuation.resume(with: Result { try runBlocking(recording, against: target, stall: stall) })
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    /// Verifies a server on the calling thread.
    ///
    /// `stall` is how long the server may take beyond the time that the recorded one took. Throws `ReplayError` for a
    /// recording that cannot be played, ``ServerProcess/StartError`` and ``Failure`` when there is no server.
    public static func runBlocking(
        _ recording: Recording, against target: Target, stall: Duration = .seconds(5),
        tell: @escaping (Notice) -> Void = { _ in }
    ) throws -> VerifyReport {
        let microseconds = stall.components.seconds * 1_000_000 + stall.components.attoseconds / 1_000_000_000_000
        var redactor = try ReportRedactor()
        switch target {
        case .command(let command):
            guard let name = command.first, !name.isEmpty else { throw Failure.noCommand }
            let verifier = try Verifier(stdio: recording, stall: microseconds)
            let result = try StdioVerification.run(verifier, command: command, stall: microseconds, tell: tell)
            if !result.hasServed, let end = result.end { throw Failure.endedAtOnce(end) }
            return redactor.redact(result.report)
        case .url(let url, let headers, let trustFile):
            guard let origin = Origin(url: url) else { throw Failure.badURL(url) }
            let verifier = try HTTPVerifier(
                recording, target: HTTPVerifier.target(of: url), origin: origin.description,
                overrides: try headers.map { try Self.field($0.name, $0.value) }, stall: microseconds)
            let played = try HTTPVerification.run(verifier, against: origin, trustFile: trustFile, tell: tell)
            if let reason = played.failure { throw Failure.notReached(reason) }
            if played.isUnauthorized, !played.hasHeardServer { throw Failure.unauthorized }
            return redactor.redact(played.report)
        }
    }

    private static func field(_ name: String, _ value: String) throws -> HTTPField {
        let isName =
            !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
        guard isName, value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
            throw Failure.badHeader(name: name)
        }
        return HTTPField(name, value)
    }
}

/// Keeps secrets of the live server out of a report: they are shown as `(secret)`.
private struct ReportRedactor {
    private var redactor: Redactor

    init() throws {
        redactor = try Redactor(rules: .standard)
    }

    mutating func redact(_ report: VerifyReport) -> VerifyReport {
        var report = report
        for (index, verdict) in report.verdicts.enumerated() where !verdict.differences.isEmpty {
            report.verdicts[index].differences = verdict.differences.map { difference in
                var difference = difference
                switch difference.change {
                case .changed(let from, let to): difference.change = .changed(from: from, to: redacted(to))
                case .added(let value): difference.change = .added(redacted(value))
                case .removed: break
                }
                return difference
            }
        }
        return report
    }

    private mutating func redacted(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var result = redactor.redact(json: bytes)
        if result.edits.isEmpty { result = redactor.redact(text: bytes, stream: 0) }
        guard !result.placeholders.isEmpty else { return text }
        var shown: [UInt8] = []
        var position = 0
        for place in result.placeholders {
            shown += result.bytes[position..<place.lowerBound] + Array("(secret)".utf8)
            position = place.upperBound
        }
        return String(decoding: shown + result.bytes[position...], as: UTF8.self)
    }
}
