/// Keeps where the outermost members of a message stand while the scanner runs, then judges them.
struct MessageReader: JSONSink {
    /// The value of a member, or an element of a batch; `kind` is nil while there is none.
    private struct Value {
        var start = 0
        var end = 0
        var kind: JSONKind?
        var hasEscapes = false

        var range: Range<Int>? { kind == nil ? nil : start..<end }
    }

    private enum Field { case other, version, id, method, params, result, error }

    private let base: UnsafePointer<UInt8>
    private let batchCountMax: Int
    private var depth = 0
    private var rootIsArray = false
    private var field = Field.other
    /// The outermost value that is being read.
    private var current = Value()
    private var version = Value(), id = Value(), method = Value(), params = Value(), result = Value(), error = Value()
    private var elements: [Value] = []
    private var elementsExceedLimit = false

    init(base: UnsafePointer<UInt8>, batchCountMax: Int) {
        self.base = base
        self.batchCountMax = batchCountMax
    }

    @inline(__always)
    mutating func scalar(_ kind: JSONKind, _ start: Int, _ end: Int, hasEscapes: Bool) {
        if depth == 1 { store(Value(start: start, end: end, kind: kind, hasEscapes: hasEscapes)) }
    }

    @inline(__always)
    mutating func key(_ start: Int, _ end: Int, hasEscapes: Bool) {
        if depth == 1 { field = name(start, end, hasEscapes) }
    }

    @inline(__always)
    mutating func open(_ kind: JSONKind, _ start: Int) {
        if depth == 0 { rootIsArray = kind == .array }
        if depth == 1 { current = Value(start: start, kind: kind) }
        depth &+= 1
    }

    @inline(__always)
    mutating func close(_ end: Int) {
        depth &-= 1
        if depth == 1 {
            current.end = end
            store(current)
        }
    }

    @inline(never)
    private mutating func store(_ value: Value) {
        if rootIsArray {
            if elements.count < batchCountMax { elements.append(value) } else { elementsExceedLimit = true }
            return
        }
        switch field {
        case .other: break
        case .version: version = value
        case .id: id = value
        case .method: method = value
        case .params: params = value
        case .result: result = value
        case .error: error = value
        }
    }

    @inline(never)
    private func name(_ start: Int, _ end: Int, _ hasEscapes: Bool) -> Field {
        let contents = UnsafeBufferPointer(start: base + start + 1, count: end - start - 2)
        if hasEscapes {
            let decoded = JSONString.decode(contents.span)
            return decoded.withUnsafeBufferPointer { Self.field(named: $0) }
        }
        return Self.field(named: contents)
    }

    private static func field(named name: UnsafeBufferPointer<UInt8>) -> Field {
        func isEqual(_ other: StaticString) -> Bool {
            for place in 0..<name.count where name[place] != other.utf8Start[place] { return false }
            return true
        }
        switch name.count {
        case 2: return isEqual("id") ? .id : .other
        case 5: return isEqual("error") ? .error : .other
        case 6: return isEqual("method") ? .method : isEqual("params") ? .params : isEqual("result") ? .result : .other
        case 7: return isEqual("jsonrpc") ? .version : .other
        default: return .other
        }
    }

    /// The message that the scanned frame holds.
    func message(_ summary: JSONSummary, depthMax: Int) -> Message {
        switch summary.kind {
        case .object: single(summary.range)
        case .array: Message(kind: batch(depthMax: depthMax), range: summary.range)
        default: Message(kind: .malformed(.notAnObject), range: summary.range)
        }
    }

    private func single(_ range: Range<Int>) -> Message {
        var message = Message(kind: .malformed(.empty), range: range)
        message.idRange = id.range
        message.params = params.range
        message.result = result.range
        message.error = error.range
        if let range = id.range, id.kind == .string || id.kind == .number || id.kind == .null {
            message.id = MessageID(text: Array(UnsafeBufferPointer(start: base + range.lowerBound, count: range.count)))
        }
        if method.kind == .string { message.method = text(of: method) }
        message.kind = kind(of: message)
        return message
    }

    private func kind(of message: Message) -> Message.Kind {
        guard version.kind == .string, text(of: version) == "2.0" else { return .malformed(.noVersion) }
        if id.kind != nil, message.id == nil { return .malformed(.invalidID) }
        if method.kind != nil {
            guard message.method != nil else { return .malformed(.methodNotAString) }
            return message.id == nil ? .notification : .request
        }
        switch (message.result, message.error) {
        case (nil, nil): return .malformed(.neitherRequestNorResponse)
        case (.some, .some): return .malformed(.bothResultAndError)
        case (.some, nil): return message.id == nil ? .malformed(.responseWithoutID) : .result
        case (nil, .some): return .error
        }
    }

    /// Reads each element again as a frame of its own: batches are rare, and one element is read twice at most.
    private func batch(depthMax: Int) -> Message.Kind {
        if elementsExceedLimit { return .malformed(.batchLimit(batchCountMax)) }
        if elements.isEmpty { return .malformed(.emptyBatch) }
        return .batch(
            elements.map { element in
                let range = element.start..<element.end
                switch element.kind {
                case .array: return Message(kind: .malformed(.nestedBatch), range: range)
                case .object:
                    let frame = UnsafeBufferPointer(start: base + element.start, count: range.count)
                    return Message.read(frame.span, depthMax: depthMax).shifted(by: element.start)
                default: return Message(kind: .malformed(.notAnObject), range: range)
                }
            })
    }

    /// A string value as text.
    private func text(of value: Value) -> String {
        let contents = UnsafeBufferPointer(start: base + value.start + 1, count: value.end - value.start - 2)
        return value.hasEscapes
            ? String(decoding: JSONString.decode(contents.span), as: UTF8.self)
            : String(decoding: contents, as: UTF8.self)
    }
}

extension Message {
    /// The same message, its offsets counted from a point that many bytes earlier.
    fileprivate func shifted(by offset: Int) -> Message {
        func shift(_ range: Range<Int>?) -> Range<Int>? {
            range.map { ($0.lowerBound + offset)..<($0.upperBound + offset) }
        }
        var message = self
        message.range = (range.lowerBound + offset)..<(range.upperBound + offset)
        message.params = shift(params)
        message.result = shift(result)
        message.error = shift(error)
        message.idRange = shift(idRange)
        return message
    }
}
