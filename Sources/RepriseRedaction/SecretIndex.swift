/// The secrets learnt so far: each value once, found again in any text at a flat cost per byte.
///
/// A secret of 8 bytes or more stands in the index under one window of 8 of its bytes. A text is read window by window
/// against a bit filter, and only what passes costs a look-up. Which window is taken depends on what stands there
/// already, since tokens of one issuer begin alike.
struct SecretIndex: Sendable {
    /// A place in a text where a learnt secret stands.
    struct Hit: Equatable {
        var range: Range<Int>
        /// Nil where a secret overlaps itself, or a text cost too much to search.
        var entry: Int?
    }

    /// Comparing costs this many bytes for each byte of a text, and some more, at the most.
    private static let costFactor = 64, costOffset = 1 << 20

    /// The fewest bytes of a secret that is looked for elsewhere; a shorter one would be found where it is none.
    static let windowByteCount = 8

    private struct Entry {
        var value: [UInt8]
        var number: Int
        /// The entry whose number this one shares (its percent-encoded form, say), or itself.
        var canonical: Int
        var isSought: Bool
    }

    private struct Posting {
        var entry: Int32
        var offset: Int32
        var next: Int32
    }

    private let countMax: Int
    private let byteCountMax: Int
    private var byteCount = 0
    private var entries: [Entry] = []
    private var byValue: [[UInt8]: Int] = [:]
    private var heads: [UInt64: Int32] = [:]
    private var postings: [Posting] = []
    private var filter: [UInt64] = []
    private var filterShift: UInt64 = 64
    /// Short texts that a rule names; few, so each is searched for.
    private var shortEntries: [Int] = []
    /// Whether a learnt value could stand in JSON as a number.
    private(set) var hasNumber = false
    /// Whether a limit was reached: a secret beyond it is replaced where a rule finds it, but not known again.
    private(set) var isFull = false
    /// Counts what can change the answer of `find`: learning while a message is read calls for reading it again.
    private(set) var revision = 0

    init(countMax: Int, byteCountMax: Int) {
        self.countMax = countMax
        self.byteCountMax = byteCountMax
    }

    var count: Int { entries.count }

    /// The entry of a value that is sought everywhere.
    func soughtEntry(of value: [UInt8]) -> Int? { byValue[value].flatMap { entries[$0].isSought ? $0 : nil } }

    /// Learns a value; nil when a limit is reached. `isSought` false: known again only where a rule finds it.
    mutating func learn(_ value: [UInt8], isSought: Bool, sharing other: Int? = nil) -> Int? {
        if let known = byValue[value] {
            if isSought { seek(known) }
            return known
        }
        guard entries.count < countMax, byteCount + value.count <= byteCountMax else {
            isFull = true
            return nil
        }
        let entry = entries.count
        let canonical = other.map { entries[$0].canonical } ?? entry
        entries.append(Entry(value: value, number: 0, canonical: canonical, isSought: false))
        byValue[value] = entry
        byteCount += value.count
        if isSought { seek(entry) }
        return entry
    }

    /// Learns a text that a rule names, which may be shorter than a window.
    mutating func learnLiteral(_ value: [UInt8]) {
        guard let entry = learn(value, isSought: value.count >= Self.windowByteCount) else { return }
        if value.count < Self.windowByteCount { shortEntries.append(entry) }
    }

    /// The number of an entry's placeholder, 0 while it has none.
    func number(of entry: Int) -> Int { entries[entries[entry].canonical].number }

    mutating func setNumber(_ number: Int, of entry: Int) { entries[entries[entry].canonical].number = number }

    func value(of entry: Int) -> [UInt8] { entries[entries[entry].canonical].value }

    /// Appends every place where a learnt secret stands, overlapping ones included.
    ///
    /// A text made to match almost everywhere is one place as a whole: searching it would take too long.
    func find(in text: UnsafeBufferPointer<UInt8>, into hits: inout [Hit]) {
        for entry in shortEntries { findShort(entry, in: text, into: &hits) }
        guard !heads.isEmpty, text.count >= Self.windowByteCount, let base = text.baseAddress else { return }
        let raw = UnsafeRawPointer(base)
        var budget = text.count * Self.costFactor + Self.costOffset
        filter.withUnsafeBufferPointer { filter in
            for position in 0...(text.count - Self.windowByteCount) {
                let window = raw.loadUnaligned(fromByteOffset: position, as: UInt64.self)
                let hash = Self.hash(window)
                let bits = Self.bits(hash)
                // The index is below the count by construction: the shift leaves just its bits.
                if filter[Int(truncatingIfNeeded: hash &>> filterShift)] & bits == bits {
                    look(window, at: position, in: text, &budget, into: &hits)
                    if budget < 0 { break }
                }
            }
        }
        if budget < 0 { hits = [Hit(range: 0..<text.count, entry: nil)] }
    }

    private func look(
        _ window: UInt64, at position: Int, in text: UnsafeBufferPointer<UInt8>, _ budget: inout Int,
        into hits: inout [Hit]
    ) {
        var next = heads[window] ?? -1
        while next >= 0, budget >= 0 {
            let posting = postings[Int(next)]
            next = posting.next
            budget -= 1
            let entry = Int(posting.entry)
            let start = position - Int(posting.offset)
            let count = entries[entry].value.count
            guard start >= 0, start + count <= text.count else { continue }
            let equalCount = Self.equalCount(text, start, entries[entry].value)
            budget -= equalCount
            guard equalCount == count else { continue }
            let range = start..<(start + count)
            if let last = hits.last, last.entry == nil || last.entry == entry, range.overlaps(last.range) {
                let lower = min(start, last.range.lowerBound)
                hits[hits.count - 1] = Hit(range: lower..<max(range.upperBound, last.range.upperBound), entry: nil)
            } else {
                hits.append(Hit(range: range, entry: entry))
            }
        }
    }

    private func findShort(_ entry: Int, in text: UnsafeBufferPointer<UInt8>, into hits: inout [Hit]) {
        let value = entries[entry].value
        guard value.count <= text.count, let first = value.first else { return }
        for start in 0...(text.count - value.count) where text[start] == first {
            if Self.equalCount(text, start, value) == value.count {
                hits.append(Hit(range: start..<(start + value.count), entry: entry))
            }
        }
    }

    private static func equalCount(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ value: [UInt8]) -> Int {
        value.withUnsafeBufferPointer { value in
            for index in 0..<value.count where text[start + index] != value[index] { return index }
            return value.count
        }
    }

    private mutating func seek(_ entry: Int) {
        let value = entries[entry].value
        guard value.count >= Self.windowByteCount, !entries[entry].isSought else { return }
        entries[entry].isSought = true
        revision += 1
        if value.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || $0 == 0x2D || $0 == 0x2E }) { hasNumber = true }
        if (heads.count + 1) * 32 > filter.count * 64 { growFilter() }
        let (offset, window) = quietestWindow(of: value)
        postings.append(Posting(entry: Int32(entry), offset: Int32(offset), next: heads[window] ?? -1))
        heads[window] = Int32(postings.count - 1)
        mark(window)
    }

    /// Of a few windows the one under which fewest secrets stand, so that no chain grows long.
    private func quietestWindow(of value: [UInt8]) -> (offset: Int, window: UInt64) {
        let last = value.count - Self.windowByteCount
        var best = (offset: 0, window: UInt64(0), length: Int.max)
        for offset in [last, 0, last / 2, last / 4, last - last / 4, last / 8] {
            let window = value.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
            var length = 0
            var next = heads[window] ?? -1
            while next >= 0, length < 8 {
                length += 1
                next = postings[Int(next)].next
            }
            if length < best.length { best = (offset, window, length) }
            if length == 0 { break }
        }
        return (best.offset, best.window)
    }

    /// The most secrets that stand under one window: what a look-up costs.
    var chainLengthMax: Int {
        heads.values.reduce(0) { longest, head in
            var length = 0
            var next = head
            while next >= 0 {
                length += 1
                next = postings[Int(next)].next
            }
            return max(longest, length)
        }
    }

    private mutating func growFilter() {
        let count = max(filter.count * 2, 256)
        filter = Array(repeating: 0, count: count)
        filterShift = UInt64(64 - count.trailingZeroBitCount)
        // Setting bits commutes: the order of the keys reaches nothing.
        for window in heads.keys { mark(window) }
    }

    private mutating func mark(_ window: UInt64) {
        let hash = Self.hash(window)
        filter[Int(truncatingIfNeeded: hash &>> filterShift)] |= Self.bits(hash)
    }

    @inline(__always)
    private static func hash(_ window: UInt64) -> UInt64 {
        let mixed = window &* 0x9E37_79B9_7F4A_7C15
        return (mixed ^ (mixed &>> 29)) &* 0xBF58_476D_1CE4_E5B9
    }

    @inline(__always)
    private static func bits(_ hash: UInt64) -> UInt64 { 1 &<< hash | 1 &<< (hash &>> 6) }
}
