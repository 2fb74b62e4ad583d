import Foundation
import MCPCore
import MCPTransports
import MCPWire
import Synchronization

/// What a client sees of a session, without times: a list of lines for each thing that has an order of its own.
///
/// It also answers what the server asks, always in the same way.
final class SessionLog: ServerRequestHandler {
    /// The tools that the server has over HTTP alone.
    private static let toolsOfHTTP = ["answer_while_away", "answer_on_return", "close_standalone_stream"]

    /// The tool `added` was listed.
    let hasAddedTool = Gate<Void>()
    private let lanes = Mutex<[String: [String]]>([:])
    private let waiters = Mutex<[(lane: String, count: Int, gate: Gate<Void>)]>([])

    /// All that was seen, lane by lane.
    var text: String {
        lanes.withLock { lanes in
            lanes.sorted { $0.key < $1.key }.map { "\($0.key)\n" + $0.value.map { "  \($0)\n" }.joined() }.joined()
        }
    }

    /// The first place where another session was seen otherwise; nil when both are the same.
    func difference(from other: SessionLog) -> String? {
        let (ours, theirs) = (text.split(separator: "\n"), other.text.split(separator: "\n"))
        guard ours != theirs else { return nil }
        let line = zip(ours, theirs).prefix { $0 == $1 }.count
        func shown(_ lines: [Substring]) -> String { lines.dropFirst(line).prefix(2).joined(separator: " / ") }
        return "line \(line + 1): \(shown(theirs)) became \(shown(ours))"
    }

    /// The lines of one lane.
    func lines(_ lane: String) -> [String] { lanes.withLock { $0[lane] ?? [] } }

    func note(_ lane: String, _ line: String) {
        let count = lanes.withLock { lanes in
            lanes[lane, default: []].append(line.utf8.count > 2000 ? "\(line.utf8.count) bytes" : line)
            return lanes[lane]?.count ?? 0
        }
        for waiter in waiters.withLock(\.self) where waiter.lane == lane && waiter.count <= count {
            waiter.gate.open(())
        }
    }

    /// Returns when a lane has so many lines.
    func wait(for lane: String, count: Int) async throws {
        let gate = Gate<Void>()
        waiters.withLock { $0.append((lane, count, gate)) }
        if lines(lane).count >= count { gate.open(()) }
        try await gate.wait("\(count) lines of \(lane), which has \(lines(lane))")
    }

    /// What a manager tells.
    func observe(_ event: ManagerEvent) {
        switch event {
        case .state(let change): note("states", change.status.state.rawValue)
        case .tools(let change):
            let names = change.tools.map(\.name).filter { !Self.toolsOfHTTP.contains($0) }
            note("tools", names.joined(separator: " "))
            if names.contains("added") { hasAddedTool.open(()) }
        case .notification(let notification): note(notification.method, notification.params.description)
        case .notice(let notice): note("notices", notice.kind.rawValue)
        }
    }

    let capabilities = ClientCapabilities(roots: [:], sampling: [:], elicitation: [:])

    func answer(_ request: ServerRequest) async throws -> JSONValue {
        note(request.method, request.params.description)
        switch request.method {
        case "roots/list": return ["roots": [["uri": "file:///projects/reprise", "name": "Reprise"]]]
        case "sampling/createMessage":
            let prompt = request.params["messages"]?.elements?.last?["content"]?["text"]?.text ?? ""
            if prompt == "refuse" { throw ServerRequestRefusal(code: -1, message: "User rejected sampling request") }
            return [
                "role": "assistant", "model": "model-of-the-test", "stopReason": "endTurn",
                "content": ["type": "text", "text": .string("\(prompt.utf8.count) bytes: \(prompt)")],
            ]
        default:
            guard request.params["message"]?.text == "accept" else { return ["action": "decline"] }
            return ["action": "accept", "content": ["name": "Zoë", "age": 37]]
        }
    }
}

/// Sessions with the server that has everything, written down as the client sees them.
struct Session {
    let client: Client
    let log: SessionLog

    /// Runs a session from the first connect to the end; what was seen.
    static func run(
        _ server: ServerConfiguration, authorizer: (any RequestAuthorizer)? = nil,
        _ script: (Session) async throws -> Void
    ) async throws -> SessionLog {
        let log = SessionLog()
        try await withClient(
            server, authorizer: authorizer, handler: log, policy: .patient, stdio: StdioConnector { _, _ in },
            observer: log.observe
        ) { client in
            try await script(Session(client: client, log: log))
        }
        return log
    }

    /// Calls a tool and writes down what came of it.
    func call(
        _ tool: String, _ arguments: JSONValue = [:], lane: String = "calls",
        onProgress: @escaping @Sendable () -> Void = {}
    ) async {
        let log = log
        do {
            let result = try await client.callTool(tool, arguments) { progress in
                log.note("progress of \(tool)", "\(progress)")
                onProgress()
            }
            log.note(lane, "\(tool): \(result)")
        } catch {
            log.note(lane, "\(tool): \(error)")
        }
    }

    /// Makes a request and writes down what came of it.
    func ask(_ method: String, _ params: JSONValue? = nil) async {
        do {
            log.note("calls", "\(method): \(try await client.request(method, params))")
        } catch {
            log.note("calls", "\(method): \(error)")
        }
    }

    /// What every transport has: calls and their errors, progress, requests of the server, logging, lists, cancellation.
    func everything() async throws {
        await call("echo", ["text": "hello"])
        await call("mirror", ["a": [1, .number("2.5"), ["b": .null]], "ü": "\u{2028}\n🦊"])
        for tool in ["unicode", "contents", "raise", "no_such_tool", "ping_back", "roots"] { await call(tool) }
        await call("big", ["bytes": 2_000_000])
        await call("fail", ["text": "it failed"])
        await call("protocol_error", ["code": 418, "message": "no coffee"])
        await call("progress", ["steps": 5])
        for prompt in ["hello", "refuse"] { await call("sampling", ["prompt": .string(prompt)]) }
        for message in ["accept", "decline"] { await call("elicit", ["message": .string(message)]) }
        await ask("resources/read", ["uri": "everything://notes/1"])
        await ask("resources/read", ["uri": "everything://nothing"])
        await ask("prompts/get", ["name": "greeting", "arguments": ["name": "Zoë"]])
        await ask("logging/setLevel", ["level": "error"])
        await call("log")
        try await callsAtOnce()
        try await cancelledCall()
        await call("list_changed")
        try await log.hasAddedTool.wait("the tool \"added\" in the list")
        await call("added")
    }

    /// One call waits until another one releases it.
    private func callsAtOnce() async throws {
        let isWaiting = Gate<Void>()
        try await withThrowingTaskGroup { group in
            group.addTask { await call("slow", ["key": "1"], lane: "slow") { isWaiting.open(()) } }
            try await isWaiting.wait("progress of a call that waits")
            await call("release", ["key": "1"])
        }
    }

    /// A call that its caller gives up ends at the server, too.
    private func cancelledCall() async throws {
        let isWaiting = Gate<Void>()
        try await withThrowingTaskGroup { group in
            group.addTask { await call("cancel_me", ["key": "2"], lane: "cancelled") { isWaiting.open(()) } }
            try await isWaiting.wait("progress of a call to cancel")
            group.cancelAll()
        }
        await call("await_cancelled", ["key": "2"])
    }
}
