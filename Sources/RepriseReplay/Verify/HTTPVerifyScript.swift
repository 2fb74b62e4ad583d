import MCPWire
import RepriseRecording

/// An HTTP recording, or one of stdio that is played over HTTP, as the HTTP verifier needs it.
struct HTTPVerifyScript: Sendable {
    /// What is sent for an exchange, and what the recorded server answered.
    struct Exchange: Sendable {
        var request: RequestHead
        var session: Int?
        /// The status that is expected; nil where any will do.
        var status: Int?
        /// The events of the recorded request and response.
        var requestEvent = 0
        var event: Int?
        /// What it is in a few words.
        var name: String
        /// The requests of the client in its body, by their index in the log.
        var calls: [Int] = []
        /// The exchange whose stream this one goes on with; itself where it begins one.
        var root: Int
        var isStream: Bool
        /// Whether any message of the server came on it.
        var hasMessages: Bool
        var isInitialize = false
    }

    private(set) var script: VerifyScript
    private(set) var exchanges: [Int: Exchange] = [:]
    /// The ids of the events of each stream in order, by its root.
    private(set) var eventIDs: [Int: [String]] = [:]
    /// Exchanges that are not played.
    private(set) var excluded: Set<Int> = []
    /// What is not played, a sentence each.
    private(set) var remarks: [String] = []
    /// Whether exchanges are those of the recording.
    let isRecorded: Bool
    /// The path of the recorded URL.
    let path: String
    /// Streams that the recorded server closed.
    private var closedStreams: Set<Int> = []
    /// The targets that streams of the transport of 2024-11-05 named, by their exchange.
    private(set) var endpoints: [Int: String] = [:]

    /// The request in the body of an exchange, for each; the requests of a stream for what resumes it.
    var callOfExchange: [Int: Int] {
        exchanges.compactMapValues { exchange in
            let calls = exchanges[exchange.root]?.calls ?? []
            return calls.count == 1 ? calls.first : nil
        }
    }

    /// Whether the answer to a request comes on another stream than that of its own exchange (MCP 2024-11-05).
    func isAnsweredElsewhere(_ call: Int) -> Bool {
        guard isRecorded, let answer = script.log.messages[call].answer,
            let carrier = script.log.frames[script.log.messages[answer].frame].exchange,
            let own = script.log.frames[script.log.messages[call].frame].exchange
        else { return false }
        return exchanges[carrier]?.root != own
    }

    /// Whether the recorded client came back to a stream, or the recorded server did not close it.
    func isReopened(_ root: Int) -> Bool {
        !closedStreams.contains(root) || exchanges.contains { $0.key != root && $0.value.root == root }
    }

    /// Makes the script; throws ``ReplayError`` for what cannot be played.
    init(_ recording: Recording) throws(ReplayError) {
        let log = try MessageLog(playing: recording)
        path = HTTPLog.path(of: recording.header)
        isRecorded = recording.header.transport != "stdio"
        script = VerifyScript(stdio: recording, log: log, hasEnds: false)
        if isRecorded { read(HTTPLog(recording), log) } else { invent(log) }
    }

    // MARK: A recording of HTTP

    private mutating func read(_ http: HTTPLog, _ log: MessageLog) {
        exclude(http, log)
        var frames: [Int: Int] = [:]
        var messages: Set<Int> = []
        for (index, frame) in log.frames.enumerated() {
            guard let exchange = frame.exchange else { continue }
            if frame.direction == .clientToServer { frames[exchange] = index } else { messages.insert(exchange) }
        }
        for exchange in http.exchanges where !excluded.contains(exchange.number) {
            exchanges[exchange.number] = Self.exchange(
                exchange, frame: frames[exchange.number], log, hasMessages: messages.contains(exchange.number))
            let root = root(of: exchange)
            exchanges[exchange.number]?.root = root
            for id in exchange.items.compactMap({ $0.sse?.id }) where eventIDs[root]?.contains(id) != true {
                eventIDs[root, default: []].append(id)
            }
            if let ending = exchange.ending, ending.isByServer { closedStreams.insert(exchange.number) }
            if let endpoint = exchange.endpoint { endpoints[exchange.number] = endpoint }
        }
        script = VerifyScript(steps(of: http, log, frames: frames), log: log)
    }

    private mutating func exclude(_ http: HTTPLog, _ log: MessageLog) {
        // Pings of the server are answered when they come.
        for frame in log.frames where frame.isPong(in: log) {
            if let number = frame.exchange { excluded.insert(number) }
        }
        var foreign = 0, challenged = 0, refused = 0
        for exchange in http.exchanges {
            let hasToken = exchange.request.fields.first("authorization") != nil
            if !exchange.isProtocol {
                foreign += 1
            } else if exchange.response?.status == 401, hasToken {
                challenged += 1
            } else if exchange.ending == .broken(by: .serverToClient, .refused) {
                refused += 1
            } else {
                continue
            }
            excluded.insert(exchange.number)
        }
        func say(_ count: Int, _ what: String) {
            if count > 0 { remarks.append("left out: \(count) \(what)") }
        }
        say(foreign, "exchanges that carry no MCP (metadata, login, other pages)")
        say(challenged, "exchanges that the server refused for their token, which is not the one that is used now")
        say(refused, "exchanges in which the server could not be reached")
    }

    private static func exchange(
        _ exchange: HTTPLog.Exchange, frame: Int?, _ log: MessageLog, hasMessages: Bool
    ) -> Exchange {
        let messages = frame.map { Array(log.frames[$0].messages) } ?? []
        let titles = messages.map { log.title(of: $0) }.joined(separator: ", ")
        return Exchange(
            request: exchange.request, session: exchange.session, status: exchange.response?.status,
            requestEvent: exchange.requestEvent, event: exchange.responseEvent,
            name: "status of \(exchange.request.method) \(titles.isEmpty ? exchange.request.path : titles)",
            calls: messages.filter { log.messages[$0].message.kind == .request }, root: exchange.number,
            isStream: exchange.response?.isEventStream ?? false, hasMessages: hasMessages,
            isInitialize: messages.contains { log.messages[$0].message.method == "initialize" })
    }

    /// The exchange that began the stream which this one resumes; itself if it resumes none.
    private func root(of exchange: HTTPLog.Exchange) -> Int {
        guard let id = exchange.lastEventID else { return exchange.number }
        let roots = exchanges.filter { $0.value.session == exchange.session && eventIDs[$0.key]?.contains(id) == true }
        return roots.keys.max() ?? exchange.number
    }

    private func steps(
        of http: HTTPLog, _ log: MessageLog, frames: [Int: Int]
    ) -> VerifyScriptBuilder {
        // What happened, in order; a frame stands for its message, and everything else for itself.
        enum Part {
            case frame(Int)
            case open(Int)
            case head(HTTPLog.Exchange)
            case abort(Int)
        }
        var parts: [(event: Int, part: Part)] = []
        var brokenByClient: Set<Int> = []
        for exchange in http.exchanges where !excluded.contains(exchange.number) {
            let root = exchanges[exchange.number]?.root ?? exchange.number
            let isResume = root != exchange.number
            // A stream that the server closed is resumed by itself, when the live server closes it.
            if !isResume || brokenByClient.contains(root) {
                if frames[exchange.number] == nil { parts.append((exchange.requestEvent, .open(exchange.number))) }
            }
            if !isResume, let event = exchange.responseEvent {
                let endpoint = exchange.items.first { $0.sse?.event?.type == "endpoint" }?.event
                parts.append((endpoint ?? event, .head(exchange)))
            }
            brokenByClient.remove(root)
            if case .broken(by: .clientToServer, _) = exchange.ending, let event = exchange.endEvent {
                parts.append((event, .abort(root)))
                brokenByClient.insert(root)
            }
        }
        for (index, frame) in log.frames.enumerated() {
            guard let number = frame.exchange, let exchange = exchanges[number] else { continue }
            // A server may answer before it has read the body, as with a challenge.
            let isRequest = frame.direction == .clientToServer
            parts.append((isRequest ? exchange.requestEvent : frame.event, .frame(index)))
        }
        var builder = VerifyScriptBuilder(log: log)
        for (event, part) in parts.sorted(by: { $0.event < $1.event }) {
            switch part {
            case .frame(let frame): builder.append(frame: frame)
            case .open(let exchange): builder.append(.open(exchange: exchange), event: event)
            case .abort(let exchange): builder.append(.abort(exchange: exchange), event: event)
            case .head(let exchange):
                builder.append(.head(exchange: exchange.number), event: event, time: exchange.responseTime)
            }
        }
        return builder
    }

    // MARK: A recording of stdio

    /// Number of the stream on which a server that is played a stdio recording may say what answers nothing.
    static let standingStream = 0

    /// Every frame becomes a POST of its own, numbered from 1, as a client of MCP 2025-03-26 and later sends it.
    private mutating func invent(_ log: MessageLog) {
        var version: String?
        func fields(_ accept: String) -> [HTTPField] {
            [HTTPField("Accept", accept)] + (version.map { [HTTPField("MCP-Protocol-Version", $0)] } ?? [])
        }
        for (index, frame) in log.frames.enumerated() where frame.direction == .clientToServer {
            let messages = Array(frame.messages)
            var exchange = Exchange(
                request: RequestHead(
                    method: "POST", target: path,
                    fields: fields("application/json, text/event-stream")
                        + [HTTPField("Content-Type", "application/json")]),
                name: log.name(ofFrame: index), root: index + 1, isStream: false, hasMessages: true)
            exchange.calls = messages.filter { log.messages[$0].message.kind == .request }
            exchange.isInitialize = messages.contains { log.messages[$0].message.method == "initialize" }
            if exchange.isInitialize, let message = messages.first,
                let params = try? JSONDocument(log.bytes(log.messages[message].message.params, of: message)),
                let node = params.member("protocolVersion", of: 0)
            {
                version = params.text(at: node)
            }
            exchanges[index + 1] = exchange
        }
        exchanges[Self.standingStream] = Exchange(
            request: RequestHead(method: "GET", target: path, fields: fields("text/event-stream")),
            name: "the standing stream", root: Self.standingStream, isStream: true, hasMessages: true)
    }
}

extension HTTPLog.Ending {
    fileprivate var isByServer: Bool {
        switch self {
        case .complete: true
        case .broken(let direction, _): direction == .serverToClient
        }
    }
}
