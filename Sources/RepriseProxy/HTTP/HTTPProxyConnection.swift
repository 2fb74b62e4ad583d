import MCPWire
import NIOCore
import RepriseRecording
import RepriseReplay

/// A client's connection with the connection to the server that mirrors it.
///
/// One for one, without a pool and without retries: each request reaches the server at most once, and how a connection
/// ends on one side it ends on the other. Everything happens on the one event-loop thread, hence unchecked.
final class HTTPProxyConnection: ChannelEndOwner, @unchecked Sendable {
    /// The exchange under way.
    private struct Current {
        var number: Int
        var method: String
        var info: HTTPMessageReader.Info
        var map: OriginMap
        var isRequestChunked: Bool
        var hasRequestEnded = false
        var response: HTTPForwarding.Head?
        var edit = Edit.none
        var hasResponseEnded = false

        var isHeldBack: Bool { if case .metadata = edit { true } else { false } }
    }

    /// What is done to a response's body on its way.
    private enum Edit {
        case none
        /// To be decided by the head: it may be an event stream that begins with an endpoint.
        case mayBeEndpoint
        case endpoint(EndpointRewriter)
        /// To be decided by the head: protected-resource metadata was asked for.
        case mayBeMetadata
        /// Held back until it is whole, with its head.
        case metadata(ResponseHead, HTTPMessageReader.Info, [UInt8])
    }

    private enum Input {
        case part(HTTPMessageReader.Part)
        case failure(HTTPMessageReader.Failure)
    }

    private static let metadataByteCountMax = 1 << 20

    private let number: Int
    private let context: HTTPProxyContext
    private let client = ChannelEnd()
    private var server: ChannelEnd?
    private var isServerReached = false
    /// What waits for the server to be reached.
    private var unsent: [UInt8] = []
    private var requests = HTTPMessageReader(.request)
    private var responses = HTTPMessageReader(.response)
    /// What was read of requests that have to wait for the response before them.
    private var waiting: ArraySlice<Input> = []
    private var current: Current?
    private var isClosed = false

    /// Makes a connection; ``start(_:)`` is to follow.
    init(number: Int, context: HTTPProxyContext) {
        self.number = number
        self.context = context
    }

    /// Takes the client's channel, on its event loop.
    func start(_ channel: any Channel) throws {
        client.owner = self
        try channel.pipeline.syncOperations.addHandler(client)
        context.record { [number] in $0.open(number, at: $1) }
        context.drain()
    }

    /// Ends everything, since the recorder is asked to stop.
    func stop() {
        guard !isClosed else { return }
        breakOff(by: nil, .eof)
        end(by: nil, .eof)
        client.close(.eof)
        server?.close(.eof)
    }

    // MARK: ChannelEndOwner

    func received(_ bytes: [UInt8], from end: ChannelEnd) {
        guard !isClosed else { return }
        if end === client { receivedFromClient(bytes) } else { receivedFromServer(bytes) }
        settle()
    }

    /// Reads where there is room for what comes: a side is not read while the other cannot take more.
    func isReady(_ end: ChannelEnd) {
        guard !isClosed else { return }
        let hasRoom = server == nil || isServerReached && server?.isWritable == true
        if hasRoom, waiting.isEmpty { client.read() }
        if isServerReached, client.isWritable { server?.read() }
    }

    func closed(_ end: ChannelEnd, _ how: Disconnect, _ failure: (any Error)?) {
        guard !isClosed else { return }
        if end === client {
            breakOff(by: .clientToServer, how)
            self.end(by: .clientToServer, how)
            server?.close(how)
        } else {
            serverClosed(how, failure)
        }
        settle()
    }

    /// Sends what is to be forwarded, then writes what was recorded.
    private func settle() {
        client.flush()
        server?.flush()
        context.drain()
    }

    // MARK: Requests

    private func receivedFromClient(_ bytes: [UInt8]) {
        var parts: [HTTPMessageReader.Part] = []
        do throws(HTTPMessageReader.Failure) {
            try requests.receive(bytes, into: &parts)
            waiting += parts.map { .part($0) }
        } catch {
            waiting += parts.map { .part($0) }
            waiting.append(.failure(error))
        }
        takeWaiting()
    }

    private func takeWaiting() {
        while let input = waiting.first, !isClosed {
            switch input {
            case .part(.request(let head, let info)):
                guard current == nil else { return }
                waiting.removeFirst()
                begin(head, info)
            case .part(.body(let bytes)):
                waiting.removeFirst()
                continueRequest(bytes)
            case .part(.end(let trailers)):
                waiting.removeFirst()
                endRequest(trailers)
            case .part(.response):
                waiting.removeFirst()
            case .failure(let failure):
                guard current == nil || current?.hasRequestEnded == false else { return }
                waiting.removeFirst()
                refuse(failure.status, failure.reason)
            }
        }
        // Lets go of what the slice has passed.
        if waiting.isEmpty { waiting = [] }
    }

    private func begin(_ head: RequestHead, _ info: HTTPMessageReader.Info) {
        if let refusal = refusal(of: head, info) { return refuse(refusal.status, refusal.reason) }
        let number = context.nextExchange()
        context.record { [connection = self.number] in $0.request(head, exchange: number, on: connection, at: $1) }
        let local = head.fields.first("host").flatMap { Origin(scheme: "http", authority: $0) } ?? context.local
        let map = OriginMap(server: context.upstream, local: local)
        let forwarded = HTTPForwarding.request(head, info, map: map)
        for note in forwarded.notes where context.isNew(note) { self.note(note) }
        current = Current(
            number: number, method: head.method, info: info, map: map, isRequestChunked: forwarded.isChunked)
        if OriginMap.isResourceMetadata(target: head.target) {
            current?.edit = .mayBeMetadata
        } else if head.method == "GET" {
            current?.edit = .mayBeEndpoint
        }
        responses.expectResponse(to: head.method)
        send(forwarded.bytes)
    }

    private func refusal(of head: RequestHead, _ info: HTTPMessageReader.Info) -> (status: Int, reason: String)? {
        if let refusal = context.policy.refusal(of: head) { return refusal }
        // Required of every server (RFC 9112, section 3.2).
        if info.minorVersion >= 1, head.fields.first("host") == nil { return (400, "no Host field") }
        guard head.target.hasPrefix("/") || head.target == "*" else {
            return (400, "a target that is no path: this is a reverse proxy for \(context.upstream)")
        }
        if head.fields.values(of: "upgrade").contains(where: { $0.lowercased().contains("websocket") }) {
            return (501, "WebSocket is not recorded yet")
        }
        return nil
    }

    private func continueRequest(_ bytes: [UInt8]) {
        guard let current else { return }
        context.record { $0.requestBody(bytes.span, of: current.number, at: $1) }
        send(current.isRequestChunked ? HTTPForwarding.chunk(bytes) : bytes)
    }

    private func endRequest(_ trailers: [HTTPField]) {
        guard let current else { return }
        context.record { $0.requestEnd(current.number, at: $1) }
        if !trailers.isEmpty { note("trailers: \(trailers.map(\.name).joined(separator: ", "))") }
        if current.isRequestChunked { send(HTTPForwarding.lastChunk(trailers: trailers)) }
        self.current?.hasRequestEnded = true
        finishExchange()
    }

    // MARK: The server

    private func send(_ bytes: [UInt8]) {
        if isServerReached {
            server?.write(bytes)
        } else {
            unsent += bytes
            if server == nil { connect() }
        }
    }

    private func connect() {
        let end = ChannelEnd()
        end.owner = self
        server = end
        context.connect(end) { [weak self] result in
            guard let self, !isClosed else { return end.close(.eof) }
            switch result {
            case .success:
                isServerReached = true
                end.write(unsent, within: ServerDialer.timeout)
                unsent = []
                isReady(end)
            case .failure(let error):
                unreachable(error)
            }
            settle()
        }
    }

    private func unreachable(_ error: any Error) {
        let text = "cannot reach \(context.upstream): \(ConnectFailure(error))"
        note(text)
        server = nil
        answer(502, text, how: .refused)
    }

    private func receivedFromServer(_ bytes: [UInt8]) {
        var parts: [HTTPMessageReader.Part] = []
        var failure: HTTPMessageReader.Failure?
        do throws(HTTPMessageReader.Failure) {
            try responses.receive(bytes, into: &parts)
        } catch {
            failure = error
        }
        for part in parts where !isClosed { take(part) }
        if let failure, !isClosed { brokenByServer(failure) }
    }

    private func take(_ part: HTTPMessageReader.Part) {
        guard let current else { return }
        switch part {
        case .response(let head, let info):
            if head.status < 200 {
                guard current.info.minorVersion >= 1 else { return }
                client.write(HTTPForwarding.response(head, info, map: current.map, to: current.info).bytes)
            } else {
                context.record { $0.response(head, of: current.number, at: $1) }
                beginResponse(head, info, to: current)
            }
        case .body(let bytes):
            context.record { $0.responseBody(bytes.span, of: current.number, at: $1) }
            pass(bytes)
        case .end(let trailers):
            context.record { $0.responseEnd(current.number, at: $1) }
            endResponse(trailers)
        case .request:
            break
        }
    }

    private func beginResponse(_ head: ResponseHead, _ info: HTTPMessageReader.Info, to current: Current) {
        switch current.edit {
        case .mayBeMetadata where head.status == 200 && info.framing != .none:
            self.current?.edit = .metadata(head, info, [])
            return
        case .mayBeEndpoint where head.isEventStream && [.chunked, .untilEnd].contains(info.framing):
            self.current?.edit = .endpoint(EndpointRewriter(map: current.map))
        default:
            self.current?.edit = .none
        }
        sendHead(head, info)
    }

    private func sendHead(_ head: ResponseHead, _ info: HTTPMessageReader.Info, byteCount: Int? = nil) {
        guard let current else { return }
        let forwarded = HTTPForwarding.response(
            head, info, map: current.map, to: current.info, byteCount: byteCount)
        for text in forwarded.notes { note(text) }
        self.current?.response = forwarded
        client.write(forwarded.bytes)
    }

    private func pass(_ bytes: [UInt8]) {
        switch current?.edit {
        case .metadata(let head, let info, var body):
            body += bytes
            current?.edit = .metadata(head, info, body)
            guard body.count > Self.metadataByteCountMax else { return }
            current?.edit = .none
            sendHead(head, info)
            sendBody(body)
        case .endpoint(var rewriter):
            let mapped = rewriter.receive(bytes)
            current?.edit = .endpoint(rewriter)
            for text in mapped.notes { note(text) }
            sendBody(mapped.value)
        default:
            sendBody(bytes)
        }
    }

    private func sendBody(_ bytes: [UInt8]) {
        client.write(current?.response?.isChunked == true ? HTTPForwarding.chunk(bytes) : bytes)
    }

    private func endResponse(_ trailers: [HTTPField]) {
        guard let current else { return }
        switch current.edit {
        case .metadata(let head, let info, let body):
            let mapped = current.map.metadata(body)
            for text in mapped.notes { note(text) }
            sendHead(head, info, byteCount: mapped.value.count)
            sendBody(mapped.value)
        case .endpoint(var rewriter):
            sendBody(rewriter.finish())
        default:
            break
        }
        if !trailers.isEmpty { note("trailers: \(trailers.map(\.name).joined(separator: ", "))") }
        if self.current?.response?.isChunked == true { client.write(HTTPForwarding.lastChunk(trailers: trailers)) }
        self.current?.hasResponseEnded = true
        if self.current?.response?.closes == true, !current.hasRequestEnded {
            breakOff(by: .serverToClient, .eof)
            close(by: .serverToClient)
        } else {
            finishExchange()
        }
    }

    private func finishExchange() {
        guard let current, current.hasRequestEnded, current.hasResponseEnded else { return }
        self.current = nil
        if current.response?.closes == true {
            close(by: .serverToClient)
        } else {
            takeWaiting()
            isReady(client)
        }
    }

    private func serverClosed(_ how: Disconnect, _ failure: (any Error)?) {
        if !isServerReached || ConnectFailure.isHandshake(failure) {
            return unreachable(failure ?? ChannelError.eof)
        }
        var parts: [HTTPMessageReader.Part] = []
        let isInOrder: Bool = {
            guard how == .eof else { return false }
            return (try? responses.finish(into: &parts)) != nil
        }()
        for part in parts where !isClosed { take(part) }
        guard !isClosed else { return }
        if current == nil, isServerReached { return idleServerClosed() }
        releaseHeldBack()
        // A client of HTTP/1.0 could not tell a response that is cut off from one that ends.
        let isUnmarked = current?.response != nil && current?.info.minorVersion == 0 && !isInOrder
        breakOff(by: .serverToClient, how)
        end(by: .serverToClient, how)
        client.close(how == .reset || isUnmarked ? .reset : .eof)
    }

    /// A server that closes an idle connection leaves the client's open: the next request gets a new one.
    ///
    /// Closing that as well would lose a request that is on its way, for a longer moment than the server alone does.
    private func idleServerClosed() {
        note("the server closed its idle connection")
        server = nil
        isServerReached = false
        responses = HTTPMessageReader(.response)
        takeWaiting()
        isReady(client)
    }

    private func brokenByServer(_ failure: HTTPMessageReader.Failure) {
        note("the server's bytes are no HTTP: \(failure)")
        if let current, current.response == nil, !current.isHeldBack {
            answer(502, "the answer of \(context.upstream) is no HTTP/1: \(failure)", how: .reset)
            server?.close(.reset)
        } else if current == nil {
            close(by: .serverToClient)
        } else {
            releaseHeldBack()
            breakOff(by: .serverToClient, .reset)
            end(by: .serverToClient, .reset)
            client.close(.reset)
            server?.close(.reset)
        }
    }

    /// Sends what was kept to be edited when whole, as it never will be.
    private func releaseHeldBack() {
        switch current?.edit {
        case .metadata(let head, let info, let body):
            current?.edit = .none
            sendHead(head, info)
            sendBody(body)
        case .endpoint(var rewriter):
            current?.edit = .none
            sendBody(rewriter.finish())
        default:
            break
        }
    }

    // MARK: Ends

    /// Answers a request that goes no further, and closes.
    private func refuse(_ status: Int, _ reason: String) {
        note("answered \(status): \(reason)")
        let hasAnswer = current?.response != nil
        // The head of this request may have been sent on already; the server sees it broken off.
        breakOff(by: .clientToServer, .reset)
        server?.close(.reset)
        guard !hasAnswer else {
            end(by: .clientToServer, .reset)
            return client.close(.reset)
        }
        answer(status, reason, how: .eof)
    }

    /// Answers in the server's place, and closes; `how` tells of the exchange under way.
    private func answer(_ status: Int, _ text: String, how: Disconnect) {
        breakOff(by: .serverToClient, how)
        end(by: nil, .eof)
        let body = Array("reprise: \(text)\n".utf8)
        let head =
            "HTTP/1.1 \(status) \(Self.reason(of: status))\r\nContent-Type: text/plain; charset=utf-8\r\n"
            + "Content-Length: \(body.count)\r\nConnection: close\r\n\r\n"
        client.write(Array(head.utf8) + body)
        client.closeAfterPeer()
    }

    private static func reason(of status: Int) -> String {
        switch status {
        case 400: "Bad Request"
        case 403: "Forbidden"
        case 431: "Request Header Fields Too Large"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 505: "HTTP Version Not Supported"
        default: ""
        }
    }

    /// Closes both sides in order, the client's when it has been sent everything.
    private func close(by side: Direction) {
        end(by: side, .eof)
        client.close(.eof)
        server?.close(.eof)
    }

    /// Records that the exchange under way ended before its time.
    private func breakOff(by side: Direction?, _ how: Disconnect) {
        guard let current else { return }
        self.current = nil
        if !(current.hasRequestEnded && current.hasResponseEnded) {
            context.record { $0.broken(current.number, by: side, how, at: $1) }
        }
    }

    /// Records that the connection is gone.
    private func end(by side: Direction?, _ how: Disconnect) {
        isClosed = true
        context.record { [number] in $0.close(number, by: side, how, at: $1) }
        context.forget(number)
    }

    private func note(_ text: String) {
        context.record { [number, exchange = current?.number] in
            $0.note(text, connection: number, exchange: exchange, at: $1)
        }
    }
}
