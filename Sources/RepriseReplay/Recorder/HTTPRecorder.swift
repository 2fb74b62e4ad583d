import MCPWire
import RepriseRecording

/// Turns what passes through an HTTP proxy into events: connections, exchanges, their heads, bodies and streams.
///
/// A value without clock or I/O. Bytes come in one call a read, before any of them is forwarded: only so does no answer
/// stand before its request (S-173). The caller numbers connections and exchanges, each from 1 on.
public struct HTTPRecorder: Sendable {
    /// What an input led to.
    public typealias Outcome = RecorderOutcome

    /// A body or stream that is not complete.
    fileprivate struct Body: Sendable {
        var bytes: [UInt8] = []
        /// Where reads ended within the frame still incomplete, with their times.
        var cuts: [(offset: Int, time: Int64)] = []
    }

    fileprivate struct Exchange: Sendable {
        var connection: Int
        var request = Body()
        var hasRequestEnded = false
        var response: Body?
        /// Set while the response is a stream of events.
        var stream: SSEDecoder?
        var isFirstBlock = true
        var hasResponseEnded = false
    }

    private let bodyByteCountMax: Int
    private var connections: Set<Int> = []
    private var exchanges: [Int: Exchange] = [:]

    /// Makes a recorder; a body or server-sent event beyond `bodyByteCountMax` bytes is kept in several events.
    public init(bodyByteCountMax: Int = 16 << 20) {
        self.bodyByteCountMax = max(1, bodyByteCountMax)
    }

    // MARK: Connections

    /// A client connected.
    public mutating func open(_ connection: Int, at time: Int64) -> Outcome {
        guard connections.insert(connection).inserted else { return .bug("connection \(connection) opened twice") }
        return .events([Event(time: time, connection: connection, kind: .open)])
    }

    /// A client connection is gone; `side` says who closed it, nil for the recorder itself.
    public mutating func close(_ connection: Int, by side: Direction?, _ how: Disconnect, at time: Int64) -> Outcome {
        guard connections.remove(connection) != nil else { return .bug("connection \(connection) is not open") }
        let open = exchanges.filter { $0.value.connection == connection }.map(\.key)
        guard open.allSatisfy({ exchanges[$0]?.hasResponseEnded == true }) else {
            return .bug("connection \(connection) closed before its exchanges")
        }
        for exchange in open { exchanges[exchange] = nil }
        return .events([Event(time: time, connection: connection, direction: side, kind: .disconnect(how))])
    }

    /// Something that the reader of the recording should know of a connection, or of one of its exchanges.
    public func note(_ text: String, connection: Int?, exchange: Int? = nil, at time: Int64) -> Outcome {
        .events([Event(time: time, connection: connection, exchange: exchange, kind: .note(text))])
    }

    // MARK: Requests

    /// The head of a request was read.
    public mutating func request(
        _ head: RequestHead, exchange: Int, on connection: Int, at time: Int64
    ) -> Outcome {
        guard connections.contains(connection), exchanges[exchange] == nil else {
            return .bug("request \(exchange) on connection \(connection)")
        }
        exchanges[exchange] = Exchange(connection: connection)
        return .events([
            Event(
                time: time, connection: connection, exchange: exchange, direction: .clientToServer, kind: .request(head)
            )
        ])
    }

    /// Bytes of a request's body were read.
    public mutating func requestBody(_ chunk: Span<UInt8>, of number: Int, at time: Int64) -> Outcome {
        guard var exchange = exchanges[number], !exchange.hasRequestEnded else {
            return .bug("a body for request \(number)")
        }
        exchanges[number] = nil
        let pieces = exchange.request.append(chunk, limit: bodyByteCountMax, at: time)
        exchanges[number] = exchange
        return .events(pieces.map { event(.body($0), .clientToServer, number, exchange, time) })
    }

    /// A request is complete.
    public mutating func requestEnd(_ number: Int, at time: Int64) -> Outcome {
        guard let exchange = exchanges[number], !exchange.hasRequestEnded else {
            return .bug("end of request \(number)")
        }
        let body = exchanges[number]?.request.take(at: time)
        exchanges[number]?.hasRequestEnded = true
        if exchange.hasResponseEnded { exchanges[number] = nil }
        return .events(body.map { [event(.body($0), .clientToServer, number, exchange, time)] } ?? [])
    }

    // MARK: Responses

    /// The head of a final response was read.
    public mutating func response(_ head: ResponseHead, of number: Int, at time: Int64) -> Outcome {
        guard let exchange = exchanges[number], exchange.response == nil else { return .bug("response \(number)") }
        exchanges[number]?.response = Body()
        var events = [event(.response(head), .serverToClient, number, exchange, time)]
        let codings = head.fields.values(of: "content-encoding").filter { !$0.equalsIgnoringCase("identity") }
        if !codings.isEmpty {
            // What is compressed can neither be read nor redacted as text.
            let text = "the server sent \(codings.joined(separator: ", ")) although asked for no content encoding"
            events.append(Event(time: time, connection: exchange.connection, exchange: number, kind: .note(text)))
        } else if head.isEventStream {
            exchanges[number]?.stream = SSEDecoder(frameByteCountMax: bodyByteCountMax)
        }
        return .events(events)
    }

    /// Bytes of a response's body were read.
    public mutating func responseBody(_ chunk: Span<UInt8>, of number: Int, at time: Int64) -> Outcome {
        guard var exchange = exchanges[number], var body = exchange.response, !exchange.hasResponseEnded else {
            return .bug("a body for response \(number)")
        }
        // Taken out and put back, so that neither body nor decoder is copied.
        exchanges[number] = nil
        exchange.response = nil
        var events: [Event] = []
        if exchange.stream != nil {
            let blocks = exchange.stream?.receive(chunk) ?? []
            let pending = exchange.stream?.pendingByteCount ?? 0
            for (index, block) in blocks.enumerated() {
                let endsWithRead = index == blocks.count - 1 && pending == 0
                let frame = exchange.frame(of: block, cuts: body.takeCuts(block.bytes.count, endsWithRead, at: time))
                events.append(event(.sse(frame), .serverToClient, number, exchange, time))
            }
            if pending > 0, !chunk.isEmpty { body.cuts.append((pending, time)) }
        } else {
            events = body.append(chunk, limit: bodyByteCountMax, at: time).map {
                event(.body($0), .serverToClient, number, exchange, time)
            }
        }
        exchange.response = body
        exchanges[number] = exchange
        return .events(events)
    }

    /// A response is complete.
    public mutating func responseEnd(_ number: Int, at time: Int64) -> Outcome {
        guard let exchange = exchanges[number], exchange.response != nil, !exchange.hasResponseEnded else {
            return .bug("end of response \(number)")
        }
        var events = finishResponse(number, at: time)
        events.append(event(.end(nil), .serverToClient, number, exchange, time))
        exchanges[number]?.hasResponseEnded = true
        if exchange.hasRequestEnded { exchanges[number] = nil }
        return .events(events)
    }

    /// An exchange ended before it was complete: what came of its bodies, then by whom and how it was broken off.
    ///
    /// `side` is nil where the recorder itself was stopped.
    public mutating func broken(_ number: Int, by side: Direction?, _ how: Disconnect, at time: Int64) -> Outcome {
        guard let exchange = exchanges[number] else { return .bug("exchange \(number) is not open") }
        var events: [Event] = []
        if let body = exchanges[number]?.request.take(at: time) {
            events.append(event(.body(body), .clientToServer, number, exchange, time))
        }
        if !exchange.hasResponseEnded {
            events += finishResponse(number, at: time)
            events.append(event(.disconnect(how), side, number, exchange, time))
        }
        exchanges[number] = nil
        return .events(events)
    }

    /// What is left of a response: its body, or the block of a stream that lacks its blank line.
    private mutating func finishResponse(_ number: Int, at time: Int64) -> [Event] {
        guard var exchange = exchanges[number], var body = exchange.response else { return [] }
        var frame: Event.Kind?
        if exchange.stream != nil {
            if let block = exchange.stream?.finish() {
                frame = .sse(exchange.frame(of: block, cuts: body.takeCuts(block.bytes.count, false, at: time)))
            }
        } else {
            frame = body.take(at: time).map { .body($0) }
        }
        exchange.response = body
        exchanges[number] = exchange
        return frame.map { [event($0, .serverToClient, number, exchange, time)] } ?? []
    }

    private func event(
        _ kind: Event.Kind, _ direction: Direction?, _ number: Int, _ exchange: Exchange, _ time: Int64
    ) -> Event {
        Event(time: time, connection: exchange.connection, exchange: number, direction: direction, kind: kind)
    }
}

extension HTTPRecorder.Exchange {
    fileprivate mutating func frame(of block: SSEFrame, cuts: [Frame.Cut]?) -> Frame {
        defer { isFirstBlock = false }
        return Frame(sse: block, isFirst: isFirstBlock, cuts: cuts)
    }
}

extension HTTPRecorder.Body {
    /// Adds the bytes of one read; gives the pieces that pass the limit, each when the byte after it is there.
    fileprivate mutating func append(_ chunk: Span<UInt8>, limit: Int, at time: Int64) -> [Frame] {
        var pieces: [Frame] = []
        var start = 0
        chunk.withUnsafeBufferPointer { buffer in
            while bytes.count + buffer.count - start > limit {
                let end = start + limit - bytes.count
                bytes.append(contentsOf: buffer[start..<end])
                let cuts = takeCuts(bytes.count, false, at: time)
                pieces.append(Frame(payload: .bytes(bytes), post: [], cuts: cuts, isContinued: true))
                bytes = []
                start = end
            }
            bytes.append(contentsOf: buffer[start...])
        }
        guard !chunk.isEmpty else { return pieces }
        if cuts.last?.time == time { cuts.removeLast() }
        cuts.append((bytes.count, time))
        return pieces
    }

    /// The whole body, or what is left of it after pieces; nil for none.
    fileprivate mutating func take(at time: Int64) -> Frame? {
        guard !bytes.isEmpty else { return nil }
        var taken: [UInt8] = []
        swap(&taken, &bytes)
        // The read that ends the message is often the one that brought all of its body.
        let isWholeRead = cuts.count == 1 && cuts[0].time == time
        let frame = Frame(
            payload: .bytes(taken), post: [],
            cuts: isWholeRead ? nil : cuts.map { Frame.Cut(offset: $0.offset, age: time - $0.time) })
        cuts = []
        return frame
    }

    /// The cuts of a frame of so many bytes that is complete now.
    fileprivate mutating func takeCuts(_ byteCount: Int, _ endsWithRead: Bool, at time: Int64) -> [Frame.Cut]? {
        defer { cuts.removeAll(keepingCapacity: true) }
        guard !cuts.isEmpty || !endsWithRead else { return nil }
        let inside = cuts.map { Frame.Cut(offset: $0.offset, age: time - $0.time) }
        return inside + (endsWithRead ? [Frame.Cut(offset: byteCount, age: 0)] : [])
    }
}
