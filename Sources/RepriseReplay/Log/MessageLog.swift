import MCPWire
import RepriseRecording

/// The protocol messages of a recording in order, with every answer bound to its request.
public struct MessageLog: Sendable {
    /// One frame of protocol as it stood on the wire; lines cut by the recorder's limit are whole again.
    public struct LoggedFrame: Sendable {
        /// Number of the event that completed the frame.
        public var event: Int
        /// Microseconds since the start of the recording.
        public var time: Int64
        /// Who sent it.
        public var direction: Direction
        /// The bytes on the wire; empty when the payload was omitted.
        public var bytes: [UInt8]
        /// What redaction left of an omitted payload: bytes on the wire, and the digest of the payload where it is known.
        public var omitted: (byteCount: Int, sha256: String)?
        /// Where reads ended, as in ``Frame``.
        public var cuts: [Frame.Cut]?
        /// Where placeholders stand in `bytes`.
        public var placeholders: [Range<Int>]
        /// Indexes of its messages: one, or the elements of a batch.
        public var messages: Range<Int>
        /// The HTTP exchange that carried it (key `x`).
        public var exchange: Int?
        /// The session of that exchange, counting from 1; nil on stdio, and where the server gave no session id.
        public var session: Int?
    }

    /// One message of a frame.
    public struct LoggedMessage: Sendable {
        /// Index of its frame.
        public var frame: Int
        /// The message; its ranges are offsets in the frame's bytes.
        public var message: Message
        /// Index of the request that this message answers.
        public var request: Int?
        /// Index of the message that answers this request.
        public var answer: Int?
    }

    /// The frames in recorded order.
    public private(set) var frames: [LoggedFrame] = []
    /// The messages in recorded order.
    public private(set) var messages: [LoggedMessage] = []

    /// Reads a recording: its lines, or the bodies and server-sent events of its MCP traffic.
    public init(_ recording: Recording) {
        var open = OpenRequests()
        guard recording.header.transport == "stdio" else {
            for (item, direction, exchange) in HTTPLog(recording).protocolItems {
                append(item, direction, of: exchange, open: &open)
            }
            return
        }
        var joined: [Direction: Frame] = [:]
        for (index, event) in recording.events.enumerated() {
            guard case .line(let piece) = event.kind, let direction = event.direction else { continue }
            let frame = joined[direction].map { $0.joined(with: piece) } ?? piece
            guard !frame.isContinued else {
                joined[direction] = frame
                continue
            }
            joined[direction] = nil
            append(frame, of: event, number: index + 1, direction: direction, open: &open)
        }
    }

    /// Who sent a message.
    public func direction(of message: Int) -> Direction { frames[messages[message].frame].direction }

    /// The bytes of a part of a message, such as its params; empty when the part is absent.
    public func bytes(_ range: Range<Int>?, of message: Int) -> [UInt8] {
        guard let range else { return [] }
        return Array(frames[messages[message].frame].bytes[range])
    }

    /// What a message is in a few words: its method, or what it answers.
    public func name(of message: Int) -> String {
        let logged = messages[message]
        switch logged.message.kind {
        case .request, .notification:
            return logged.message.method ?? ""
        case .result, .error:
            let method = logged.request.flatMap { messages[$0].message.method }
            let answer = logged.message.kind == .error ? "error" : "result"
            return method.map { "\(answer) of \($0)" } ?? "\(answer) for no request"
        case .batch:
            return "batch"
        case .malformed(let reason):
            return "malformed: \(reason)"
        }
    }

    /// The name and, where the call says so, what it is about: a tool or prompt by its name, a resource by its URI.
    public func title(of message: Int) -> String {
        let call = messages[message].request ?? message
        guard let params = try? JSONDocument(bytes(messages[call].message.params, of: call)),
            let subject = params.member("name", of: 0) ?? params.member("uri", of: 0),
            params.nodes[subject].kind == .string
        else { return name(of: message) }
        return "\(name(of: message)) \"\(params.text(at: subject))\""
    }

    /// What a frame is in a few words: its messages, separated by commas.
    public func name(ofFrame frame: Int) -> String {
        frames[frame].messages.map { name(of: $0) }.joined(separator: ", ")
    }

    private mutating func append(
        _ frame: Frame, of event: Event, number: Int, direction: Direction, open: inout OpenRequests
    ) {
        var logged = LoggedFrame(
            event: number, time: event.time, direction: direction, bytes: frame.wireBytes ?? [], cuts: frame.cuts,
            placeholders: frame.placeholders.map { $0.lowerBound + frame.pre.count..<$0.upperBound + frame.pre.count },
            messages: messages.count..<messages.count)
        if case .omitted(_, let sha256) = frame.payload { logged.omitted = (frame.wireByteCount, sha256) }
        append(logged, open: &open)
    }

    private mutating func append(
        _ item: HTTPLog.Item, _ direction: Direction, of exchange: HTTPLog.Exchange, open: inout OpenRequests
    ) {
        guard let message = item.message else { return }
        var logged = LoggedFrame(
            event: item.event, time: item.time, direction: direction, bytes: message.bytes,
            cuts: item.sse == nil ? item.frame.cuts : nil, placeholders: message.placeholders,
            messages: messages.count..<messages.count, exchange: exchange.number, session: exchange.session)
        if case .omitted(_, let sha256) = item.frame.payload { logged.omitted = (item.frame.wireByteCount, sha256) }
        append(logged, open: &open)
    }

    private mutating func append(_ frame: LoggedFrame, open: inout OpenRequests) {
        let message = Message.read(frame.bytes.span)
        var parts = [message]
        if case .batch(let elements) = message.kind { parts = elements }
        for part in parts {
            let index = messages.count
            messages.append(LoggedMessage(frame: frames.count, message: part))
            switch part.kind {
            case .request:
                if let id = part.id { open.add(index, id: id, in: frame) }
            case .result, .error:
                guard let id = part.id, let request = open.take(id, answeredIn: frame) else { break }
                messages[index].request = request
                messages[request].answer = index
            case .notification, .batch, .malformed:
                break
            }
        }
        var frame = frame
        frame.messages = frame.messages.lowerBound..<messages.count
        frames.append(frame)
    }
}

/// The requests that are not answered yet.
private struct OpenRequests {
    private struct Key: Hashable {
        var requester: Direction
        var session: Int?
        var id: MessageID
    }

    private var waiting: [Key: [(message: Int, exchange: Int?)]] = [:]

    mutating func add(_ message: Int, id: MessageID, in frame: MessageLog.LoggedFrame) {
        let key = Key(requester: frame.direction, session: frame.session, id: id)
        waiting[key, default: []].append((message, frame.exchange))
    }

    /// The request that a message with this id in `frame` answers.
    ///
    /// An id in use twice is a violation, but answers come: one of the same exchange is meant, else the oldest.
    mutating func take(_ id: MessageID, answeredIn frame: MessageLog.LoggedFrame) -> Int? {
        let key = Key(requester: frame.direction.opposite, session: frame.session, id: id)
        guard var requests = waiting[key], !requests.isEmpty else { return nil }
        let place = requests.firstIndex { $0.exchange == frame.exchange } ?? 0
        let request = requests.remove(at: place)
        waiting[key] = requests.isEmpty ? nil : requests
        return request.message
    }
}

extension Direction {
    /// The other direction.
    public var opposite: Direction { self == .clientToServer ? .serverToClient : .clientToServer }
}

extension Frame {
    /// This frame, which a limit of the recorder cut, with its next piece.
    func joined(with piece: Frame) -> Frame {
        guard case .bytes(let start) = payload, case .bytes(let rest) = piece.payload else {
            return Frame(
                payload: .omitted(byteCount: wireByteCount + piece.wireByteCount, sha256: ""), post: [],
                isContinued: piece.isContinued)
        }
        let head = pre + start + post
        var whole = piece
        whole.pre = []
        whole.payload = .bytes(head + piece.pre + rest)
        whole.cuts = nil
        let shift = head.count + piece.pre.count
        whole.placeholders =
            placeholders.map { $0.lowerBound + pre.count..<$0.upperBound + pre.count }
            + piece.placeholders.map { $0.lowerBound + shift..<$0.upperBound + shift }
        return whole
    }
}
