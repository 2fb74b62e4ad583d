import MCPWire
import RepriseReplay

/// The host and port of `--listen HOST:PORT`; port 0 is any free one.
public struct ListenAddress: Equatable, Sendable, CustomStringConvertible {
    /// A name or address; an IPv6 address without brackets.
    public let host: String
    /// 0 to 65535.
    public let port: Int

    /// Any free port of the loopback interface.
    public static let loopback = ListenAddress(host: "127.0.0.1", port: 0)

    /// Makes an address from its parts.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `HOST:PORT`, an IPv6 address in brackets; nil for any other text.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[colon...].dropFirst()) else { return nil }
        guard let origin = Origin(scheme: "http", authority: text[..<colon]), text[..<colon] != "" else { return nil }
        guard origin.port == 80, origin.host == text[..<colon].lowercased() else { return nil }
        host = origin.host.first == "[" ? String(origin.host.dropFirst().dropLast()) : origin.host
        self.port = Int(port)
    }

    /// Whether only this machine reaches it.
    public var isLoopback: Bool { origin(port: 80).isLoopback }

    /// The origin of what listens there on a port.
    public func origin(port: Int) -> Origin {
        Origin(scheme: "http", host: host.contains(":") ? "[\(host)]" : host, port: port)
    }

    /// `HOST:PORT`.
    public var description: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}
