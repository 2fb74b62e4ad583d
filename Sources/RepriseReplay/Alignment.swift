/// Which elements of two sequences belong together.
struct Alignment: Equatable {
    /// Index in the first sequence; nil for an element that only the second has.
    var first: Int?
    /// Index in the second sequence; nil for an element that only the first has.
    var second: Int?

    /// Pairs of equal elements by a shortest edit script, and between them pairs of similar ones in order.
    ///
    /// Both sequences keep their order. Elements without a partner stand alone. Without any similarity two gaps of
    /// one element each are paired, so that a change is one change and not a removal and an addition.
    static func of<Element: Hashable>(
        _ first: [Element], _ second: [Element], isSimilar: (Int, Int) -> Bool
    ) -> [Alignment] {
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in second.difference(from: first) {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var result: [Alignment] = []
        var i = 0
        var j = 0
        while i < first.count || j < second.count {
            var gapFirst: [Int] = []
            var gapSecond: [Int] = []
            while i < first.count, removed.contains(i) {
                gapFirst.append(i)
                i += 1
            }
            while j < second.count, inserted.contains(j) {
                gapSecond.append(j)
                j += 1
            }
            result += pairs(of: gapFirst, gapSecond, isSimilar: isSimilar)
            if i < first.count, j < second.count {
                result.append(Alignment(first: i, second: j))
                i += 1
                j += 1
            }
        }
        return result
    }

    private static func pairs(of first: [Int], _ second: [Int], isSimilar: (Int, Int) -> Bool) -> [Alignment] {
        var result: [Alignment] = []
        var rest = second[...]
        for i in first {
            if let match = rest.firstIndex(where: { isSimilar(i, $0) }) {
                result += rest[..<match].map { Alignment(second: $0) }
                result.append(Alignment(first: i, second: rest[match]))
                rest = rest[(match + 1)...]
            } else {
                result.append(Alignment(first: i))
            }
        }
        result += rest.map { Alignment(second: $0) }
        if result.count == 2, let i = result[0].first, let j = result[1].second, first.count == 1, second.count == 1 {
            return [Alignment(first: i, second: j)]
        }
        return result
    }
}
