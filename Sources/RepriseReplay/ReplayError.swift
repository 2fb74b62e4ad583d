/// Why a recording can be read but not replayed.
public enum ReplayError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The recording is of a transport that this replayer does not serve.
    case transport(String)
    /// An event is of a kind that this version does not know; skipping it would replay another session.
    case unknownKind(event: Int, kind: String)
    /// There is no message to replay.
    case nothingToReplay

    /// One sentence.
    public var description: String {
        switch self {
        case .transport(let transport):
            "this is a recording of transport \"\(transport)\"; only stdio recordings can be served on stdio"
        case .unknownKind(let event, let kind):
            "event \(event) is of kind \"\(kind)\", which this version does not know; replay needs a newer reprise"
        case .nothingToReplay:
            "the recording holds no message: there is nothing to replay"
        }
    }
}
