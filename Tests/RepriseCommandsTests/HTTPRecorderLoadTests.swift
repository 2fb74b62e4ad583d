import Foundation
import RepriseRecording
import TestSupport
import Testing
import MCPCore

/// Many clients, slow ones, large bodies, and any chunks.
@Suite(.ownThreads) struct HTTPRecorderLoadTests {
    /// Sends one byte again and again until nothing more is taken for a while, at most so many; how many went.
    private func fill(_ socket: Socket, with byte: UInt8, atMost count: Int) throws -> Int {
        let block = [UInt8](repeating: byte, count: 1 << 20)
        var sent = 0
        var polled = pollfd(fd: socket.descriptor, events: Int16(POLLOUT), revents: 0)
        while sent < count, poll(&polled, 1, 300) > 0 { sent += socket.sendSome(block.prefix(count - sent)) }
        return sent
    }

    @Test("a client that stopped reading 200 MB keeps memory flat, and holds up nobody")
    func aStoppedReader() throws {
        let session = try RecordedServer()
        let slow = try session.connect(receiveBuffer: 1 << 16)
        try slow.send(RecordedServer.get("/large"))
        let slowServer = try session.server.accept()
        _ = try slowServer.readHead()
        let size = 200_000_000
        let head = "HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n"
        try slowServer.send(head)
        let sent = try fill(slowServer, with: 0x61, atMost: size)
        #expect(sent < 50_000_000)
        let fast = try session.connect()
        var fastServer: Socket?
        for number in 0..<30 {
            try fast.send(RecordedServer.get("/fast"))
            let server = try fastServer ?? session.server.accept()
            fastServer = server
            _ = try server.readHead()
            try server.send(RecordedServer.answer("\(number)"))
            #expect(try fast.readResponse().body == "\(number)")
        }
        if let peak = Children.peakMemory(of: session.process.id) { #expect(peak < 150_000_000) }
        // What was taken is not lost.
        #expect(try slow.readHead() == head)
        #expect(try slow.read(byteCount: sent).allSatisfy { $0 == 0x61 })
        slow.reset()
        _ = try slowServer.readToEnd()
        let recording = try session.stop()
        let kept = recording.events.compactMap { $0.exchange == 1 && $0.direction == .serverToClient ? $0.frame : nil }
        #expect(kept.map(\.wireByteCount).reduce(0, +) == sent)
        #expect(kept.dropLast().allSatisfy { $0.isContinued && $0.wireByteCount == 16 << 20 })
    }

    @Test("a server that does not read a large request keeps memory flat")
    func aServerThatDoesNotRead() throws {
        let session = try RecordedServer()
        let client = try session.connect()
        let size = 100_000_000
        try client.send("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(size)\r\n\r\n")
        let server = try session.server.accept()
        _ = try server.readHead()
        let sent = try fill(client, with: 0x62, atMost: size)
        #expect(sent < 50_000_000)
        if let peak = Children.peakMemory(of: session.process.id) { #expect(peak < 150_000_000) }
        #expect(try server.read(byteCount: sent).allSatisfy { $0 == 0x62 })
        client.hangUp()
        #expect(try server.readToEnd().isEmpty)
        #expect(try session.stop().httpOutline.suffix(2) == ["x1 c2s close eof", "c2s close eof"])
    }

    @Test("S-171: 200 streams at once are each their own")
    func manyStreams() throws {
        let session = try RecordedServer()
        let count = 200
        let clients = try (0..<count).map { _ in try session.connect() }
        for (number, client) in clients.enumerated() { try client.send(RecordedServer.get("/\(number)")) }
        var servers: [Int: Socket] = [:]
        for _ in 0..<count {
            let server = try session.server.accept()
            let path = try server.readHead().firstMatch(of: /^GET \/([0-9]+)/)
            servers[try #require(path.flatMap { Int($0.1) })] = server
        }
        #expect(servers.count == count)
        for round in 0..<3 {
            for number in 0..<count {
                let head = round == 0 ? RecordedServer.streamHead : ""
                try servers[number]?.send(head + RecordedServer.chunk("data: \(number)-\(round)\n\n"))
            }
            for (number, client) in clients.enumerated() { _ = try client.read(to: "data: \(number)-\(round)\n\n\r\n") }
        }
        for number in 0..<count { try servers[number]?.send("0\r\n\r\n") }
        for client in clients { #expect(try client.read(to: "0\r\n\r\n") == "0\r\n\r\n") }
        let recording = try session.stop()
        #expect(recording.completion == .finished)
        var told: [Int: [String]] = [:]
        var paths: [Int: String] = [:]
        for event in recording.events {
            guard let exchange = event.exchange else { continue }
            if case .request(let head) = event.kind { paths[exchange] = String(head.target.dropFirst()) }
            if case .sse(let frame) = event.kind, case .bytes(let payload) = frame.payload {
                told[exchange, default: []].append(String(decoding: payload, as: UTF8.self))
            }
        }
        #expect(told.count == count)
        for (exchange, events) in told {
            #expect(events == (0..<3).map { "\(paths[exchange] ?? "?")-\($0)" })
        }
        #expect(recording.events.count { if case .end = $0.kind { true } else { false } } == count)
    }

    @Test(
        "S-172: whatever the chunks and the framing, each side gets the other's bytes",
        arguments: 1...6 as ClosedRange<UInt64>)
    func anyChunks(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let session = try RecordedServer()
        let client = try session.connect()
        var server: Socket?
        var bodies: [[UInt8]] = []
        func message(_ start: String, _ body: [UInt8], isChunked: Bool) -> [UInt8] {
            guard isChunked else { return Array("\(start)Content-Length: \(body.count)\r\n\r\n".utf8) + body }
            var wire = Array("\(start)Transfer-Encoding: chunked\r\n\r\n".utf8)
            var rest = body[...]
            while !rest.isEmpty {
                let part = rest.prefix(1 + random.below(2000))
                rest = rest.dropFirst(part.count)
                wire += Array("\(String(part.count, radix: 16));x=y\r\n".utf8) + part + [0x0D, 0x0A]
            }
            return wire + Array("0\r\n\r\n".utf8)
        }
        func send(_ wire: [UInt8], on socket: Socket) throws {
            var rest = wire[...]
            while !rest.isEmpty {
                let part = rest.prefix(1 + random.below(random.below(3) == 0 ? 10 : 5000))
                rest = rest.dropFirst(part.count)
                try socket.send(part)
            }
        }
        for _ in 0..<12 {
            let request = (0..<random.below(6000)).map { _ in UInt8(random.below(256)) }
            let response = (0..<random.below(random.below(4) == 0 ? 60_000 : 600)).map { _ in
                UInt8(random.below(3) == 0 ? 0x0A : 0x20 + random.below(90))
            }
            let type = random.below(2) == 0 ? "text/event-stream" : "application/octet-stream"
            bodies += [request, response]
            try send(
                message("POST /mcp HTTP/1.1\r\nHost: localhost\r\n", request, isChunked: random.below(2) == 0),
                on: client)
            let accepted = try server ?? session.server.accept()
            server = accepted
            #expect(try read(accepted).body == request)
            try send(
                message("HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\n", response, isChunked: random.below(2) == 0),
                on: accepted)
            #expect(try read(client).body == response)
        }
        let recording = try session.stop()
        var recorded = [[UInt8]](repeating: [], count: bodies.count)
        for event in recording.events {
            guard let frame = event.frame, let exchange = event.exchange else { continue }
            recorded[2 * exchange - (event.direction == .clientToServer ? 2 : 1)] += frame.wireBytes ?? []
        }
        #expect(recorded == bodies)
    }

    /// A message with its body put together, in bytes.
    private func read(_ socket: Socket) throws -> (head: String, body: [UInt8]) {
        let head = try socket.readHead()
        guard head.lowercased().contains("\r\ntransfer-encoding: chunked\r\n") else {
            let length = head.firstMatch(of: /Content-Length: ([0-9]+)/).flatMap { Int($0.1) } ?? 0
            return (head, try socket.read(byteCount: length))
        }
        var body: [UInt8] = []
        while true {
            let size = Int(try socket.read(to: "\r\n").replacing("\r\n", with: ""), radix: 16) ?? 0
            body += try socket.read(byteCount: size)
            _ = try socket.read(byteCount: 2)
            if size == 0 { return (head, body) }
        }
    }
}
