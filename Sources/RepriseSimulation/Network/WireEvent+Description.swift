extension WireEvent.What: CustomStringConvertible {
    /// What a transcript says of it; of a message its name and its first 200 bytes.
    public var description: String {
        switch self {
        case .connect: "connects"
        case .accepted: "is accepted"
        case .clientClosed: "closes"
        case .lost(let cause): "is lost: \(cause)"
        case .sent(.clientToServer, let name, let bytes): "-> \(name) \(Self.excerpt(bytes))"
        case .sent(.serverToClient, let name, let bytes): "<- \(name) \(Self.excerpt(bytes))"
        case .arrived(.clientToServer, let name): "-> \(name) arrives"
        case .arrived(.serverToClient, let name): "<- \(name) arrives"
        case .vanished(.clientToServer, let name, let why): "-> \(name) vanishes: \(why)"
        case .vanished(.serverToClient, let name, let why): "<- \(name) vanishes: \(why)"
        case .request(let detail): "-> \(detail)"
        case .response(let route, let status): "<- \(status) to \(route)"
        case .effect(let tool): "executes \(tool)"
        case .readPastEnd: "reads past the end"
        }
    }

    private static func excerpt(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix(200), as: UTF8.self) + (bytes.count > 200 ? "… (\(bytes.count) bytes)" : "")
    }
}

extension ExchangeDetail: CustomStringConvertible {
    /// The route, and what the request carries.
    public var description: String {
        var text = route
        if let token { text += " with token \(token)" }
        if let session { text += " in session \(session)" }
        if let resumes { text += " after \(resumes)" }
        return text
    }
}
