import HTTPTypes
import MCPCore
import MCPWire

/// A double of an MCP server that is reached by Streamable HTTP at `/mcp`, as a ``ServerDescription`` describes it.
///
/// It knows the rules of 2025-03-26, 2025-06-18 and 2025-11-25 (basic/transports of each) and holds its clients to
/// them. Ids of sessions and of events come from the seed and say nothing. Ids of events are kept for the latest
/// messages of each stream; a client that resumes behind them gets 400.
public struct MCPService: HTTPService {
    /// Something that happens to the whole server.
    private enum Turn: Equatable {
        case push(count: Int)
        case sessionsEnd
    }

    let rules: MCPSession.Rules
    let description: ServerDescription
    let sessionCountMax: Int
    var gate: ProtectionGate?
    /// When the description's instants count from; nil as long as they do not count.
    var origin: Instant?
    /// How often each rule has met a request, harmed or not.
    var ruleCounts: [Int]
    var random: SplitMix64
    /// By number, from 1; those that are over leave when their tools have come to an end.
    var sessions: [UInt32: MCPSession] = [:]
    /// Also of sessions that are over, as long as they are remembered.
    var numberByID: [String: UInt32] = [:]
    var idByNumber: [UInt32: String] = [:]
    /// The latest session of each client, for a server without ids of sessions.
    var numberByClient: [Int: UInt32] = [:]
    var sessionCountByClient: [Int: Int] = [:]
    var lastSession: UInt32 = 0
    var sessionByExchange: [Int: UInt32] = [:]
    /// What happens to the whole server, the earliest last.
    private var turns: [(at: Instant, turn: Turn)] = []
    private var lastPush = 0
    /// When which session has something to do; entries that its session does not know any more are void.
    private var deadlines = TimerQueue()

    /// A double that `origins` knows by its `name`, as it does the authorization server that it trusts, if it does.
    ///
    /// It keeps the latest `messageCountMax` messages of a stream and `streamCountMax` streams of a session, and knows
    /// `sessionCountMax` sessions, beyond which it forgets the oldest.
    public init(
        _ description: ServerDescription, name: String, origins: [String: String] = [:], seed: UInt64,
        messageCountMax: Int = 16_384, streamCountMax: Int = 1024, sessionCountMax: Int = 65_536
    ) {
        self.description = description
        self.sessionCountMax = sessionCountMax
        let behaviour = description.http ?? HTTPBehaviour()
        rules = MCPSession.Rules(
            behaviour: behaviour, ids: EventIDs(seed: seed, name: name), messageCountMax: messageCountMax,
            streamCountMax: streamCountMax)
        ruleCounts = behaviour.rules.map { _ in 0 }
        random = SplitMix64(seed: seed, stream: "sessions of \(name)")
        gate = behaviour.protection.map { protection in
            guard let own = origins[name], let issuer = origins[protection.authorizationServer] else {
                preconditionFailure("no origin is known of \(name) or of \(protection.authorizationServer)")
            }
            return ProtectionGate(protection, resource: own + "/mcp", issuer: issuer)
        }
    }

    // MARK: HTTPService

    /// When something happens by itself; nil is never.
    public var nextDeadline: Instant? {
        switch (turns.last?.at, deadlines.first?.at) {
        case (let one?, let other?): min(one, other)
        case (let one, let other): one ?? other
        }
    }

    /// Messages are pushed, sessions end, rules and refusals apply at their instants from now on.
    public mutating func activate(origin: Instant) {
        self.origin = origin
        gate?.activate(origin: origin)
        ruleCounts = ruleCounts.map { _ in 0 }
        lastPush = 0
        func absolute(_ instant: Instant) -> Instant { origin.advanced(by: Instant.zero.duration(to: instant)) }
        // Of one instant pushes come first, in their order.
        let pushes = rules.behaviour.pushes.map { (at: absolute($0.at), turn: Turn.push(count: $0.count)) }
        let ends = rules.behaviour.sessionEnds.map { (at: absolute($0), turn: Turn.sessionsEnd) }
        let all = (pushes + ends).enumerated().sorted { ($0.element.at, $0.offset) > ($1.element.at, $1.offset) }
        turns = all.map(\.element)
    }

    /// The route of a request and what it carries.
    public func detail(of request: ServiceRequest) -> ExchangeDetail {
        let head = request.head
        return ExchangeDetail(
            route: route(of: request), token: ProtectionGate.tokenName(in: head),
            resumes: head.headerFields[.lastEventID].map(resumedText),
            session: head.headerFields[.mcpSessionID].map { Int(numberByID[$0] ?? 0) })
    }

    /// A request has arrived.
    public mutating func receive(_ request: ServiceRequest, at now: Instant) -> [ServiceAction] {
        noted(respond(to: request, at: now))
    }

    /// The client has gone away; its requests are executed all the same (basic/transports, Sending Messages).
    public mutating func abandoned(exchange: Int, at now: Instant) -> [ServiceAction] {
        guard let number = sessionByExchange.removeValue(forKey: exchange) else { return [] }
        sessions[number]?.abandoned(exchange)
        return noted(collect(from: number))
    }

    /// What the time that has come brings.
    public mutating func advance(to now: Instant) -> [ServiceAction] {
        var said: [ServiceAction] = []
        while let turn = turns.last, turn.at <= now {
            turns.removeLast()
            said += take(turn.turn)
        }
        while let entry = deadlines.first, entry.at <= now {
            deadlines.removeFirst()
            let number = UInt32(truncatingIfNeeded: entry.id)
            guard sessions[number]?.scheduled == entry.at else { continue }
            sessions[number]?.scheduled = nil
            sessions[number]?.advance(to: now)
            said += collect(from: number)
        }
        return noted(said)
    }

    // MARK: Inside

    private mutating func take(_ turn: Turn) -> [ServiceAction] {
        var said: [ServiceAction] = []
        let numbers = sessions.keys.sorted()
        switch turn {
        case .push(let count):
            for _ in 0..<max(0, count) {
                lastPush += 1
                let message = ServerDoubleMachine.notification(
                    "notifications/message", ["level": "info", "data": .int(lastPush)])
                for number in numbers where sessions[number]?.isOver == false { sessions[number]?.push(message) }
            }
        case .sessionsEnd:
            for number in numbers { sessions[number]?.end() }
        }
        for number in numbers { said += collect(from: number) }
        return said
    }

    /// Takes what a session has to say, and sees when it has to be looked after.
    mutating func collect(from number: UInt32) -> [ServiceAction] {
        guard let said = sessions[number]?.takeSaid(), let session = sessions[number] else { return [] }
        guard let deadline = session.nextDeadline else {
            if session.isOver { sessions[number] = nil }
            return said
        }
        if session.scheduled.map({ deadline < $0 }) ?? true {
            sessions[number]?.scheduled = deadline
            deadlines.insert(Timed(at: deadline, rank: 0, id: UInt64(number)))
        }
        return said
    }

    /// Exchanges that are over are nobody's any more.
    private mutating func noted(_ said: [ServiceAction]) -> [ServiceAction] {
        for action in said {
            switch action {
            case .end(let exchange), .reset(let exchange): sessionByExchange[exchange] = nil
            case .head, .body, .effect: break
            }
        }
        return said
    }
}
