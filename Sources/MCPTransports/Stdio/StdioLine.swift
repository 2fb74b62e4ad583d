/// A message as a line of the stdio transport.
enum StdioLine {
    /// The message with a line feed behind it and none within (S-005).
    ///
    /// In JSON a line feed or carriage return can only stand between tokens, where a space means the same. Carriage
    /// returns go, too: there are servers that take one for the end of a line.
    static func encode(_ message: [UInt8]) -> [UInt8] {
        var line = message
        for index in line.indices where line[index] == 0x0A || line[index] == 0x0D { line[index] = 0x20 }
        line.append(0x0A)
        return line
    }

    /// The message of a line without what ends it; nil for a line of nothing but white space.
    static func decode(_ line: [UInt8]) -> [UInt8]? {
        var end = line.count
        while end > 0, line[end - 1] == 0x0A || line[end - 1] == 0x0D { end -= 1 }
        let isBlank = line[..<end].allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
        return isBlank ? nil : end == line.count ? line : Array(line[..<end])
    }
}
