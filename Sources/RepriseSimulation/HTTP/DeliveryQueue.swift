import MCPCore
import RepriseRecording

/// What a network over HTTP has to deliver when: the earliest first, and of one instant in seeded order.
struct DeliveryQueue {
    /// What happens.
    enum Delivery: Equatable, Sendable {
        /// The client hears that it was refused.
        case refusal
        /// The next of a direction arrives, whatever that is by then.
        case next(Direction)
        /// What stands apart under that number arrives.
        case apart(Direction, number: Int)
        /// What a fault has held arrives, whatever its exchange.
        case release(fault: Int)
    }

    struct Entry: Comparable, Sendable {
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

    private var heap = MinimumHeap<Entry>()
    private var random: SplitMix64
    private var lastNumber: UInt64 = 0

    init(random: SplitMix64) {
        self.random = random
    }

    var first: Entry? { heap.first }

    mutating func insert(_ delivery: Delivery, of exchange: Int, at instant: Instant) {
        lastNumber += 1
        heap.insert(
            Entry(at: instant, order: random.next(), number: lastNumber, exchange: exchange, delivery: delivery))
    }

    mutating func removeFirst() { heap.removeFirst() }
}
