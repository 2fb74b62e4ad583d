import MCPCore
import MCPWire
import RepriseRecording

/// Something under way in one direction of a connection; a class, as it is moved about a good deal.
final class Parcel: Sendable {
    let bytes: [UInt8]
    let message: Message
    let subject: MessageSubject
    /// Its place among the parcels of its direction, in the order of sending.
    let number: Int
    /// When it arrives, if nothing keeps it.
    let due: Instant
    /// It survives the end of its connection.
    let isLate: Bool
    /// Only so many bytes of it arrive.
    let cut: Int?
    /// What it is of a response over HTTP; nil for a piece of its body, and for everything else.
    let response: ResponsePart?

    init(
        bytes: [UInt8], message: Message, subject: MessageSubject, number: Int, due: Instant, isLate: Bool = false,
        cut: Int? = nil, response: ResponsePart? = nil
    ) {
        self.bytes = bytes
        self.message = message
        self.subject = subject
        self.number = number
        self.due = due
        self.isLate = isLate
        self.cut = cut
        self.response = response
    }
}

/// One direction of one connection: what is under way in it, and how long that takes.
///
/// A value without clock or I/O. What stands in the queue arrives in the order of sending; what a fault has taken out
/// of line stands apart.
struct Line {
    /// What stands in the queue.
    enum Freight {
        case parcel(Parcel)
        /// The sender has closed the connection in good order; nothing comes behind it.
        case end(TransportFailure)
    }

    /// Why something stands apart.
    enum Reason: Equatable {
        /// It has a time of its own.
        case time
        /// Until a fault releases it, or a later parcel of this line has arrived.
        case nextParcel
        /// Until a fault releases it.
        case release
    }

    private struct Apart {
        var number: Int
        var parcel: Parcel
        var reason: Reason
    }

    private var queue: [Freight] = []
    private var head = 0
    private var apart: [Apart] = []
    private var lastNumber = 0
    private var freeAt = Instant.zero
    private var readerFreeAt = Instant.zero
    private var lastDue = Instant.zero
    /// Until when a partition keeps the head of the queue.
    var blockedUntil: Instant?
    /// Nothing passes any more.
    var isHalfClosed = false
    /// How many parcels under way survive the end of the connection.
    private(set) var lateCount = 0

    // MARK: Sending

    /// When a message that is sent now arrives: after the bandwidth, latency, jitter and a slow reader have had their
    /// share, and not before what was sent earlier.
    mutating func due(
        byteCount: Int, at now: Instant, over link: Link, readerRate: Int?, random: inout SplitMix64
    ) -> Instant {
        var due = now
        if let bandwidth = link.bandwidth {
            freeAt = max(freeAt, now).advanced(by: Self.time(byteCount, at: bandwidth))
            due = freeAt
        }
        due = due.advanced(by: link.latency)
        if link.jitter > .zero {
            due = due.advanced(by: .nanoseconds(Int64.random(in: 0...link.jitter.wholeNanoseconds, using: &random)))
        }
        if let readerRate {
            readerFreeAt = max(readerFreeAt, due).advanced(by: Self.time(byteCount, at: readerRate))
            due = readerFreeAt
        }
        return max(due, lastDue)
    }

    /// How long so many bytes take at so many bytes a second.
    private static func time(_ byteCount: Int, at rate: Int) -> Duration {
        let (whole, rest) = byteCount.quotientAndRemainder(dividingBy: max(1, rate))
        return .seconds(whole) + .nanoseconds(Int64(Double(rest) / Double(max(1, rate)) * 1e9))
    }

    /// The number of the next parcel.
    mutating func nextNumber() -> Int {
        lastNumber += 1
        return lastNumber
    }

    /// Puts a parcel in line.
    mutating func append(_ parcel: Parcel) {
        lastDue = max(lastDue, parcel.due)
        queue.append(.parcel(parcel))
    }

    /// Puts the end behind everything; returns when it arrives.
    mutating func appendEnd(_ failure: TransportFailure, at now: Instant, over link: Link) -> Instant {
        lastDue = max(lastDue, now.advanced(by: link.latency))
        queue.append(.end(failure))
        return lastDue
    }

    // MARK: The queue

    /// What arrives next.
    var first: Freight? { head < queue.count ? queue[head] : nil }

    /// Takes what arrives next.
    mutating func removeFirst() {
        head += 1
        blockedUntil = nil
        guard head == queue.count || head >= 64 && head * 2 >= queue.count else { return }
        queue.removeFirst(head)
        head = 0
    }

    // MARK: Out of line

    /// Whether nothing stands apart.
    var isInOrder: Bool { apart.isEmpty }

    /// Puts a parcel apart, under a number that ``takeApart(_:)`` takes it by.
    mutating func setApart(_ parcel: Parcel, _ reason: Reason) -> Int {
        let number = nextNumber()
        apart.append(Apart(number: number, parcel: parcel, reason: reason))
        if parcel.isLate { lateCount += 1 }
        return number
    }

    /// Puts back a parcel that was taken and could not pass.
    mutating func putBack(_ parcel: Parcel, as number: Int) {
        let index = apart.firstIndex { $0.number > number } ?? apart.count
        apart.insert(Apart(number: number, parcel: parcel, reason: .time), at: index)
        if parcel.isLate { lateCount += 1 }
    }

    /// Takes a parcel that stands apart; nil if it has vanished.
    mutating func takeApart(_ number: Int) -> Parcel? {
        // Numbers rise.
        var low = 0
        var high = apart.count
        while low < high {
            let middle = (low + high) / 2
            if apart[middle].number < number { low = middle + 1 } else { high = middle }
        }
        guard low < apart.count, apart[low].number == number else { return nil }
        let parcel = apart.remove(at: low).parcel
        if parcel.isLate { lateCount -= 1 }
        return parcel
    }

    /// Numbers of the parcels that wait for a parcel sent later than they were, such as this one.
    func waiting(for parcel: Parcel) -> [Int] {
        apart.isEmpty ? [] : apart.filter { $0.reason == .nextParcel && $0.parcel.number < parcel.number }.map(\.number)
    }

    /// Takes everything that does not survive the end of the connection, in the order of sending.
    mutating func removeAll() -> [Parcel] {
        var parcels: [Parcel] = []
        for freight in queue[head...] {
            if case .parcel(let parcel) = freight { parcels.append(parcel) }
        }
        parcels += apart.filter { !$0.parcel.isLate }.map(\.parcel)
        (queue, head) = ([], 0)
        apart.removeAll { !$0.parcel.isLate }
        return parcels.sorted { $0.number < $1.number }
    }
}
