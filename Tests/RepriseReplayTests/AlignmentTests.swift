import Testing
import MCPCore

@testable import RepriseReplay

/// Which elements of two sequences belong together.
@Suite struct AlignmentTests {
    /// Pairs as `a=b`, elements that stand alone as `a-` and `+b`; elements are similar by their letter.
    private func aligned(_ first: String, _ second: String) -> String {
        let left = first.split(separator: " ").map(String.init)
        let right = second.split(separator: " ").map(String.init)
        let letter = { (element: String) in element.first.map { $0.isLetter ? String($0) : element } }
        return Alignment.of(left, right, labels: (left.map(letter), right.map(letter))).map { pair in
            switch (pair.first, pair.second) {
            case (let i?, let j?): "\(left[i])=\(right[j])"
            case (let i?, nil): "\(left[i])-"
            case (nil, let j?): "+\(right[j])"
            case (nil, nil): "?"
            }
        }.joined(separator: " ")
    }

    @Test(arguments: [
        ("", "", ""), ("1 2", "1 2", "1=1 2=2"), ("1 2 3", "1 3", "1=1 2- 3=3"), ("1 3", "1 2 3", "1=1 +2 3=3"),
        ("1", "", "1-"), ("", "1 2", "+1 +2"), ("1 2 3", "1 9 3", "1=1 2=9 3=3"),
        // Without any likeness, two for two are two taken out and two put in.
        ("1 2 3 4", "1 8 9 4", "1=1 2- 3- +8 +9 4=4"),
        // Like ones in order, whatever stands between them.
        ("a1 b1", "a2 b2", "a1=a2 b1=b2"), ("a1 b1", "b2", "a1- b1=b2"), ("b1", "a2 b2", "+a2 b1=b2"),
        ("a1 a3 b1", "a2 b2", "a1=a2 a3- b1=b2"), ("a1 x1 b1", "a2 y2 b2", "a1=a2 x1=y2 b1=b2"),
        ("p1 a1 b1 c1", "a2 b2 c2 p2", "p1- a1=a2 b1=b2 c1=c2 +p2"),
        ("1 a1 2 a2 3", "1 a3 2 a4 3", "1=1 a1=a3 2=2 a2=a4 3=3"),
    ])
    func likeBelongsToLike(first: String, second: String, expected: String) {
        #expect(aligned(first, second) == expected)
    }

    @Test func bothOrdersAreKeptAndNothingIsLost() {
        var random = SplitMix64(seed: 11)
        for _ in 0..<300 {
            let left = (0..<random.below(12)).map { _ in random.below(6) }
            let right = (0..<random.below(12)).map { _ in random.below(6) }
            let pairs = Alignment.of(left, right, labels: (left.map { $0 % 3 }, right.map { $0 % 3 }))
            #expect(pairs.compactMap(\.first) == Array(left.indices))
            #expect(pairs.compactMap(\.second) == Array(right.indices))
        }
    }

    @Test func shortSequencesShareAsMuchAsTheyCan() {
        var random = SplitMix64(seed: 12)
        for _ in 0..<300 {
            let left = (0..<random.below(10)).map { _ in random.below(4) }
            let right = (0..<random.below(10)).map { _ in random.below(4) }
            let common = Alignment.common(left, right)
            #expect(common.allSatisfy { left[$0.first] == right[$0.second] })
            #expect(zip(common, common.dropFirst()).allSatisfy { $0.first < $1.first && $0.second < $1.second })
            #expect(common.count == Self.longestCommonCount(left, right), "\(left) and \(right)")
        }
    }

    /// The length of a longest common subsequence, by the textbook's table.
    private static func longestCommonCount(_ left: [Int], _ right: [Int]) -> Int {
        var row = [Int](repeating: 0, count: right.count + 1)
        for element in left {
            var next = row
            for (j, other) in right.enumerated() {
                next[j + 1] = element == other ? row[j] + 1 : max(row[j + 1], next[j])
            }
            row = next
        }
        return row.last ?? 0
    }

    @Test func longSequencesAreAlignedWhateverTheyHaveInCommon() {
        let count = 20_000
        let all = Array(0..<count)
        #expect(Alignment.common(all, all).count == count)
        #expect(Alignment.common(all, all.map { -1 - $0 }).isEmpty)
        #expect(Alignment.common(all, all.reversed()).count == 1)
        // Every other one is gone, and then every third is new.
        #expect(Alignment.common(all, all.filter { $0 % 2 == 0 }).count == count / 2)
        #expect(Alignment.common(all, all.map { $0 % 3 == 0 ? -1 - $0 : $0 }).count == count - (count + 2) / 3)
        // So many differences that a longest one is not looked for: still in order, and equal.
        var random = SplitMix64(seed: 13)
        let (left, right) = (all.map { _ in random.below(50) }, all.map { _ in random.below(50) })
        let found = Alignment.common(left, right)
        #expect(found.count > 100)
        #expect(found.allSatisfy { left[$0.first] == right[$0.second] })
        #expect(zip(found, found.dropFirst()).allSatisfy { $0.first < $1.first && $0.second < $1.second })
        // Many equal elements.
        let few = all.map { $0 % 7 }
        #expect(Alignment.common(few, few.dropLast(9) + [100]).count == count - 9)
    }
}
