import MCPWire
import RepriseRecording

/// Redacts the events of one recording in their order, before they are encoded (S-179).
public struct EventRedactor: Sendable {
    private var redactor: Redactor
    /// Pipes on which the last line is not complete, because it passed the recorder's line limit.
    private var oversize: Set<Pipe> = []
    private var toldPatterns = 0
    private var toldFull = false

    /// Makes a redactor for one recording; throws what ``Redactor`` throws for rules that do not compile.
    public init(rules: RedactionRules) throws {
        redactor = try Redactor(rules: rules)
    }

    /// A command line without its secrets, for the header.
    public mutating func redact(command: [String]) -> [String] {
        redactor.redact(argument: command)
    }

    /// The event without secrets; a payload that is not UTF-8, or part of an oversize line, keeps length and digest.
    public mutating func redact(_ event: Event) -> Event {
        guard var frame = event.frame, case .bytes(let bytes) = frame.payload else {
            return withoutSecretsInNote(event)
        }
        let pipe = Self.pipe(of: event)
        let isPiece = frame.isContinued || oversize.contains(pipe)
        if frame.isContinued { oversize.insert(pipe) } else { oversize.remove(pipe) }

        let redacted: Redacted
        // JSON first, as nearly every line is: that it can be read says that it is UTF-8.
        if !isPiece, let document = try? JSONDocument(bytes) {
            redacted = redactor.redact(document)
        } else if !isPiece, String(validating: bytes, as: UTF8.self) != nil {
            redacted = redactor.redact(text: bytes, stream: pipe == .stderr ? 2 : pipe == .stdout ? 1 : 0)
        } else {
            frame.payload = .omitted(byteCount: bytes.count, sha256: SHA256.hexadecimal(of: bytes))
            return event.with(frame)
        }
        guard !redacted.edits.isEmpty else { return event }
        frame.payload = .bytes(redacted.bytes)
        frame.placeholders = redacted.placeholders
        frame.cuts = frame.cuts.map { Self.moved($0, by: redacted) }
        return event.with(frame)
    }

    /// Number of secrets in an event; placeholders that stand there already are none.
    public mutating func secretCount(in event: Event) -> Int {
        var bare = event
        bare.frame?.placeholders = []
        return redact(bare).frame?.placeholders.count ?? 0
    }

    /// What the user must know of limits that redaction reached since this was last asked, each said once.
    public mutating func newWarnings() -> [String] {
        var warnings = redactor.exhaustedPatterns.dropFirst(toldPatterns).map { name in
            "redaction gave up on pattern \(name) in some text, which took too long: scan this recording before sharing it"
        }
        toldPatterns = redactor.exhaustedPatterns.count
        if redactor.isFull, !toldFull {
            toldFull = true
            warnings.append(
                "more than \(Redactor.secretCountMax) secrets: later ones are replaced where their place or form tells "
                    + "them, but equal ones no longer by the same placeholder")
        }
        return warnings
    }

    private mutating func withoutSecretsInNote(_ event: Event) -> Event {
        guard case .note(let text) = event.kind else { return event }
        var event = event
        event.kind = .note(String(decoding: redactor.redact(text: Array(text.utf8), stream: 3).bytes, as: UTF8.self))
        return event
    }

    private static func pipe(of event: Event) -> Pipe {
        if case .stderr = event.kind { return .stderr }
        return event.direction == .clientToServer ? .stdin : .stdout
    }

    /// Cuts keep their place between the same bytes; one inside a secret stays within its placeholder.
    private static func moved(_ cuts: [Frame.Cut], by redacted: Redacted) -> [Frame.Cut] {
        var result: [Frame.Cut] = []
        for cut in cuts {
            let offset = redacted.offset(ofSource: cut.offset)
            if offset > result.last?.offset ?? 0 { result.append(Frame.Cut(offset: offset, age: cut.age)) }
        }
        return result
    }
}

extension Event {
    fileprivate func with(_ frame: Frame) -> Event {
        var event = self
        event.frame = frame
        return event
    }
}

extension RedactionRules {
    /// SHA-256 of the canonical text in hexadecimal, by which a recording names its rules.
    public var digest: String { SHA256.hexadecimal(of: Array(canonicalText.utf8)) }
}
