import HTTPTypes
import MCPCore
import MCPWire
import RepriseSimulation

/// A server of a test, inside a simulation: each exchange is answered as `script` says, and all of them are kept.
final class ScriptedHTTP: HTTPSender, @unchecked Sendable {
    let simulation: Simulation
    private let script: (ScriptedExchange) -> Void
    private(set) var exchanges: [ScriptedExchange] = []

    init(_ simulation: Simulation, script: @escaping (ScriptedExchange) -> Void) {
        self.simulation = simulation
        self.script = script
    }

    func send(_ request: HTTPRequest, body: [UInt8]) async throws(HTTPFailure) -> HTTPReply {
        let exchange = ScriptedExchange(simulation, request, body)
        exchanges.append(exchange)
        script(exchange)
        let result = await withTaskCancellationHandler {
            await withUnsafeContinuation { exchange.awaitHead($0) }
        } onCancel: {
            exchange.fail(.closed)
        }
        return HTTPReply(head: try result.get(), body: exchange)
    }

    /// Methods, and of POST what is posted, in order.
    var trace: [String] { exchanges.map(\.name) }
}

/// One request, and what the script makes of it.
final class ScriptedExchange: HTTPBody, @unchecked Sendable {
    typealias Head = Result<HTTPResponse, HTTPFailure>

    let request: HTTPRequest
    let body: [UInt8]
    let at: Instant
    private let simulation: Simulation
    private var head: Head?
    private var headWaiter: UnsafeContinuation<Head, Never>?
    private var chunks: [Result<[UInt8]?, TransportFailure>] = []
    private var reader: UnsafeContinuation<Result<[UInt8]?, TransportFailure>, Never>?
    private(set) var isClosed = false
    private(set) var readCount = 0

    init(_ simulation: Simulation, _ request: HTTPRequest, _ body: [UInt8]) {
        self.simulation = simulation
        self.request = request
        self.body = body
        at = simulation.now
    }

    var method: String { request.method.rawValue }
    var message: JSONValue { (try? JSONValue(body)) ?? .null }
    var posted: String { message["method"]?.text ?? "answer" }
    var name: String { method == "POST" ? posted : method }
    subscript(header: String) -> String? { HTTPField.Name(header).flatMap { request.headerFields[$0] } }

    // MARK: The server's side

    func after(_ delay: Duration, _ action: @escaping (ScriptedExchange) -> Void) {
        simulation.schedule(at: simulation.now.advanced(by: delay), .delivery) { action(self) }
    }

    func respond(_ status: Int, _ type: String? = nil, _ headers: [(String, String)] = []) {
        var fields: HTTPFields = [:]
        fields[.contentType] = type
        for (name, value) in headers {
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        settle(.success(HTTPResponse(status: .init(code: status), headerFields: fields)))
    }

    func write(_ text: String) { give(.success(Array(text.utf8))) }
    func end(_ failure: TransportFailure? = nil) { give(failure.map { .failure($0) } ?? .success(nil)) }
    func fail(_ cause: TransportFailure, mayHaveArrived: Bool = true) {
        settle(.failure(HTTPFailure(cause, mayHaveArrived: mayHaveArrived)))
    }

    func answer(_ result: JSONValue, _ headers: [(String, String)] = []) {
        respond(200, "application/json", headers)
        let answer: JSONValue = ["jsonrpc": "2.0", "id": message["id"] ?? .null, "result": result]
        write(answer.description)
        end()
    }

    /// What a server with a session does, but for tool calls and GET.
    func behave(session: String = "s-1") {
        switch name {
        case "initialize":
            let version = message["params"]?["protocolVersion"] ?? "2025-11-25"
            answer(["protocolVersion": version, "capabilities": ["tools": [:]]], [("Mcp-Session-Id", session)])
        case "tools/list": answer(["tools": [tool("t")]])
        case "ping": answer([:])
        case "GET": respond(405)
        case "DELETE": respond(200)
        default: respond(202)
        }
        end()
    }

    private func settle(_ result: Head) {
        guard head == nil else { return }
        head = result
        headWaiter?.resume(returning: result)
        headWaiter = nil
    }

    private func give(_ chunk: Result<[UInt8]?, TransportFailure>) {
        if let reader {
            self.reader = nil
            reader.resume(returning: chunk)
        } else {
            chunks.append(chunk)
        }
    }

    // MARK: The client's side

    func awaitHead(_ continuation: UnsafeContinuation<Head, Never>) {
        if let head { continuation.resume(returning: head) } else { headWaiter = continuation }
    }

    func next() async throws(TransportFailure) -> [UInt8]? {
        readCount += 1
        if isClosed { return nil }
        if !chunks.isEmpty { return try chunks.removeFirst().get() }
        return try await withUnsafeContinuation { reader = $0 }.get()
    }

    func close() {
        isClosed = true
        reader?.resume(returning: .success(nil))
        reader = nil
    }
}

/// A connector with its server, in virtual time.
struct HTTPStage: Sendable {
    let simulation: Simulation
    let server: ScriptedHTTP
    let connector: StreamableHTTPConnector

    /// Runs `body` with a connector that runs, and ends that.
    static func run<T: Sendable>(
        seed: UInt64 = 1, limits: StreamableHTTPLimits = .init(), authorizer: (any RequestAuthorizer)? = nil,
        script: @escaping @Sendable (ScriptedExchange) -> Void,
        body: @escaping @Sendable (HTTPStage) async throws -> T
    ) throws -> T {
        try Simulation(seed: seed).run { simulation in
            let server = ScriptedHTTP(simulation, script: script)
            let connector = StreamableHTTPConnector(
                sender: server, time: simulation.clock, authorizers: authorizer.map { ["a": $0] } ?? [:],
                limits: limits, seed: seed)
            let stage = HTTPStage(simulation: simulation, server: server, connector: connector)
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await connector.run() }
                defer { group.cancelAll() }
                return try await body(stage)
            }
        }
    }

    static func configuration(_ headers: JSONValue = [:]) -> ServerConfiguration {
        ServerConfiguration(name: "a", target: ["url": "http://server.test/mcp", "headers": headers])
    }

    /// A stream whose session stands.
    func session(_ headers: JSONValue = [:]) async throws -> any MessageStream {
        let stream = try await connector.connect(to: Self.configuration(headers))
        try await stream.send(Array(HTTPRehearsal.initialize.utf8))
        _ = await stream.next()
        try await stream.send(Array(HTTPRehearsal.notification("notifications/initialized").utf8))
        return stream
    }

    func advance(to seconds: Double) async throws {
        let instant = Instant.zero.advanced(by: .nanoseconds(Int64(seconds * 1_000_000_000)))
        try await simulation.sleep(until: instant, phase: .observation)
    }
}

extension MessageStream {
    /// Sends a request of that id.
    func request(_ id: Int, _ method: String = "tools/call") async throws {
        try await send(Array(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)"}"#.utf8))
    }
}
