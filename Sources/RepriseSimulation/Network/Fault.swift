import MCPCore
import RepriseRecording

/// A declared disturbance: what it does, and when. Faults are ordered: the first that applies to something is used.
///
/// Partitions, slow readers and held ends act beside the one fault of a message. Opportunities and uses are counted
/// over all clients and connections that the placement allows.
public struct Fault: Sendable, Equatable {
    /// What it does.
    public var effect: Effect
    /// Where and when.
    public var placement: Placement

    /// A fault at every opportunity, unless its placement says otherwise.
    public init(_ effect: Effect, _ placement: Placement = Placement()) {
        self.effect = effect
        self.placement = placement
    }

    /// What a fault does.
    public enum Effect: Sendable, Equatable {
        // To an attempt to connect.
        /// It fails.
        case refuse(TransportFailure)
        /// It takes so much longer; cancelling it does not help, as with a real dial that is already answered.
        case delayConnect(Duration)
        /// It never ends, unless the task is cancelled.
        case hangConnect

        // To connections that stand: at `placement.from`, at once when a message `placement.after` has arrived later
        // than that, or each time that a message `placement.method` has arrived.
        /// It is cut off, with that failure seen by the client; what is under way is lost.
        case reset(TransportFailure)
        /// Nothing passes in that direction any more, and nobody is told; sending client to server fails at once.
        case halfClose(Direction)
        /// From `placement.from` to `placement.until` no message passes; what is due meanwhile comes when it ends.
        ///
        /// Attempts to connect that begin in it succeed when it ends.
        case partition

        // To messages.
        /// It never arrives.
        case drop
        /// It arrives so much later; later messages of its direction are not held up by it.
        case delay(Duration)
        /// It arrives so many times in all.
        case duplicate(Int)
        /// It arrives after the next message of its direction, at `placement.until` at the latest.
        case reorder
        /// Only so many of its first bytes arrive, as a message that is malformed, and then the connection is reset.
        case cut(Int)
        /// It waits until `placement.until`, or until the message that `release` names has passed.
        case hold(release: MessagePattern?)
        /// The reader of that direction takes so many bytes a second.
        case slowReader(bytesPerSecond: Int)

        // To what a stream reports.
        /// The client hears of the end of its connection only at `placement.until`.
        case holdClose
    }

    /// Where and when a fault applies; everything that is given has to hold.
    public struct Placement: Sendable, Equatable {
        /// The name of the server.
        public var server: String?
        /// The client's number, from 0.
        public var client: Int?
        /// The how many-th attempt of a client to connect to the server, from 1, and the connection that came of it.
        public var connection: Int?
        /// Which way the message goes; nil is both.
        public var direction: Direction?
        /// The method of a request or notification, or of the request that a response answers.
        public var method: String?
        /// From this instant on; for `reset`, `halfClose`: at it.
        public var from: Instant?
        /// Until just before this instant.
        public var until: Instant?
        /// So many opportunities pass unharmed first.
        public var skip: Int
        /// The fault is used up after so many uses; nil is never.
        public var count: Int?
        /// Only once such a message has arrived, on any connection of `client` and `server`, since faults are active.
        public var after: MessagePattern?
        /// How likely it is that an opportunity is used, from 0 to 1, drawn from the seed.
        public var probability: Double
        /// A message survives the loss and closing of its connection, as on a transport made of several connections.
        public var isLate: Bool

        /// Everywhere and always.
        public init(
            server: String? = nil, client: Int? = nil, connection: Int? = nil, direction: Direction? = nil,
            method: String? = nil, from: Instant? = nil, until: Instant? = nil, skip: Int = 0, count: Int? = nil,
            after: MessagePattern? = nil, probability: Double = 1, isLate: Bool = false
        ) {
            self.server = server
            self.client = client
            self.connection = connection
            self.direction = direction
            self.method = method
            self.from = from
            self.until = until
            self.skip = skip
            self.count = count
            self.after = after
            self.probability = probability
            self.isLate = isLate
        }
    }

    /// A message that has been seen to pass.
    public struct MessagePattern: Sendable, Equatable {
        /// Which way it goes; nil is both.
        public var direction: Direction?
        /// The method of a request or notification, or of the request that a response answers.
        public var method: String
        /// The how many-th such message, from 1.
        public var number: Int

        /// The first message of that method, in either direction.
        public init(method: String, direction: Direction? = nil, number: Int = 1) {
            self.method = method
            self.direction = direction
            self.number = number
        }
    }
}
