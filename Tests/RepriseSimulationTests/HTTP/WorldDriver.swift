import Foundation
import HTTPTypes
import MCPCore

@testable import RepriseSimulation

/// Drives a world of HTTP with one server `files` by hand, and tells what it does, one line an action.
struct WorldDriver {
    var world: HTTPWorld
    private(set) var lines: [String] = []
    /// Where each request was seen to come from.
    private(set) var requests: [(client: Int, connection: Int)] = []
    private var lastExchange = 0

    init(
        _ service: any HTTPService = EchoService(), link: Link = Link(), faults: [Fault] = [], seed: UInt64 = 1
    ) {
        world = HTTPWorld(faults: faults, seed: seed)
        world.add(service, named: "files", link: link)
        world.activate(origin: .zero)
    }

    /// What the client heard: lines of exchanges, a message by its method.
    var heard: [String] { lines.filter { $0.contains(" #") } }

    /// What the service was told.
    var told: [String] { (world.servers[0].service as? EchoService)?.told ?? [] }

    /// Opens an exchange at so many seconds, after everything that is due by then if `running`.
    @discardableResult
    mutating func open(
        _ path: String, method: HTTPRequest.Method = .post, body: String = "", client: Int = 0, at seconds: Double = 0,
        running: Bool = true
    ) -> Int {
        if running { run(until: seconds) }
        lastExchange += 1
        let head = HTTPRequest(method: method, scheme: "http", authority: "files.sim", path: path)
        note(
            world.open(
                exchange: lastExchange, client: client, server: "files", head: head, body: Array(body.utf8),
                at: .at(seconds)), at: .at(seconds))
        return lastExchange
    }

    mutating func abandon(_ exchange: Int, at seconds: Double) {
        run(until: seconds)
        note(world.abandon(exchange: exchange, at: .at(seconds)), at: .at(seconds))
    }

    /// Lets time pass, instant by instant; what is due at the end is done too.
    mutating func run(until seconds: Double = 1000) {
        while let next = world.nextDeadline, next <= .at(seconds) {
            note(world.advance(to: next), at: next)
        }
    }

    /// Comes back only at so many seconds.
    mutating func catchUp(to seconds: Double) { note(world.advance(to: .at(seconds)), at: .at(seconds)) }

    private mutating func note(_ actions: [HTTPWorld.Action], at instant: Instant) {
        for action in actions {
            lines.append("\(instant) " + Self.text(of: action))
            if case .observe(_, let client, let connection, .request) = action { requests.append((client, connection)) }
        }
    }

    private static func text(of action: HTTPWorld.Action) -> String {
        switch action {
        case .refuse(let exchange, let failure): "#\(exchange) refuse \(failure)"
        case .head(let exchange, let head): "#\(exchange) head \(head.status.code)"
        case .body(let exchange, let bytes): "#\(exchange) " + Self.text(of: bytes)
        case .end(let exchange): "#\(exchange) end"
        case .reset(let exchange, let failure): "#\(exchange) reset \(failure)"
        case .observe(_, _, _, let what): World.text(of: what)
        }
    }

    private static func text(of piece: [UInt8]) -> String {
        let text = String(decoding: piece, as: UTF8.self)
        guard let method = text.range(of: #""method":""#)?.upperBound, text.hasSuffix("\n\n") else {
            return "body \(text)"
        }
        return String(text[method...].prefix { $0 != "\"" })
    }
}
