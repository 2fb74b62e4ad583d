import MCPCore
import RepriseRecording

/// What a network over HTTP has to deliver when: the earliest first, and of one instant in seeded order.
struct DeliveryQueue {
    /// What happens.
    enum Delivery: Equatable {
        /// The client hears that it was refused.
        case refusal
        /// The next of a direction arrives, whatever that is by then.
        case next(Direction)
        /// What stands apart under that number arrives.
        case apart(Direction, number: Int)
        /// What a fault has held arrives, whatever its exchange.
        case release(fault: Int)
    }

    struct Entry {
        var at: Instant
        var order: UInt64
        /// Tells entries of equal `order` apart.
        var number: UInt64
        var exchange: Int
        var delivery: Delivery

        static func < (left: Entry, right: Entry) -> Bool {
            if left.at != right.at { return left.at < right.at }
            if left.order != right.order { return left.order < right.order }
            return left.number < right.number
        }
    }

    private var heap: [Entry] = []
    private var random: SplitMix64
    private var lastNumber: UInt64 = 0

    init(random: SplitMix64) {
        self.random = random
    }

    var first: Entry? { heap.first }

    mutating func insert(_ delivery: Delivery, of exchange: Int, at instant: Instant) {
        lastNumber += 1
        heap.append(
            Entry(at: instant, order: random.next(), number: lastNumber, exchange: exchange, delivery: delivery))
        var index = heap.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard heap[index] < heap[parent] else { return }
            heap.swapAt(index, parent)
            index = parent
        }
    }

    mutating func removeFirst() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < heap.count else { return }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < heap[index] else { return }
            heap.swapAt(child, index)
            index = child
        }
    }
}
