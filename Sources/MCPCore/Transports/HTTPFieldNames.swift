import HTTPTypes

/// The fields of HTTP that MCP adds or uses in its own way (basic/transports, Streamable HTTP).
extension HTTPField.Name {
    /// The id of a session.
    package static let mcpSessionID = constant("Mcp-Session-Id")
    /// The revision that was agreed on.
    package static let mcpProtocolVersion = constant("MCP-Protocol-Version")
    /// The last event that a client has seen of a stream.
    package static let lastEventID = constant("Last-Event-ID")

    private static func constant(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no name of a header") }
        return name
    }
}
