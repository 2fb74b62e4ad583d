/// The methods of MCP that clients and servers send each other, to find misspelt ones.
enum MethodNames {
    static let all = [
        "initialize", "ping", "tools/list", "tools/call", "prompts/list", "prompts/get", "resources/list",
        "resources/read", "resources/templates/list", "resources/subscribe", "resources/unsubscribe",
        "completion/complete", "logging/setLevel", "sampling/createMessage", "elicitation/create", "roots/list",
        "notifications/initialized", "notifications/cancelled", "notifications/progress", "notifications/message",
        "notifications/tools/list_changed", "notifications/prompts/list_changed",
        "notifications/resources/list_changed", "notifications/resources/updated",
        "notifications/roots/list_changed",
    ]

    /// What scenarios call requests over HTTP that post no request or notification.
    static let httpRoutes = [
        "response", "GET", "DELETE", "resource-metadata", "metadata", "register", "authorize", "refresh_token",
        "authorization_code",
    ]

    /// What is wrong with a method that is nearly one of MCP's; nil for a known one and for one that is like none.
    static func problem(_ method: String, more: [String] = []) -> String? {
        let words = all + more
        guard !words.contains(method), let nearest = NearestWord.nearest(to: method, of: words) else { return nil }
        return "there is no method \(YAMLItem.quoted(method)); did you mean \"\(nearest)\"?"
    }
}
