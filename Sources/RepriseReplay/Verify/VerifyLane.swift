import MCPWire
import RepriseRecording

/// A sequence of messages of the server whose order counts.
///
/// Answers are compared by the request that they answer; so their order, which differs between runs of one server when
/// calls are open at the same time, does not count. Of the rest, what belongs to a call is one sequence before its
/// answer and one after it, and everything else of a session another.
enum VerifyLane: Hashable, Sendable {
    /// What belongs to the request of the client at this index of the log.
    case call(Int, isAfterAnswer: Bool)
    /// What belongs to no request, of a session.
    case session(Int?)
}

/// A message of the live server.
struct LiveMessage: Sendable {
    var message: Message
    /// Its own bytes; the ranges of `message` are offsets in them.
    var bytes: [UInt8]
    var lane: VerifyLane
    /// The recorded request of the client that it answers.
    var request: Int?

    func part(_ range: Range<Int>?) -> [UInt8] { range.map { Array(bytes[$0]) } ?? [] }
}

/// Finds the call that a message of the server belongs to, in a recording or live.
struct VerifyLanes: Sendable {
    private struct Token: Hashable {
        var session: Int?
        var token: MessageID
    }

    private var tokens: [Token: Int] = [:]
    private var answered: Set<Int> = []

    /// A request of the client was sent.
    mutating func sent(_ request: Int, params: [UInt8], session: Int?) {
        answered.remove(request)
        guard let document = try? JSONDocument(params),
            let node = VariableRules.progressTokenOfRequest.node(in: document)
        else { return }
        tokens[Token(session: session, token: MessageID(text: Array(document.raw(at: node))))] = request
    }

    /// A request of the client was answered.
    mutating func answered(_ request: Int) { answered.insert(request) }

    /// The lane of what is no answer to a known request; `call` is the request on whose stream it came (HTTP).
    func lane(of message: Message, params: [UInt8], session: Int?, call: Int?) -> VerifyLane {
        var owner = call
        if message.method == "notifications/progress", let document = try? JSONDocument(params),
            let node = VariableRules.progressTokenOfNotification.node(in: document)
        {
            let token = MessageID(text: Array(document.raw(at: node)))
            owner = tokens[Token(session: session, token: token)] ?? call
        }
        return owner.map { .call($0, isAfterAnswer: answered.contains($0)) } ?? .session(session)
    }
}
