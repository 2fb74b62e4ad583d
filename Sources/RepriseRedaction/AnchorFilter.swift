/// Tells in one pass over a text which patterns are worth trying: those of which an anchor occurs.
///
/// Letters are compared without case (`byte | 0x20`, which lets a few other bytes through as well: they only cost a try).
struct AnchorFilter: Sendable {
    /// A pattern's place in the set, as a bit of the mask.
    typealias Mask = UInt64

    /// What one pass over a text shows.
    struct Signs {
        /// The masks of all anchors that occur.
        var mask: Mask = 0
        var hasBackslash = false
        var hasBrace = false
    }

    /// What must stand near an anchor that is also an ordinary word.
    enum Condition: Sendable {
        case none
        /// A `:`, `=` or ` is ` within 48 bytes behind it.
        case signBehind
        /// Two dashes within 48 bytes before it.
        case dashesBefore
    }

    private struct Anchor {
        var bytes: [UInt8]
        var mask: Mask
        var condition: Condition
    }

    private static let shift: UInt32 = 18
    /// 0: no anchor begins with three such bytes; else one more than an index of `buckets`.
    private var slots = [UInt8](repeating: 0, count: 1 << (32 - shift))
    private var buckets: [[Anchor]] = []

    /// Anchors of at least 3 bytes, each with the bits to set where it occurs; at most 254 different beginnings.
    init(_ anchors: [(text: String, mask: Mask, condition: Condition)]) {
        for anchor in anchors {
            let bytes = anchor.text.utf8.map { $0 | 0x20 }
            precondition(bytes.count >= 3, "anchor \(anchor.text) is shorter than 3 bytes")
            let slot = Self.slot(UInt32(bytes[0]) << 16 | UInt32(bytes[1]) << 8 | UInt32(bytes[2]))
            if slots[slot] == 0 {
                precondition(buckets.count < 254, "more than 254 beginnings of anchors")
                buckets.append([])
                slots[slot] = UInt8(buckets.count)
            }
            buckets[Int(slots[slot]) - 1].append(Anchor(bytes: bytes, mask: anchor.mask, condition: anchor.condition))
        }
    }

    /// What a text shows of secrets and of forms that hide them.
    func scan(_ text: UnsafeBufferPointer<UInt8>) -> Signs {
        var mask: Mask = 0
        var hasBackslash = false
        var hasBrace = false
        var window: UInt32 = 0
        slots.withUnsafeBufferPointer { slots in
            for position in 0..<text.count {
                let byte = text[position]
                hasBackslash = hasBackslash || byte == 0x5C
                hasBrace = hasBrace || byte == 0x7B
                window = (window &<< 8 | UInt32(byte | 0x20)) & 0xFF_FFFF
                let bucket = slots[Self.slot(window)]
                if bucket != 0, position >= 2 { mask |= masks(Int(bucket) - 1, text, position - 2) }
            }
        }
        return Signs(mask: mask, hasBackslash: hasBackslash, hasBrace: hasBrace)
    }

    private func masks(_ bucket: Int, _ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Mask {
        var found: Mask = 0
        for anchor in buckets[bucket] where Self.occurs(anchor.bytes, text, start) {
            if Self.holds(anchor.condition, start..<(start + anchor.bytes.count), text) { found |= anchor.mask }
        }
        return found
    }

    private static func holds(_ condition: Condition, _ anchor: Range<Int>, _ text: UnsafeBufferPointer<UInt8>) -> Bool
    {
        switch condition {
        case .none: return true
        case .signBehind:
            for position in anchor.upperBound..<min(anchor.upperBound + 48, text.count) {
                let byte = text[position]
                if byte == UInt8(ascii: ":") || byte == UInt8(ascii: "=") { return true }
                let isWord = byte == UInt8(ascii: "s") && text[position - 1] | 0x20 == UInt8(ascii: "i")
                if isWord, text[position - 2] == 0x20 { return true }
            }
        case .dashesBefore:
            var position = anchor.lowerBound - 1
            while position > 0, position > anchor.lowerBound - 48 {
                if text[position] == UInt8(ascii: "-"), text[position - 1] == UInt8(ascii: "-") { return true }
                position -= 1
            }
        }
        return false
    }

    private static func occurs(_ anchor: [UInt8], _ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Bool {
        guard start + anchor.count <= text.count else { return false }
        for index in 0..<anchor.count where text[start + index] | 0x20 != anchor[index] { return false }
        return true
    }

    @inline(__always)
    private static func slot(_ window: UInt32) -> Int { Int(truncatingIfNeeded: (window &* 0x9E37_79B1) &>> shift) }
}
