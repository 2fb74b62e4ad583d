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
        case .effect(let tool): "executes \(tool)"
        case .readPastEnd: "reads past the end"
        }
    }

    private static func excerpt(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix(200), as: UTF8.self) + (bytes.count > 200 ? "… (\(bytes.count) bytes)" : "")
    }
}
