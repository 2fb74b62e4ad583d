/// The fields of one block of an event stream, line after line (WHATWG HTML 9.2.6, "process the field").
struct SSEFields {
    private(set) var comments: [String] = []
    private(set) var type = ""
    /// Nil until there is a `data` field: an empty one still dispatches an event.
    private(set) var data: [UInt8]?
    private(set) var id: String?
    private(set) var retryMilliseconds: Int?

    /// Interprets a block's terminated lines; a last line without its end is left out, as it may be torn.
    init(_ block: [UInt8], skipsByteOrderMark: Bool) {
        block.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            var start = skipsByteOrderMark && block.starts(with: SSEDecoder.byteOrderMark) ? 3 : 0
            while true {
                let end = ByteSearch.lineEnd(base, from: start, to: buffer.count)
                guard end < buffer.count else { return }
                // The LF of a CRLF is one more line, but an empty one, and those mean nothing here.
                if end > start { interpret(UnsafeBufferPointer(rebasing: buffer[start..<end])) }
                start = end + 1
            }
        }
    }

    private mutating func interpret(_ line: UnsafeBufferPointer<UInt8>) {
        var colon = 0
        while colon < line.count, line[colon] != ASCII.colon { colon += 1 }
        var valueStart = min(colon + 1, line.count)
        if valueStart < line.count, line[valueStart] == ASCII.space { valueStart += 1 }
        let name = UnsafeBufferPointer(rebasing: line[..<colon])
        let value = UnsafeBufferPointer(rebasing: line[valueStart...])
        if ASCII.isEqual(name, "data") {
            if data == nil { data = [] } else { data?.append(ASCII.lineFeed) }
            data?.append(contentsOf: value)
        } else if ASCII.isEqual(name, "event") {
            type = String(decoding: value, as: UTF8.self)
        } else if ASCII.isEqual(name, "id") {
            if !value.contains(ASCII.null) { id = String(decoding: value, as: UTF8.self) }
        } else if ASCII.isEqual(name, "retry") {
            retryMilliseconds = Self.milliseconds(value) ?? retryMilliseconds
        } else if name.isEmpty {
            comments.append(String(decoding: value, as: UTF8.self))
        }
    }

    /// A number of ASCII digits only, nil for anything else, the empty text included.
    private static func milliseconds(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        guard !text.isEmpty, text.allSatisfy(ASCII.isDigit) else { return nil }
        var number = 0
        for digit in text {
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(digit - ASCII.zero))
            if overflow || carry { return Int.max }
            number = sum
        }
        return number
    }
}
