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
        let contents = bytes(start + 1, end - 1)
        if hasEscapes {
            let decoded = JSONString.decode(contents.span)
            return decoded.withUnsafeBufferPointer { Self.field(named: $0) }
        }
        return Self.field(named: contents)
    }

    private static func field(named name: UnsafeBufferPointer<UInt8>) -> Field {
        if ASCII.isEqual(name, "jsonrpc") { return .version }
        if ASCII.isEqual(name, "id") { return .id }
        if ASCII.isEqual(name, "method") { return .method }
        if ASCII.isEqual(name, "params") { return .params }
        if ASCII.isEqual(name, "result") { return .result }
        if ASCII.isEqual(name, "error") { return .error }
        return .other
    }

    /// The message that the scanned frame holds.
    func message(_ summary: JSONSummary, depthMax: Int) -> Message {
        switch summary.kind {
        case .object: single(summary.range)
        case .array: batch(summary.range, depthMax: depthMax)
        default: .malformed(.notAnObject, summary.range)
        }
    }

    private func single(_ range: Range<Int>) -> Message {
        Message(
            kind: kind, range: range, id: hasValidID ? MessageID(text: Array(bytes(id.start, id.end))) : nil,
            method: method.kind == .string ? text(of: method) : nil, params: params.range, result: result.range,
            error: error.range, idRange: id.range)
    }

    private var hasValidID: Bool { id.kind == .string || id.kind == .number || id.kind == .null }

    private var kind: Message.Kind {
        guard hasVersion else { return .malformed(.noVersion) }
        if id.kind != nil, !hasValidID { return .malformed(.invalidID) }
        if let kind = method.kind {
            guard kind == .string else { return .malformed(.methodNotAString) }
            return hasValidID ? .request : .notification
        }
        switch (result.kind, error.kind) {
        case (nil, nil): return .malformed(.neitherRequestNorResponse)
        case (.some, .some): return .malformed(.bothResultAndError)
        case (.some, nil): return hasValidID ? .result : .malformed(.responseWithoutID)
        case (nil, .some): return .error
        }
    }

    private var hasVersion: Bool {
        guard version.kind == .string else { return false }
        if version.hasEscapes { return text(of: version) == "2.0" }
        return ASCII.isEqual(bytes(version.start, version.end), "\"2.0\"")
    }

    /// Reads each element again as a frame of its own: batches are rare, and one element is read twice at most.
    private func batch(_ range: Range<Int>, depthMax: Int) -> Message {
        if elementsExceedLimit { return .malformed(.batchLimit(batchCountMax), range) }
        if elements.isEmpty { return .malformed(.emptyBatch, range) }
        let messages = elements.map { element in
            switch element.kind {
            case .object:
                Message.read(bytes(element.start, element.end).span, depthMax: depthMax).shifted(by: element.start)
            case .array: Message.malformed(.nestedBatch, element.start..<element.end)
            default: Message.malformed(.notAnObject, element.start..<element.end)
            }
        }
        return Message(kind: .batch(messages), range: range)
    }

    private func bytes(_ start: Int, _ end: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: base + start, count: end - start)
    }

    /// A string value as text.
    private func text(of value: Value) -> String {
        let contents = bytes(value.start + 1, value.end - 1)
        return value.hasEscapes
            ? String(decoding: JSONString.decode(contents.span), as: UTF8.self)
            : String(decoding: contents, as: UTF8.self)
    }
}

extension Message {
    /// What is no message, and where it stands.
    static func malformed(_ malformation: Malformation, _ range: Range<Int>) -> Message {
        Message(kind: .malformed(malformation), range: range)
    }

    /// The same message, its offsets counted from a point that many bytes earlier.
    fileprivate func shifted(by offset: Int) -> Message {
        func shift(_ range: Range<Int>) -> Range<Int> { (range.lowerBound + offset)..<(range.upperBound + offset) }
        var message = self
        message.range = shift(range)
        message.params = params.map(shift)
        message.result = result.map(shift)
        message.error = error.map(shift)
        message.idRange = idRange.map(shift)
        return message
    }
}
