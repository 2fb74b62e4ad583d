/// The one pass that every reader of JSON in this module goes through.
extension JSONScanner {
    @inline(__always)
    static func scan(
        _ bytes: Span<UInt8>, depthMax: Int, into sink: inout some JSONSink
    ) throws(JSONError) -> JSONSummary {
        try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) -> JSONSummary in
            guard let base = buffer.baseAddress else { throw JSONError(offset: 0, reason: .empty) }
            return try scan(base, buffer.count, depthMax, &sink)
        }
    }

    /// Scans `base[0..<end]`; nothing outside it is read.
    static func scan(
        _ base: UnsafePointer<UInt8>, _ end: Int, _ depthMax: Int, _ sink: inout some JSONSink
    ) throws(JSONError) -> JSONSummary {
        var notes = Notes()
        var stack = JSONContainerStack()
        var depth = 0
        var index = skipSpace(base, 0, end, &notes)
        guard index < end else { throw JSONError(offset: end, reason: .empty) }
        let start = index
        let kind = try kind(of: base[start], at: start)

        values: while true {
            // At the first byte of an element, or of a member and so of its key.
            if stack.innermostIsObject { index = try key(base, index, end, &notes, &sink) }
            let first = base[index]
            if first == ASCII.openBrace || first == ASCII.openBracket {
                let isObject = first == ASCII.openBrace
                guard stack.depth < depthMax else { throw JSONError(offset: index, reason: .depthLimit(depthMax)) }
                sink.open(isObject ? .object : .array, index)
                stack.push(isObject: isObject)
                depth = max(depth, stack.depth)
                index = try next(base, index &+ 1, end, &notes)
                if base[index] != (isObject ? ASCII.closeBrace : ASCII.closeBracket) { continue values }
            } else {
                index = try scalar(base, index, end, &notes, &sink)
            }
            // A value has ended; or `index` is at the bracket that closes an empty container.
            while stack.depth > 0 {
                index = try next(base, index, end, &notes)
                let byte = base[index]
                if byte == ASCII.comma {
                    index = try next(base, index &+ 1, end, &notes)
                    continue values
                }
                guard byte == (stack.innermostIsObject ? ASCII.closeBrace : ASCII.closeBracket) else {
                    throw JSONError(offset: index, reason: .unexpectedByte(byte))
                }
                index &+= 1
                sink.close(index)
                stack.pop()
            }
            break
        }

        let valueEnd = index
        index = skipSpace(base, index, end, &notes)
        guard index == end else { throw JSONError(offset: index, reason: .trailingBytes) }
        return JSONSummary(
            kind: kind, range: start..<valueEnd, depth: depth, hasUnpairedSurrogate: notes.hasUnpairedSurrogate,
            hasLineBreak: notes.hasLineBreak)
    }

    /// What the summary says of the text as a whole.
    struct Notes {
        var hasUnpairedSurrogate = false
        var hasLineBreak = false
    }

    /// The kind of the value that begins with a byte.
    private static func kind(of first: UInt8, at index: Int) throws(JSONError) -> JSONKind {
        switch first {
        case ASCII.openBrace: return .object
        case ASCII.openBracket: return .array
        case ASCII.quote: return .string
        case ASCII.minus, ASCII.zero...ASCII.nine: return .number
        case UInt8(ascii: "t"): return .true
        case UInt8(ascii: "f"): return .false
        case UInt8(ascii: "n"): return .null
        default: throw JSONError(offset: index, reason: .unexpectedByte(first))
        }
    }

    /// The first byte that is not white space, or `end`.
    @inline(__always)
    private static func skipSpace(
        _ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ notes: inout Notes
    ) -> Int {
        var index = start
        while index < end {
            switch base[index] {
            case ASCII.space, ASCII.tab: break
            case ASCII.lineFeed, ASCII.carriageReturn: notes.hasLineBreak = true
            default: return index
            }
            index &+= 1
        }
        return end
    }

    /// As `skipSpace`, where the text must go on.
    @inline(__always)
    private static func next(
        _ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ notes: inout Notes
    ) throws(JSONError) -> Int {
        if start < end, base[start] > ASCII.space { return start }
        let index = skipSpace(base, start, end, &notes)
        guard index < end else { throw JSONError(offset: end, reason: .unexpectedEnd) }
        return index
    }

    /// Reads a key and its colon; returns where the value begins.
    @inline(__always)
    private static func key(
        _ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ notes: inout Notes, _ sink: inout some JSONSink
    ) throws(JSONError) -> Int {
        guard base[start] == ASCII.quote else {
            throw JSONError(offset: start, reason: .unexpectedByte(base[start]))
        }
        let string = try string(base, start &+ 1, end)
        if string.hasUnpairedSurrogate { notes.hasUnpairedSurrogate = true }
        sink.key(start, string.end, hasEscapes: string.hasEscapes)
        let index = try next(base, string.end, end, &notes)
        guard base[index] == ASCII.colon else {
            throw JSONError(offset: index, reason: .unexpectedByte(base[index]))
        }
        return try next(base, index &+ 1, end, &notes)
    }

    /// Reads a string, number, `true`, `false` or `null`; returns where it ends.
    @inline(__always)
    private static func scalar(
        _ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ notes: inout Notes, _ sink: inout some JSONSink
    ) throws(JSONError) -> Int {
        let first = base[start]
        let valueEnd: Int
        switch first {
        case ASCII.quote:
            let string = try string(base, start &+ 1, end)
            if string.hasUnpairedSurrogate { notes.hasUnpairedSurrogate = true }
            sink.scalar(.string, start, string.end, hasEscapes: string.hasEscapes)
            return string.end
        case ASCII.minus, ASCII.zero...ASCII.nine:
            valueEnd = try number(base, start, end)
            sink.scalar(.number, start, valueEnd, hasEscapes: false)
        case UInt8(ascii: "t"):
            valueEnd = try literal("true", base, start, end)
            sink.scalar(.true, start, valueEnd, hasEscapes: false)
        case UInt8(ascii: "f"):
            valueEnd = try literal("false", base, start, end)
            sink.scalar(.false, start, valueEnd, hasEscapes: false)
        case UInt8(ascii: "n"):
            valueEnd = try literal("null", base, start, end)
            sink.scalar(.null, start, valueEnd, hasEscapes: false)
        default:
            throw JSONError(offset: start, reason: .unexpectedByte(first))
        }
        return valueEnd
    }

    private static func literal(
        _ word: StaticString, _ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int
    ) throws(JSONError) -> Int {
        for place in 0..<word.utf8CodeUnitCount {
            let index = start &+ place
            guard index < end else { throw JSONError(offset: end, reason: .unexpectedEnd) }
            guard base[index] == word.utf8Start[place] else {
                throw JSONError(offset: index, reason: .unexpectedByte(base[index]))
            }
        }
        return start &+ word.utf8CodeUnitCount
    }
}
