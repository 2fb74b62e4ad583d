import HTTPTypes
import MCPCore

/// A double of an MCP server that is reached by Streamable HTTP, as a ``ServerDescription`` describes it.
public struct MCPService: HTTPService {
    private let description: ServerDescription

    /// A double whose endpoint is `/mcp`; `origins` gives the origin of each server of the world by its name.
    public init(_ description: ServerDescription, name: String, origins: [String: String] = [:], seed: UInt64) {
        self.description = description
    }

    /// Nothing happens by itself yet.
    public var nextDeadline: Instant? { nil }

    /// Nothing depends on instants yet.
    public mutating func activate(origin: Instant) {}

    /// The HTTP method, as messages are not read yet.
    public func detail(of request: ServiceRequest) -> ExchangeDetail {
        ExchangeDetail(route: request.head.method.rawValue)
    }

    /// Answers nothing but that there is no such service.
    public mutating func receive(_ request: ServiceRequest, at now: Instant) -> [ServiceAction] {
        [.head(exchange: request.exchange, HTTPResponse(status: .notImplemented)), .end(exchange: request.exchange)]
    }

    /// Nothing depends on exchanges yet.
    public mutating func abandoned(exchange: Int, at now: Instant) -> [ServiceAction] { [] }

    /// Nothing happens by itself yet.
    public mutating func advance(to now: Instant) -> [ServiceAction] { [] }
}
