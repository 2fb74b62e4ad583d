/// Private keys in PEM (RFC 7468) and OpenPGP armour: the body between the BEGIN and END lines is the secret.
enum PrivateKeyBlock {
    private static let begin = Array("-----BEGIN ".utf8)
    private static let end = Array("-----END ".utf8)
    private static let dashes = Array("-----".utf8)
    private static let privateKey = Array("PRIVATE KEY".utf8)
    /// The longest label in use is far shorter; beyond it a dash line is no marker.
    private static let labelByteCountMax = 64

    /// The bodies in a text, without the white space at their ends; a block without END reaches to the end of the text.
    static func bodies(in text: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
        var bodies: [Range<Int>] = []
        var position = 0
        while let marker = marker(begin, in: text, from: position) {
            let close = self.marker(end, in: text, from: marker.upperBound)
            let body = trimmed(text, marker.upperBound..<(close?.lowerBound ?? text.count))
            if !body.isEmpty { bodies.append(body) }
            position = close?.upperBound ?? text.count
        }
        return bodies
    }

    /// The END marker of a text that begins within a block.
    static func endMarker(in text: UnsafeBufferPointer<UInt8>) -> Range<Int>? { marker(end, in: text, from: 0) }

    /// Whether a text ends within a block, and not just within prose that mentions a BEGIN line.
    static func isOpen(atEndOf text: UnsafeBufferPointer<UInt8>) -> Bool {
        var position = 0
        while let marker = marker(begin, in: text, from: position) {
            guard let close = self.marker(end, in: text, from: marker.upperBound) else {
                let rest = trimmed(text, marker.upperBound..<text.count)
                return !text[rest].contains(0x20)
            }
            position = close.upperBound
        }
        return false
    }

    private static func marker(
        _ word: [UInt8], in text: UnsafeBufferPointer<UInt8>, from start: Int
    ) -> Range<Int>? {
        var position = start
        while let found = first(word, in: text, from: position) {
            let label = found + word.count
            let labelEnd = min(text.count, label + labelByteCountMax)
            if let close = first(dashes, in: UnsafeBufferPointer(rebasing: text[..<labelEnd]), from: label),
                first(privateKey, in: UnsafeBufferPointer(rebasing: text[..<close]), from: label) != nil
            {
                return found..<(close + dashes.count)
            }
            position = found + word.count
        }
        return nil
    }

    private static func first(_ word: [UInt8], in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        guard text.count >= word.count, start <= text.count - word.count else { return nil }
        for position in start...(text.count - word.count) where text[position] == word[0] {
            var index = 1
            while index < word.count, text[position + index] == word[index] { index += 1 }
            if index == word.count { return position }
        }
        return nil
    }

    static func trimmed(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var lower = range.lowerBound
        var upper = range.upperBound
        while lower < upper, text[lower] <= 0x20 { lower += 1 }
        while upper > lower, text[upper - 1] <= 0x20 { upper -= 1 }
        return lower..<upper
    }
}
