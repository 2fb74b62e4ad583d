/// Finds the word that was probably meant.
enum NearestWord {
    /// The problem with the nearest of the words, or all of them if none is near.
    static func problem(_ problem: String, _ text: String, _ words: [String]) -> String {
        if let nearest = nearest(to: text, of: words) { return "\(problem); did you mean \"\(nearest)\"?" }
        guard !words.isEmpty else { return problem }
        let known = words.prefix(20).map(YAMLItem.shortened).joined(separator: ", ")
        return "\(problem); known: \(known)\(words.count > 20 ? ", …" : "")"
    }

    /// The first of those words that take the fewest edits; nil if each takes more than a third of its letters.
    static func nearest(to text: String, of words: [String]) -> String? {
        guard text.count <= 64 else { return nil }
        var best: (word: String, distance: Int)?
        for word in words where word.count <= 64 {
            let distance = distance(Array(text.lowercased()), Array(word.lowercased()))
            guard distance <= max(1, max(word.count, text.count) / 3) else { continue }
            if best.map({ distance < $0.distance }) ?? true { best = (word, distance) }
        }
        return best?.word
    }

    /// Letters to insert, delete, replace, or swap with their neighbour.
    static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for i in 0..<left.count {
            var row = [i + 1]
            for j in 0..<right.count {
                var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (left[i] == right[j] ? 0 : 1))
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    cost = min(cost, beforeLast[j - 1] + 1)
                }
                row.append(cost)
            }
            (beforeLast, last) = (last, row)
        }
        return last[right.count]
    }
}
