import MCPWire
import RepriseRecording

/// Redacts the events of one recording in their order, before they are encoded (S-179).
public struct EventRedactor: Sendable {
    /// What carries frames one after the other: a pipe, or one direction of an HTTP exchange.
    enum Stream: Hashable, Sendable {
        case pipe(Pipe)
        case exchange(Int, Direction)

        /// The number by which the redactor knows it.
        var number: Int {
            switch self {
            case .pipe(.stdin): 0
            case .pipe(.stdout): 1
            case .pipe(.stderr): 2
            // 3 are the notes; a number that wraps around can only mix what a hostile file mixes.
            case .exchange(let exchange, let direction): exchange &* 2 &+ (direction == .clientToServer ? 4 : 5)
            }
        }
    }

    var redactor: Redactor
    var exchanges = OpenExchanges()
    /// Streams on which the last frame is not complete, because it passed the recorder's limit.
    private var oversize: Set<Stream> = []
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

    /// A URL without its secrets, for the header.
    public mutating func redact(url: String) -> String {
        redactor.redact(url: url)
    }

    /// The event without secrets; a payload that is not UTF-8, or part of an oversize one, keeps length and digest.
    public mutating func redact(_ event: Event) -> Event {
        guard event.frame != nil else { return redactWithoutFrame(event) }
        return redactFrame(of: event)
    }

    private mutating func redactFrame(of event: Event) -> Event {
        guard var frame = event.frame, case .bytes(let bytes) = frame.payload else { return event }
        let stream = Self.stream(of: event)
        let isPiece = frame.isContinued || oversize.contains(stream)
        if frame.isContinued { oversize.insert(stream) } else if isPiece { oversize.remove(stream) }
        guard !isPiece, let redacted = redact(bytes, of: event, stream) else {
            return event.with(redactor.omitted(frame, bytes))
        }
        if case .sse = event.kind { return event.with(redactor.joined(frame, redacted)) }
        guard !redacted.edits.isEmpty else { return event }
        frame.take(redacted, shift: frame.pre.count)
        return event.with(frame)
    }

    /// The payload without secrets; nil for what is not UTF-8.
    private mutating func redact(_ bytes: [UInt8], of event: Event, _ stream: Stream) -> Redacted? {
        switch event.kind {
        case .body where exchanges.form(of: stream) == .form:
            return Self.isUTF8(bytes) ? redactor.redact(form: bytes) : nil
        case .body where exchanges.form(of: stream) == .page:
            return Self.isUTF8(bytes) ? redactor.redact(html: bytes) : nil
        default:
            break
        }
        // JSON first, as nearly every frame is: that it can be read says that it is UTF-8.
        if let document = try? JSONDocument(bytes) { return redactor.redact(document) }
        guard Self.isUTF8(bytes) else { return nil }
        if case .sse = event.kind, event.frame?.pre.isEmpty == true {
            return redactor.redact(block: bytes, stream: stream.number)
        }
        return redactor.redact(text: bytes, stream: stream.number)
    }

    /// Number of secrets in an event; placeholders that stand there already are none.
    public mutating func secretCount(in event: Event) -> Int {
        redact(event.withoutPlaceholders).placeholderCount
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

    private mutating func redactWithoutFrame(_ event: Event) -> Event {
        var result = event
        switch event.kind {
        case .note(let text):
            result.kind = .note(
                String(decoding: redactor.redact(text: Array(text.utf8), stream: 3).bytes, as: UTF8.self))
        case .request(let head):
            exchanges.begin(event, head)
            result.kind = .request(redactor.redact(head))
        case .response(let head):
            exchanges.answer(event, head)
            result.kind = .response(redactor.redact(head))
        case .end(nil), .disconnect:
            for exchange in exchanges.end(event) {
                for direction in Direction.allCases {
                    oversize.remove(.exchange(exchange, direction))
                    redactor.end(stream: Stream.exchange(exchange, direction).number)
                }
            }
        default:
            break
        }
        return result
    }

    private static func stream(of event: Event) -> Stream {
        let direction = event.direction ?? .serverToClient
        switch event.kind {
        case .stderr: return .pipe(.stderr)
        case .body, .sse: return .exchange(event.exchange ?? 0, direction)
        default: return .pipe(direction == .clientToServer ? .stdin : .stdout)
        }
    }

    private static func isUTF8(_ bytes: [UInt8]) -> Bool { String(validating: bytes, as: UTF8.self) != nil }
}

extension Event {
    /// Number of marked placeholders in the event.
    public var placeholderCount: Int {
        switch kind {
        case .request(let head):
            head.targetPlaceholders.count + head.fields.reduce(0) { $0 + $1.placeholders.count }
        case .response(let head):
            head.fields.reduce(0) { $0 + $1.placeholders.count }
        default:
            frame?.placeholders.count ?? 0
        }
    }

    fileprivate var withoutPlaceholders: Event {
        var event = self
        switch kind {
        case .request(var head):
            head.targetPlaceholders = []
            head.fields = head.fields.map { HTTPField($0.name, $0.value) }
            event.kind = .request(head)
        case .response(var head):
            head.fields = head.fields.map { HTTPField($0.name, $0.value) }
            event.kind = .response(head)
        default:
            event.frame?.placeholders = []
        }
        return event
    }

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
