import HTTPTypes
import MCPCore
import MCPWire
import RepriseSimulation
import Synchronization

/// Answers requests by a script, in the virtual time of a simulation, and writes them down.
final class ScriptedSender: HTTPSender {
    /// A request as it was sent.
    struct Sent: Sendable {
        var at: Instant
        var head: HTTPRequest
        var body: [UInt8]

        var url: String { "\(head.scheme ?? "")://\(head.authority ?? "")\(head.path ?? "")" }
        /// `POST https://auth.test/token`.
        var line: String { "\(head.method.rawValue) \(url)" }
        /// The first value of that name in the form or query.
        subscript(name: String) -> String? {
            let query = Array((head.path ?? "").utf8.drop { $0 != UInt8(ascii: "?") }.dropFirst())
            return FormText.fields(of: body.isEmpty ? query : body).first { $0.name == name }?.value
        }
        var json: JSONValue? { try? JSONValue(body) }
    }

    /// What comes back.
    enum Answer: Sendable {
        case response(Int, String, [String: String] = [:], after: Duration = .zero)
        case failure(TransportFailure, after: Duration = .zero)
        /// Nothing, ever.
        case silence
    }

    private let simulation: Simulation
    private let script: @Sendable (Sent) -> Answer
    private let log = Mutex<[Sent]>([])

    init(_ simulation: Simulation, _ script: @escaping @Sendable (Sent) -> Answer) {
        self.simulation = simulation
        self.script = script
    }

    var sent: [Sent] { log.withLock { $0 } }
    var lines: [String] { sent.map(\.line) }
    var times: [String] { sent.map { "\($0.at)" } }

    func send(_ request: HTTPRequest, body: [UInt8]) async throws(HTTPFailure) -> HTTPReply {
        try await send(request, body: body, grace: .zero)
    }

    func complete(
        _ request: HTTPRequest, body: [UInt8], limit: Int, grace: Duration
    ) async throws(HTTPFailure) -> HTTPDocument {
        let reply = try await send(request, body: body, grace: grace)
        do throws(TransportFailure) {
            return try await reply.document(limit: limit)
        } catch {
            throw HTTPFailure(error, mayHaveArrived: true)
        }
    }

    private func send(
        _ request: HTTPRequest, body: [UInt8], grace: Duration
    ) async throws(HTTPFailure) -> HTTPReply {
        guard !Task.isCancelled else { throw HTTPFailure(.closed, mayHaveArrived: false) }
        let sent = Sent(at: simulation.now, head: request, body: body)
        log.withLock { $0.append(sent) }
        switch script(sent) {
        case .response(let status, let text, let headers, let delay):
            try await pass(delay, grace)
            var fields: HTTPFields = [:]
            for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
                if let name = HTTPField.Name(name) { fields[name] = value }
            }
            return HTTPReply(
                head: HTTPResponse(status: .init(code: status), headerFields: fields), body: Body(Array(text.utf8)))
        case .failure(let cause, let delay):
            try await pass(delay, grace)
            throw HTTPFailure(cause, mayHaveArrived: cause != .refused)
        case .silence:
            try await pass(.seconds(100_000_000), grace)
            throw HTTPFailure(.closed, mayHaveArrived: true)
        }
    }

    /// Waits that long, or until `grace` has passed since the task was cancelled, which throws.
    private func pass(_ delay: Duration, _ grace: Duration) async throws(HTTPFailure) {
        guard delay > .zero else { return }
        let gate = Gate(simulation)
        let isOpen = await withTaskCancellationHandler {
            await gate.wait(delay)
        } onCancel: {
            gate.end(false, after: grace, .timer)
        }
        guard isOpen else { throw HTTPFailure(.closed, mayHaveArrived: true) }
    }

    /// What somebody waits at, in the one thread of a simulation; the first end counts.
    private final class Gate: @unchecked Sendable {
        private let simulation: Simulation
        private var waiter: UnsafeContinuation<Bool, Never>?

        init(_ simulation: Simulation) { self.simulation = simulation }

        func wait(_ delay: Duration) async -> Bool {
            end(true, after: delay, .delivery)
            return await withUnsafeContinuation { waiter = $0 }
        }

        func end(_ isOpen: Bool, after delay: Duration, _ phase: Simulation.Phase) {
            simulation.schedule(at: simulation.now.advanced(by: delay), phase) {
                self.waiter?.resume(returning: isOpen)
                self.waiter = nil
            }
        }
    }

    /// A body in pieces of at most 64 KiB.
    private final class Body: HTTPBody {
        private let rest: Mutex<ArraySlice<UInt8>>

        init(_ bytes: [UInt8]) { rest = Mutex(bytes[...]) }

        func next() async throws(TransportFailure) -> [UInt8]? {
            rest.withLock { rest in
                guard !rest.isEmpty else { return nil }
                defer { rest = rest.dropFirst(65_536) }
                return Array(rest.prefix(65_536))
            }
        }

        func close() { rest.withLock { $0 = [] } }
    }
}
