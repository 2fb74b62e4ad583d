import MCPWire
import RepriseRecording
import RepriseReplay
import Testing
import MCPCore

/// The heads that a proxy sends on, and the first event of an old stream.
@Suite struct HTTPForwardingTests {
    private let map = OriginMap(
        server: Origin(scheme: "http", host: "server", port: 80),
        local: Origin(scheme: "http", host: "localhost", port: 4000))

    private func part(_ text: String, _ role: HTTPMessageReader.Role) throws -> HTTPMessageReader.Part {
        var reader = HTTPMessageReader(role)
        var parts: [HTTPMessageReader.Part] = []
        if role == .response { reader.expectResponse(to: "GET") }
        try reader.receive(bytes(text.replacing("\n", with: "\r\n")), into: &parts)
        return try #require(parts.first)
    }

    private func request(_ text: String) throws -> (RequestHead, HTTPMessageReader.Info) {
        guard case .request(let head, let info) = try part(text, .request) else { throw Unexpected() }
        return (head, info)
    }

    private func response(_ text: String) throws -> (ResponseHead, HTTPMessageReader.Info) {
        guard case .response(let head, let info) = try part(text, .response) else { throw Unexpected() }
        return (head, info)
    }

    private struct Unexpected: Error {}

    private func text(_ head: HTTPForwarding.Head) -> String {
        String(decoding: head.bytes, as: UTF8.self).replacing("\r\n", with: "\n")
    }

    @Test("S-172: a request keeps everything but what concerns one connection, its host and its encodings")
    func requests() throws {
        let (head, info) = try request(
            """
            POST /mcp?a=b HTTP/1.1
            hOst: localhost:4000
            Accept: a
            accept: b
            Accept-Encoding: gzip, br
            ACCEPT-ENCODING: zstd
            Connection: keep-alive, X-Mine, Authorization
            x-mine: gone
            Authorization: stays
            Keep-Alive: 5
            TE: trailers
            Proxy-Connection: keep-alive
            Content-Length: 3


            """)
        let forwarded = HTTPForwarding.request(head, info, map: map)
        #expect(
            text(forwarded) == """
                POST /mcp?a=b HTTP/1.1
                hOst: server
                Accept: a
                accept: b
                Accept-Encoding: identity
                Authorization: stays
                Content-Length: 3


                """)
        #expect(forwarded.notes == ["hOst rewritten to server", "Accept-Encoding rewritten to identity"])
        #expect(!forwarded.isChunked)
        #expect(!forwarded.closes)
    }

    @Test func aChunkedRequestStaysChunkedAndAClosingOneCloses() throws {
        let (head, info) = try request(
            "PUT / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\nConnection: close, Upgrade\nUpgrade: h2c\n\n")
        let forwarded = HTTPForwarding.request(head, info, map: map)
        #expect(
            text(forwarded)
                == "PUT / HTTP/1.1\nHost: server\nAccept-Encoding: identity\nTransfer-Encoding: chunked\nConnection: close\n\n"
        )
        #expect(forwarded.notes.dropFirst() == ["Accept-Encoding added: identity", "Upgrade not passed on: h2c"])
        #expect(forwarded.isChunked)
    }

    @Test func anOldRequestWithoutAHostGetsOne() throws {
        let (head, info) = try request("GET / HTTP/1.0\nAccept-Encoding: identity\n\n")
        let forwarded = HTTPForwarding.request(head, info, map: map)
        #expect(
            text(forwarded) == "GET / HTTP/1.1\nAccept-Encoding: identity\nHost: server\nConnection: close\n\n")
        #expect(forwarded.notes == [])
    }

    @Test("S-172: a response keeps status, reason, fields and framing")
    func responses() throws {
        let client = try request("GET / HTTP/1.1\nHost: a\n\n").1
        func forward(_ text: String) throws -> (String, chunked: Bool, closes: Bool) {
            let (head, info) = try response(text)
            let forwarded = HTTPForwarding.response(head, info, map: map, to: client)
            return (self.text(forwarded), forwarded.isChunked, forwarded.closes)
        }
        #expect(
            try forward("HTTP/1.1 299 Very fine\nA: 1\na: 2\nSet-Cookie: x\nSet-Cookie: y\nContent-Length: 2\n\n")
                == (
                    "HTTP/1.1 299 Very fine\nA: 1\na: 2\nSet-Cookie: x\nSet-Cookie: y\nContent-Length: 2\n\n", false,
                    false
                ))
        #expect(
            try forward("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Length: 1\nKeep-Alive: 5\n\n")
                == ("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n", true, false))
        #expect(try forward("HTTP/1.1 200 \nA:\n\n") == ("HTTP/1.1 200 \nA: \nConnection: close\n\n", false, true))
        #expect(
            try forward("HTTP/1.0 200 OK\nContent-Length: 1\nContent-Length: 1\n\n")
                == ("HTTP/1.1 200 OK\nContent-Length: 1\nConnection: close\n\n", false, true))
        #expect(try forward("HTTP/1.1 100 Continue\n\n") == ("HTTP/1.1 100 Continue\n\n", false, false))
        #expect(
            try forward("HTTP/1.1 302 Found\nLocation: http://server/x\nContent-Length: 0\n\n")
                == ("HTTP/1.1 302 Found\nLocation: http://localhost:4000/x\nContent-Length: 0\n\n", false, false))
    }

    @Test func anOldClientGetsNoChunks() throws {
        let client = try request("GET / HTTP/1.0\nConnection: keep-alive\n\n").1
        let (head, info) = try response("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n")
        let forwarded = HTTPForwarding.response(head, info, map: map, to: client)
        #expect(text(forwarded) == "HTTP/1.1 200 OK\nConnection: close\n\n")
        #expect(!forwarded.isChunked)
        let (short, shortInfo) = try response("HTTP/1.1 200 OK\nContent-Length: 0\n\n")
        #expect(
            text(HTTPForwarding.response(short, shortInfo, map: map, to: client))
                == "HTTP/1.1 200 OK\nContent-Length: 0\nConnection: keep-alive\n\n")
    }

    @Test func bytesThatAreNoTextPassAsTheyAre() throws {
        var reader = HTTPMessageReader(.request)
        var parts: [HTTPMessageReader.Part] = []
        try reader.receive(bytes("GET / HTTP/1.1\r\nHost: a\r\nX: ") + [0xE9] + bytes("\r\n\r\n"), into: &parts)
        guard case .request(let head, let info) = parts.first else { throw Unexpected() }
        #expect(HTTPForwarding.request(head, info, map: map).bytes.contains(0xE9))
    }

    @Test func chunksAreWrittenAsTheyAreRead() throws {
        var reader = HTTPMessageReader(.request)
        var parts: [HTTPMessageReader.Part] = []
        let body = [UInt8](repeating: 0x61, count: 300)
        let wire =
            bytes("P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n") + HTTPForwarding.chunk(body)
            + HTTPForwarding.chunk([]) + HTTPForwarding.chunk([1])
            + HTTPForwarding.lastChunk(trailers: [HTTPField("T", "x")])
        try reader.receive(wire, into: &parts)
        #expect(parts.dropFirst() == [.body(body + [1]), .end(trailers: [HTTPField("T", "x")])])
    }

    @Test("the endpoint is mapped in any chunks, and what follows it passes at once")
    func endpoints() {
        let stream =
            ": hi\n\nevent: endpoint\ndata: http://server/m\n\ndata: http://server/2\n\nevent: endpoint\ndata: h"
        let expected = stream.replacing("http://server/m", with: "http://localhost:4000/m")
        var random = SplitMix64(seed: 5)
        for _ in 0..<50 {
            var rewriter = EndpointRewriter(map: map)
            var output: [UInt8] = []
            var notes: [String] = []
            var rest = bytes(stream)[...]
            while !rest.isEmpty {
                let chunk = rest.prefix(1 + random.below(20))
                rest = rest.dropFirst(chunk.count)
                let mapped = rewriter.receive(Array(chunk))
                output += mapped.value
                notes += mapped.notes
                let isPast = stream.utf8.count - rest.count >= 45
                if isPast { #expect(output.count == stream.utf8.count - rest.count + 8) }
            }
            output += rewriter.finish()
            #expect(String(decoding: output, as: UTF8.self) == expected)
            #expect(notes == ["endpoint rewritten to http://localhost:4000/m"])
        }
    }

    @Test func aFirstBlockWithoutEndIsNotHeldBackForEver() {
        var rewriter = EndpointRewriter(map: map)
        let long = [UInt8](repeating: 0x61, count: 65 << 10)
        let output = rewriter.receive(long).value + rewriter.receive([0x62]).value
        #expect(output == long + [0x62])
        var short = EndpointRewriter(map: map)
        #expect(short.receive(bytes("data: x")).value == [])
        #expect(short.finish() == bytes("data: x"))
    }
}
