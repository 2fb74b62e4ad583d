/// Why a recording can be read but not replayed.
public enum ReplayError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The recording is of a transport that this replayer does not serve.
    case transport(String)
    /// An event is of a kind that this version does not know; skipping it would replay another session.
    case unknownKind(event: Int, kind: String)
    /// There is no message to replay.
    case nothingToReplay
    /// Several sessions cannot be played to a server that has one.
    case severalSessions(Int)

    /// One sentence.
    public var description: String {
        switch self {
        case .transport(let transport):
            "this is a recording of transport \"\(transport)\", which cannot be served this way"
        case .unknownKind(let event, let kind):
            "event \(event) is of kind \"\(kind)\", which this version does not know; replay needs a newer reprise"
        case .nothingToReplay:
            "the recording holds no message: there is nothing to replay"
        case .severalSessions(let count):
            "the recording holds \(count) sessions, and a stdio server has one: give the server's --url"
        }
    }
}
