import MCPWire

/// WHATWG HTML 9.2.6 taken word by word over a whole stream: slow, without chunks, bytes or limits.
///
/// Written apart from the decoder so that the two can be compared.
struct SSEReference {
    var events: [(type: String, data: String, lastEventID: String)] = []
    var lastEventID = ""
    var retryMilliseconds: Int?

    init(_ input: [UInt8]) {
        var stream = Array(String(decoding: input, as: UTF8.self).unicodeScalars)
        if stream.first == "\u{FEFF}" { stream.removeFirst() }
        var lines: [String] = []
        var line = String.UnicodeScalarView()
        var index = 0
        while index < stream.count {
            let scalar = stream[index]
            index += 1
            guard scalar == "\r" || scalar == "\n" else {
                line.append(scalar)
                continue
            }
            if scalar == "\r", index < stream.count, stream[index] == "\n" { index += 1 }
            lines.append(String(line))
            line = String.UnicodeScalarView()
        }
        process(lines)
    }

    private mutating func process(_ lines: [String]) {
        var (dataBuffer, typeBuffer, idBuffer) = ("", "", "")
        for line in lines {
            let scalars = Array(line.unicodeScalars)
            if scalars.isEmpty {
                lastEventID = idBuffer
                if !dataBuffer.unicodeScalars.isEmpty {
                    dataBuffer.unicodeScalars.removeLast()
                    events.append((typeBuffer.isEmpty ? "message" : typeBuffer, dataBuffer, lastEventID))
                }
                (dataBuffer, typeBuffer) = ("", "")
                continue
            }
            let colon = scalars.firstIndex(of: ":") ?? scalars.count
            var value = String.UnicodeScalarView(scalars.dropFirst(colon + 1))
            if value.first == " " { value.removeFirst() }
            switch Array(scalars[..<colon]) {
            case ["d", "a", "t", "a"]: dataBuffer += String(value) + "\n"
            case ["e", "v", "e", "n", "t"]: typeBuffer = String(value)
            case ["i", "d"]: if !value.contains("\u{0}") { idBuffer = String(value) }
            case ["r", "e", "t", "r", "y"]:
                if !value.isEmpty, value.allSatisfy({ ("0"..."9").contains($0) }) {
                    retryMilliseconds = Int(String(value)) ?? .max
                }
            default: break
            }
        }
    }
}
