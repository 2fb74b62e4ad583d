/// Common subsequences of two sequences of numbers, in bounded time and memory.
enum CommonSubsequence {
    typealias Pair = (first: Int, second: Int)

    /// Most differences for which a longest subsequence is looked for; the search takes some 4 MB then.
    static let editCountMax = 1000

    /// Numbers that are equal where the elements are.
    static func ids<Element: Hashable>(_ first: [Element], _ second: [Element]) -> (first: [Int], second: [Int]) {
        var known: [Element: Int] = [:]
        func id(_ element: Element) -> Int {
            if let id = known[element] { return id }
            known[element] = known.count
            return known.count - 1
        }
        return (first.map(id), second.map(id))
    }

    /// A longest common subsequence; of sequences with more than ``editCountMax`` differences a long one.
    static func of(_ first: [Int], _ second: [Int]) -> [Pair] {
        let head = zip(first, second).prefix { $0 == $1 }.count
        let rest = (first: first[head...], second: second[head...])
        let tail = zip(rest.first.reversed(), rest.second.reversed()).prefix { $0 == $1 }.count
        let (left, right) = (rest.first.dropLast(tail), rest.second.dropLast(tail))
        // What only one side has cannot be common; without it sequences that share nothing are done at once.
        let (inLeft, inRight) = (Set(left), Set(right))
        let (i, j) = (
            left.indices.filter { inRight.contains(first[$0]) }, right.indices.filter { inLeft.contains(second[$0]) }
        )
        let (a, b) = (i.map { first[$0] }, j.map { second[$0] })
        let middle = longest(a, b) ?? inOrder(a, b)
        return (0..<head).map { ($0, $0) } + middle.map { (i[$0.first], j[$0.second]) }
            + (0..<tail).map { (left.endIndex + $0, right.endIndex + $0) }
    }

    /// Pairs the first of equal numbers with the first, the second with the second, and keeps most that do not cross.
    static func inOrder(_ first: [Int], _ second: [Int]) -> [Pair] {
        var places: [Int: [Int]] = [:]
        for (j, number) in second.enumerated().reversed() { places[number, default: []].append(j) }
        var pairs: [Pair] = []
        for (i, number) in first.enumerated() {
            if let j = places[number]?.popLast() { pairs.append((i, j)) }
        }
        // The longest increasing run of second indexes: `ends[n]` ends the best one of n + 1 pairs found so far.
        var ends: [Int] = []
        var previous = [Int](repeating: -1, count: pairs.count)
        for (index, pair) in pairs.enumerated() {
            var (low, high) = (0, ends.count)
            while low < high {
                let middle = (low + high) / 2
                if pairs[ends[middle]].second < pair.second { low = middle + 1 } else { high = middle }
            }
            if low > 0 { previous[index] = ends[low - 1] }
            if low < ends.count { ends[low] = index } else { ends.append(index) }
        }
        var kept: [Pair] = []
        var index = ends.last ?? -1
        while index >= 0 {
            kept.append(pairs[index])
            index = previous[index]
        }
        return kept.reversed()
    }

    /// Myers' greedy search: for each number of edits, how far each diagonal (first minus second index) is reached.
    private static func longest(_ first: [Int], _ second: [Int]) -> [Pair]? {
        let (n, m) = (first.count, second.count)
        let limit = min(n + m, editCountMax)
        /// `reached[d][k + d]` is the first index reached on diagonal k by d edits; -1 where none leads.
        var reached: [[Int]] = []
        for edits in 0...limit {
            var row = [Int](repeating: -1, count: 2 * edits + 1)
            for diagonal in stride(from: -edits, through: edits, by: 2) {
                var i = edits == 0 ? 0 : entry(to: diagonal, reached[edits - 1], edits - 1, n, m)
                guard i >= 0 else { continue }
                while i < n, i - diagonal < m, first[i] == second[i - diagonal] { i += 1 }
                row[diagonal + edits] = i
                if i == n, i - diagonal == m {
                    reached.append(row)
                    return pairs(reached, n, m)
                }
            }
            reached.append(row)
        }
        return nil
    }

    /// Where one more edit enters a diagonal: an element of the second put in, or one of the first taken out.
    private static func entry(to diagonal: Int, _ row: [Int], _ edits: Int, _ n: Int, _ m: Int) -> Int {
        func reached(_ diagonal: Int) -> Int { abs(diagonal) <= edits ? row[diagonal + edits] : -1 }
        let put = reached(diagonal + 1)
        let taken = reached(diagonal - 1)
        let entries = (put >= 0 && put - diagonal <= m ? put : -1, taken >= 0 && taken < n ? taken + 1 : -1)
        return max(entries.0, entries.1)
    }

    /// The way back: on each diagonal what was equal, from where it was entered on.
    private static func pairs(_ reached: [[Int]], _ n: Int, _ m: Int) -> [Pair] {
        var pairs: [Pair] = []
        var (i, diagonal) = (n, n - m)
        for edits in reached.indices.reversed() {
            let start = edits == 0 ? 0 : entry(to: diagonal, reached[edits - 1], edits - 1, n, m)
            while i > start {
                i -= 1
                pairs.append((i, i - diagonal))
            }
            guard edits > 0 else { break }
            let row = reached[edits - 1]
            let isPut = abs(diagonal + 1) <= edits - 1 && row[diagonal + edits] == start
            diagonal += isPut ? 1 : -1
            i = isPut ? start : start - 1
        }
        return pairs.reversed()
    }
}
