/// Which elements of two sequences belong together.
struct Alignment: Equatable {
    /// Index in the first sequence; nil for an element that only the second has.
    var first: Int?
    /// Index in the second sequence; nil for an element that only the first has.
    var second: Int?

    /// Pairs of equal elements, and between them pairs of elements with equal labels, the first with the first.
    ///
    /// Both sequences keep their order. Elements without a partner stand alone, but where one of each sequence is left
    /// between two pairs they are a pair too, so that a change is one change and not a removal and an addition.
    static func of<Element: Hashable, Label: Hashable>(
        _ first: [Element], _ second: [Element], labels: (first: [Label], second: [Label])
    ) -> [Alignment] {
        fill(common(first, second), first.indices, second.indices) { first, second in
            let ids = CommonSubsequence.ids(Array(labels.first[first]), Array(labels.second[second]))
            let like = CommonSubsequence.inOrder(ids.first, ids.second).map {
                (first: $0.first + first.lowerBound, second: $0.second + second.lowerBound)
            }
            return fill(like, first, second) { first, second in
                if first.count == 1, second.count == 1 {
                    return [Alignment(first: first.lowerBound, second: second.lowerBound)]
                }
                return first.map { Alignment(first: $0) } + second.map { Alignment(second: $0) }
            }
        }
    }

    /// Equal elements in the order of both sequences: as many as there are, or many where the sequences differ a lot.
    static func common<Element: Hashable>(_ first: [Element], _ second: [Element]) -> [(first: Int, second: Int)] {
        let ids = CommonSubsequence.ids(first, second)
        return CommonSubsequence.of(ids.first, ids.second)
    }

    /// The pairs in order, with what `gap` makes of the elements before, between and after them.
    private static func fill(
        _ pairs: [(first: Int, second: Int)], _ first: Range<Int>, _ second: Range<Int>,
        gap: (Range<Int>, Range<Int>) -> [Alignment]
    ) -> [Alignment] {
        var result: [Alignment] = []
        var (i, j) = (first.lowerBound, second.lowerBound)
        for pair in pairs {
            result += gap(i..<pair.first, j..<pair.second)
            result.append(Alignment(first: pair.first, second: pair.second))
            (i, j) = (pair.first + 1, pair.second + 1)
        }
        return result + gap(i..<first.upperBound, j..<second.upperBound)
    }
}
