/// Bytes with their secrets replaced, and where that happened.
public struct Redacted: Equatable, Sendable {
    /// One replaced place of the original bytes.
    public struct Edit: Equatable, Sendable {
        /// The replaced bytes, as offsets in the original.
        public var source: Range<Int>
        /// How many bytes stand there now.
        public var replacementByteCount: Int

        /// An edit that puts `replacementByteCount` bytes in the place of `source`.
        public init(source: Range<Int>, replacementByteCount: Int) {
            self.source = source
            self.replacementByteCount = replacementByteCount
        }
    }

    /// The bytes without secrets.
    public var bytes: [UInt8]
    /// Where placeholders stand in `bytes`: ascending, disjoint, without the quotes around a replaced number.
    public var placeholders: [Range<Int>]
    /// What was replaced, ascending in the original and disjoint; one for each placeholder.
    public var edits: [Edit]

    /// Redacted bytes from their parts.
    public init(bytes: [UInt8], placeholders: [Range<Int>] = [], edits: [Edit] = []) {
        self.bytes = bytes
        self.placeholders = placeholders
        self.edits = edits
    }

    /// Where an offset of the original bytes lies in `bytes`; within a replaced place never beyond its placeholder.
    public func offset(ofSource source: Int) -> Int {
        var shift = 0
        for edit in edits {
            if source < edit.source.lowerBound { break }
            if source < edit.source.upperBound {
                return edit.source.lowerBound + shift
                    + min(source - edit.source.lowerBound, edit.replacementByteCount)
            }
            shift += edit.replacementByteCount - edit.source.count
        }
        return source + shift
    }
}
