import HTTPTypes
import MCPCore
import MCPWire

@testable import RepriseSimulation

/// Drives a double of an MCP server by hand, and keeps what it says by exchange.
struct ServiceDriver {
    /// A response as far as it has come.
    struct Response {
        var status = 0
        var head = HTTPResponse(status: .ok)
        var body: [UInt8] = []
        /// The messages in its pieces, in order.
        var messages: [String] = []
        /// `open`, `ended`, or `reset`.
        var end = "open"

        /// The events of a stream with an id: the id, and the data.
        var events: [(id: String, data: String)] {
            var decoder = SSEDecoder()
            return decoder.receive(body.span).compactMap { frame in
                frame.event.map { ($0.lastEventID, String(decoding: $0.data, as: UTF8.self)) }
            }
        }

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    var service: MCPService
    private(set) var responses: [Int: Response] = [:]
    /// The instants and names of tools.
    private(set) var effects: [String] = []
    private(set) var now = Instant.zero
    var sessionID: String?
    var revision: String
    private var last = 0

    init(
        _ description: ServerDescription = .overHTTP(), revision: String = "2025-11-25", seed: UInt64 = 1,
        messageCountMax: Int = 16_384, streamCountMax: Int = 1024, sessionCountMax: Int = 65_536
    ) {
        service = MCPService(
            description, name: "files", seed: seed, messageCountMax: messageCountMax, streamCountMax: streamCountMax,
            sessionCountMax: sessionCountMax)
        self.revision = revision
        service.activate(origin: .zero)
    }

    /// The last exchange.
    var response: Response { responses[last] ?? Response() }

    func response(_ exchange: Int) -> Response { responses[exchange] ?? Response() }

    /// Sends a request of this client as its session is; `headers` come on top, nil takes one away.
    @discardableResult
    mutating func send(
        _ method: HTTPRequest.Method, _ body: [UInt8] = [], headers: [String: String?] = [:], path: String = "/mcp",
        client: Int = 0
    ) -> Int {
        last += 1
        var head = HTTPRequest(method: method, scheme: "http", authority: "files.sim", path: path)
        head.headerFields[.accept] = method == .get ? "text/event-stream" : "application/json, text/event-stream"
        if method == .post { head.headerFields[.contentType] = "application/json" }
        if let sessionID {
            head.headerFields[.mcpSessionID] = sessionID
            if revision >= "2025-06-18" { head.headerFields[.mcpProtocolVersion] = revision }
        }
        for (name, value) in headers {
            if let name = HTTPField.Name(name) { head.headerFields[name] = value }
        }
        let request = ServiceRequest(exchange: last, client: client, head: head, body: body)
        note(service.receive(request, at: now))
        return last
    }

    @discardableResult
    mutating func post(_ body: [UInt8], headers: [String: String?] = [:]) -> Int {
        send(.post, body, headers: headers)
    }

    /// Begins a session and keeps its id.
    mutating func initialize() {
        sessionID = nil
        post(request(0, "initialize", ["protocolVersion": .string(revision)]))
        sessionID = response.head.headerFields[.mcpSessionID]
        post(Array(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#.utf8))
    }

    mutating func abandon(_ exchange: Int) { note(service.abandoned(exchange: exchange, at: now)) }

    /// Lets time pass, instant by instant.
    mutating func run(until seconds: Double) {
        while let next = service.nextDeadline, next <= .at(seconds) {
            now = next
            note(service.advance(to: next))
        }
        now = .at(seconds)
    }

    private mutating func note(_ actions: [ServiceAction]) {
        for action in actions {
            switch action {
            case .head(let exchange, let head):
                responses[exchange] = Response(status: head.status.code, head: head)
            case .body(let exchange, let bytes, let message):
                responses[exchange]?.body += bytes
                if let message { responses[exchange]?.messages.append(String(decoding: message, as: UTF8.self)) }
            case .end(let exchange): responses[exchange]?.end = "ended"
            case .reset(let exchange): responses[exchange, default: Response()].end = "reset"
            case .effect(let tool): effects.append("\(now) \(tool)")
            }
        }
    }
}

extension ServerDescription {
    /// One tool, `touch`, over HTTP.
    static func overHTTP(_ change: (inout HTTPBehaviour) -> Void = { _ in }) -> ServerDescription {
        var behaviour = HTTPBehaviour()
        change(&behaviour)
        return ServerDescription(tools: [ToolDescription(name: "touch")], http: behaviour)
    }
}
