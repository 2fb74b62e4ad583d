import RepriseRecording

/// Which of the messages that both recordings have stand at another place.
///
/// The order within a stream counts: notifications before the answer, one after the other. Across streams it differs
/// between equal sessions and does not. Of what the client sends, each in an exchange of its own, it counts where one
/// was over before the other began, in both recordings.
struct DiffOrder {
    private let sides: (DiffSide, DiffSide)
    private let partner: [Int: Int]

    init(_ sides: (DiffSide, DiffSide), partner: [Int: Int]) {
        self.sides = sides
        self.partner = partner
    }

    /// The moved messages of one direction, by their indexes in the first recording.
    func moved(_ direction: Direction) -> Set<Int> {
        let paired = sides.0.messages(direction).compactMap { message in
            partner[message].map { (message: message, other: $0) }
        }
        if direction == .clientToServer, sides.0.isHTTP || sides.1.isHTTP { return movedInTime(paired) }
        var streams: [[Int]: [(message: Int, other: Int)]] = [:]
        var order: [[Int]] = []
        for pair in paired {
            let key = [sides.0.stream(of: pair.message), sides.1.stream(of: pair.other)]
            if streams[key] == nil { order.append(key) }
            streams[key, default: []].append(pair)
        }
        return order.reduce(into: []) { $0.formUnion(moved(among: streams[$1] ?? [])) }
    }

    /// All but most that keep their order.
    private func moved(among pairs: [(message: Int, other: Int)]) -> Set<Int> {
        let kept = Alignment.common(pairs.map(\.other), pairs.map(\.other).sorted()).map { pairs[$0.first].message }
        return Set(pairs.map(\.message)).subtracting(kept)
    }

    /// When a message was sent and when the client could know that it had come, in both recordings.
    private struct Span {
        var pair: (message: Int, other: Int)
        var first: (start: Int, end: Int)
        var second: (start: Int, end: Int)
    }

    private func movedInTime(_ pairs: [(message: Int, other: Int)]) -> Set<Int> {
        let spans = pairs.map { pair in
            Span(pair: pair, first: Self.span(pair.message, sides.0), second: Self.span(pair.other, sides.1))
        }
        var involved: Set<Int> = []
        // After which in the first, and before which in the second recording: what is later there than its end.
        var latest = Int.min
        var ended = spans.sorted { $0.first.end > $1.first.end }
        for span in spans.sorted(by: { $0.first.start < $1.first.start }) {
            while let last = ended.last, last.first.end < span.first.start {
                latest = max(latest, last.second.start)
                ended.removeLast()
            }
            if latest > span.second.end { involved.insert(span.pair.message) }
        }
        var earliest = Int.max
        var begun = spans.sorted { $0.first.start < $1.first.start }
        for span in spans.sorted(by: { $0.first.end > $1.first.end }) {
            while let last = begun.last, last.first.start > span.first.end {
                earliest = min(earliest, last.second.end)
                begun.removeLast()
            }
            if earliest < span.second.start { involved.insert(span.pair.message) }
        }
        return moved(among: pairs.filter { involved.contains($0.message) })
    }

    private static func span(_ message: Int, _ side: DiffSide) -> (start: Int, end: Int) {
        let start = side.event(of: message)
        if let answer = side.log.messages[message].answer { return (start, side.event(of: answer)) }
        guard side.isHTTP else { return (start, start) }
        return (start, side.exchange(of: message)?.responseEvent ?? Int.max)
    }
}
