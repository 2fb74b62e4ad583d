import MCPWire
import RepriseRecording

/// A recorded request or notification of the client, as a pattern for live ones.
struct CallPattern: Sendable {
    var method: String
    var isRequest: Bool
    /// The params as recorded; nil when absent, which matches `{}` as well.
    var params: JSONDocument?
    /// The places that a live message may fill otherwise.
    var mask: JSONMask
    /// The placeholders in the params.
    var secrets = SecretPattern()
    /// The recorded progress token, a variable.
    var progressToken: MessageID?
    /// For `notifications/cancelled`: the client step that is cancelled.
    var cancels: Int?

    init(message index: Int, of log: MessageLog, cancelling: (MessageID) -> Int?) {
        let message = log.messages[index].message
        let frame = log.frames[log.messages[index].frame]
        method = message.method ?? ""
        isRequest = message.kind == .request
        mask = VariableRules.mask(method: method)
        guard let range = message.params, let document = try? JSONDocument(Array(frame.bytes[range])) else { return }
        params = document
        if let token = VariableRules.progressTokenOfRequest.node(in: document) {
            progressToken = MessageID(text: Array(document.raw(at: token)))
        }
        if method == "notifications/cancelled", let id = VariableRules.cancelledRequest.node(in: document) {
            cancels = cancelling(MessageID(text: Array(document.raw(at: id))))
        }
        secrets = SecretPattern(frame.placeholders, in: range, document: document)
        mask.variable += secrets.paths
    }
}

/// Which places hold what the client mints anew in every session, per method.
enum VariableRules {
    static let progressTokenOfRequest = JSONPath(keys: "_meta", "progressToken")
    static let progressTokenOfNotification = JSONPath(keys: "progressToken")
    static let cancelledRequest = JSONPath(keys: "requestId")
    /// The request whose id is the subscription's id (MCP 2026-07-28).
    static let subscribing = "subscriptions/listen"
    static let subscription = JSONPath(keys: "_meta", "io.modelcontextprotocol/subscriptionId")

    /// Who the client is, and tracing: differs between equal sessions.
    private static let volatile = [
        JSONPath(keys: "clientInfo"), JSONPath(keys: "_meta", "io.modelcontextprotocol/clientInfo"),
        JSONPath(keys: "_meta", "traceparent"), JSONPath(keys: "_meta", "tracestate"),
        JSONPath(keys: "_meta", "baggage"),
    ]

    /// The mask for matching. `initialize` comes once a session and is matched by its method; see ``strictMask(method:)``.
    static func mask(method: String) -> JSONMask {
        if method == "initialize" { return JSONMask(variable: [JSONPath()]) }
        return strictMask(method: method)
    }

    /// The mask with which a matched message is compared.
    static func strictMask(method: String) -> JSONMask {
        var variable = [progressTokenOfRequest]
        if method == "notifications/cancelled" { variable.append(cancelledRequest) }
        if method == "notifications/progress" { variable.append(progressTokenOfNotification) }
        return JSONMask(variable: variable, volatile: method == "initialize" ? volatile : Array(volatile.dropFirst()))
    }
}
