import HTTPTypes
import MCPCore
import MCPWire

/// A machine of Streamable HTTP, and all that it has wanted so far.
struct HTTPRehearsal {
    /// A request that it wanted to be sent.
    struct Begun {
        var exchange: Int
        var at: Instant
        var request: HTTPRequest
        var body: [UInt8]
        var token: AccessToken?

        var method: String { request.method.rawValue }
        var message: String { String(decoding: body, as: UTF8.self) }
        subscript(header: String) -> String? { HTTPField.Name(header).flatMap { request.headerFields[$0] } }
    }

    var machine: StreamableHTTPMachine
    private(set) var now = Instant.zero
    private(set) var begun: [Begun] = []
    private(set) var events: [StreamEvent] = []
    private(set) var ended: [Int] = []
    private(set) var recoveries: [(exchange: Int, status: Int, challenges: [String])] = []
    private(set) var rejections: [TransportFailure] = []
    private(set) var isFinished = false

    init(
        headers: HTTPFields = [:], policy: ConnectionPolicy = .init(), limits: StreamableHTTPLimits = .init(),
        url: String = "http://server.test/mcp"
    ) {
        guard let endpoint = HTTPURL(url) else { preconditionFailure("\(url) is no URL") }
        machine = StreamableHTTPMachine(endpoint: endpoint, headers: headers, policy: policy, limits: limits, seed: 1)
    }

    /// A session that stands; its GET is the last exchange that was begun.
    static func standing(
        _ revision: String = "2025-11-25", session: String? = "s-1", policy: ConnectionPolicy = .init(),
        limits: StreamableHTTPLimits = .init(), headers: HTTPFields = [:]
    ) -> HTTPRehearsal {
        var rehearsal = HTTPRehearsal(headers: headers, policy: policy, limits: limits)
        rehearsal.handshake(revision, session: session)
        return rehearsal
    }

    var last: Begun { begun[begun.count - 1] }
    var messages: [String] {
        events.compactMap { if case .message(let bytes) = $0 { String(decoding: bytes, as: UTF8.self) } else { nil } }
    }
    /// Times and methods, such as `GET@1.001`.
    var trace: [String] { begun.map { "\($0.method)@\($0.at)" } }

    // MARK: Inputs

    mutating func feed(_ input: StreamableHTTPMachine.Input) {
        for action in machine.receive(input, at: now) {
            switch action {
            case .begin(let exchange, let request, let body, let token):
                begun.append(Begun(exchange: exchange, at: now, request: request, body: body, token: token))
            case .recover(let exchange, let status, let challenges):
                recoveries.append((exchange, status, challenges))
            case .end(let exchange): ended.append(exchange)
            case .report(let event): events.append(event)
            case .reject(let failure): rejections.append(failure)
            case .finished: isFinished = true
            }
        }
    }

    /// Lets time pass, with every deadline on the way.
    mutating func pass(_ duration: Duration) {
        let end = now.advanced(by: duration)
        while let due = machine.nextDeadline, due <= end {
            now = max(now, due)
            feed(.deadline)
        }
        now = end
    }

    /// Posts a message; returns its exchange.
    @discardableResult
    mutating func send(_ message: String) -> Int {
        feed(.send(Array(message.utf8)))
        return last.exchange
    }

    /// Posts a request of that id.
    @discardableResult
    mutating func request(_ id: Int, _ method: String = "tools/call") -> Int {
        send(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)"}"#)
    }

    mutating func head(_ exchange: Int, _ status: Int, _ type: String? = nil, _ headers: [String: String] = [:]) {
        var fields: HTTPFields = [:]
        fields[.contentType] = type
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        feed(.head(exchange: exchange, HTTPResponse(status: .init(code: status), headerFields: fields)))
    }

    mutating func events(_ exchange: Int, _ text: String = "") {
        head(exchange, 200, "text/event-stream")
        if !text.isEmpty { body(exchange, text) }
    }

    mutating func body(_ exchange: Int, _ text: String) { feed(.body(exchange: exchange, Array(text.utf8))) }

    mutating func end(_ exchange: Int, _ failure: TransportFailure? = nil) {
        feed(.ended(exchange: exchange, failure))
    }

    /// A whole response with a JSON body.
    mutating func answer(_ exchange: Int, _ text: String, status: Int = 200, _ headers: [String: String] = [:]) {
        head(exchange, status, "application/json", headers)
        body(exchange, text)
        end(exchange)
    }

    mutating func accept(_ exchange: Int) {
        head(exchange, 202)
        end(exchange)
    }

    mutating func handshake(_ revision: String, session: String?) {
        let first = send(Self.initialize)
        answer(first, Self.initialized(revision), session.map { ["Mcp-Session-Id": $0] } ?? [:])
        accept(send(Self.notification("notifications/initialized")))
        events = []
    }

    mutating func answer(_ exchange: Int, _ text: String, _ headers: [String: String]) {
        answer(exchange, text, status: 200, headers)
    }

    static let initialize =
        #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#

    static func initialized(_ revision: String) -> String {
        #"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"\#(revision)","capabilities":{}}}"#
    }

    static func notification(_ method: String) -> String { #"{"jsonrpc":"2.0","method":"\#(method)"}"# }
    static func result(_ id: Int) -> String { #"{"jsonrpc":"2.0","id":\#(id),"result":{}}"# }
    static func log(_ number: Int) -> String {
        #"{"jsonrpc":"2.0","method":"notifications/message","params":{"data":\#(number)}}"#
    }
    /// An event with that id.
    static func event(_ id: String, _ data: String) -> String { "id: \(id)\ndata: \(data)\n\n" }
}

func id(_ number: Int) -> MessageID { MessageID(text: Array("\(number)".utf8)) }
