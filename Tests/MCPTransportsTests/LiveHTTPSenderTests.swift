import Foundation
import HTTPTypes
import MCPCore
import MCPTransports
import Testing

/// Requests over real sockets, to servers that the test plays byte by byte.
@Suite struct LiveHTTPSenderTests {
    private let sender = LiveHTTPSender()
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    private func request(_ url: String, _ method: HTTPRequest.Method = .get, path: String = "/mcp") -> HTTPRequest {
        let parts = url.components(separatedBy: "://")
        return HTTPRequest(method: method, scheme: parts[0], authority: parts[1], path: path)
    }

    private func text(_ reply: HTTPReply) async throws -> String {
        String(decoding: try await reply.collect(limit: 1 << 20), as: UTF8.self)
    }

    @Test func aRequestIsSentAsItIsAndARedirectIsAnAnswer() async throws {
        let seen = Gate<String>()
        let server = try SocketServer { peer in
            seen.open(peer.request() ?? "")
            peer.write("HTTP/1.1 307 Elsewhere\r\nLocation: /other\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 0\r\n\r\n")
        }
        var request = request(server.url, .post, path: "/a%20b?c=d")
        request.headerFields = [.accept: "text/event-stream", .init("Mcp-Session-Id")!: "7"]
        let reply = try await sender.send(request, body: Array("{\"a\":1}".utf8))
        #expect(reply.head.status.code == 307)
        #expect(reply.head.headerFields[.location] == "/other")
        #expect(reply.head.headerFields[values: .init("X-A")!] == ["1", "2"])
        #expect(try await text(reply) == "")
        let sent = try await seen.wait("the request")
        #expect(sent.hasPrefix("POST /a%20b?c=d HTTP/1.1\r\n"))
        #expect(sent.hasSuffix("\r\n\r\n{\"a\":1}"))
        for line in [
            "accept: text/event-stream", "mcp-session-id: 7", "accept-encoding: identity", "content-length: 7",
        ] {
            #expect(sent.lowercased().contains("\r\n\(line)\r\n"), "\(sent)")
        }
    }

    @Test("S-009: the head comes before the body, and each chunk before the next is sent")
    func bodiesComeAsTheyArrive() async throws {
        let (headRead, firstRead) = (Gate<Void>(), Gate<Void>())
        let (one, two) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let server = try SocketServer { peer in
            _ = peer.request()
            peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            one.wait()
            peer.write("4\r\none \r\n")
            two.wait()
            peer.write("3\r\ntwo\r\n0\r\n\r\n")
        }
        let reply = try await sender.send(request(server.url), body: [])
        headRead.open(())
        one.signal()
        #expect(try await reply.body.next() == Array("one ".utf8))
        firstRead.open(())
        two.signal()
        #expect(try await reply.body.next() == Array("two".utf8))
        #expect(try await reply.body.next() == nil)
        #expect(try await reply.body.next() == nil)
    }

    @Test("a failure says whether the server may have seen the request")
    func failuresSayWhetherTheRequestMayHaveArrived() async throws {
        func failure(_ url: String) async throws -> HTTPFailure? {
            do throws(HTTPFailure) {
                let reply = try await sender.send(request(url), body: [])
                reply.body.close()
                return nil
            } catch {
                return error
            }
        }
        let gone = try SocketServer { _ in }
        gone.stop()
        defer { gone.stop() }
        #expect(try await failure(gone.url) == HTTPFailure(.refused, mayHaveArrived: false))
        #expect(try await failure("http://")?.mayHaveArrived == false)
        let silent = try SocketServer { peer in _ = peer.request() }
        #expect(try await failure(silent.url) == HTTPFailure(.reset, mayHaveArrived: true))
        let rude = try SocketServer { peer in
            _ = peer.request()
            peer.reset()
        }
        #expect(try await failure(rude.url) == HTTPFailure(.reset, mayHaveArrived: true))
        for answer in ["SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\u{1F}"] {
            let strange = try SocketServer { peer in
                _ = peer.request()
                peer.write(answer)
                _ = peer.read()
            }
            let failure = try await failure(strange.url)
            guard case .protocolBroken = failure?.cause else {
                Issue.record("\(String(describing: failure)) to \(answer)")
                continue
            }
            #expect(failure?.mayHaveArrived == true)
        }
    }

    @Test func aBodyThatIsCutOffThrowsOnce() async throws {
        let server = try SocketServer { peer in
            _ = peer.request()
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            _ = peer.request()
        }
        let cut = try SocketServer { peer in
            _ = peer.request()
            peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            peer.reset()
        }
        let reply = try await sender.send(request(cut.url), body: [])
        var received: [UInt8] = []
        await #expect(throws: TransportFailure.reset) {
            while let chunk = try await reply.body.next() { received += chunk }
        }
        #expect(try await reply.body.next() == nil)
        #expect(received.isEmpty || received == Array("abc".utf8))
        let other = try await sender.send(request(server.url), body: [])
        #expect(try await other.body.next() == Array("abc".utf8))
        other.body.close()
        #expect(try await other.body.next() == nil)
    }

    @Test("AE-16: a response that is to be had whole still comes when its task is cancelled, within the grace")
    func aWholeResponseOutlivesItsTask() async throws {
        let (asked, cancelled) = (Gate<Void>(), DispatchSemaphore(value: 0))
        let server = try SocketServer { peer in
            _ = peer.request()
            asked.open(())
            cancelled.wait()
            peer.write(Self.ok)
        }
        let whole = Task { try await sender.complete(request(server.url), body: [], limit: 2, grace: .seconds(60)) }
        try await asked.wait("the request to be read")
        whole.cancel()
        cancelled.signal()
        let document = try await whole.value
        #expect(document.head.status.code == 200 && document.body == Array("ok".utf8))

        for answer in ["", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no"] {
            let (asked, left) = (Gate<Void>(), Gate<String?>())
            let silent = try SocketServer { peer in
                _ = peer.request()
                peer.write(answer)
                asked.open(())
                left.open(peer.read())
            }
            let broken = Task {
                try await sender.complete(request(silent.url), body: [], limit: 2, grace: .milliseconds(10))
            }
            try await asked.wait("the request to be read")
            broken.cancel()
            await #expect(throws: HTTPFailure(.closed, mayHaveArrived: true)) { try await broken.value }
            #expect(try await left.wait("the exchange to end") == nil)
        }
    }

    @Test func anExchangeEndsWhenItsTaskIsCancelledOrItsBodyClosed() async throws {
        let (asked, left) = (Gate<Void>(), Gate<String?>())
        let server = try SocketServer { peer in
            _ = peer.request()
            asked.open(())
            left.open(peer.read())
        }
        let sending = Task { try await sender.send(request(server.url), body: []) }
        try await asked.wait("the request")
        sending.cancel()
        await #expect(throws: HTTPFailure.self) { try await sending.value }
        #expect(try await left.wait("the end of the connection") == nil)

        let closed = Gate<String?>()
        let streaming = try SocketServer { peer in
            _ = peer.request()
            peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            closed.open(peer.read())
        }
        let reply = try await sender.send(request(streaming.url), body: [])
        async let next = reply.body.next()
        reply.body.close()
        #expect(try await next == nil)
        #expect(try await closed.wait("the end of the connection") == nil)

        let cancelled = Task { try await sender.send(request(streaming.url), body: []) }
        cancelled.cancel()
        _ = await cancelled.result
    }

    @Test func aReplyThatNobodyHoldsEndsItsExchange() async throws {
        let left = Gate<String?>()
        let server = try SocketServer { peer in
            _ = peer.request()
            peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            left.open(peer.read())
        }
        _ = try await sender.send(request(server.url), body: [])
        #expect(try await left.wait("the end of the connection") == nil)
    }

    @Test("no request is lost to a connection that the server closes while nothing passes")
    func noRequestIsLostToAnIdleConnection() async throws {
        let server = try SocketServer { peer in
            _ = peer.request()
            // Says that it will be kept, and is not.
            peer.write(Self.ok)
            peer.reset()
        }
        for _ in 0..<50 { #expect(try await sender.send(request(server.url), body: []).head.status == .ok) }
        let kept = try SocketServer { peer in
            var count = 0
            while peer.request() != nil {
                count += 1
                peer.write(count == 1 ? Self.ok : "HTTP/1.1 500 Again\r\nContent-Length: 0\r\n\r\n")
            }
        }
        for _ in 0..<5 { #expect(try await text(sender.send(request(kept.url), body: [])) == "ok") }
    }

    @Test func exchangesThatLastDoNotHoldUpOthers() async throws {
        let server = try SocketServer { peer in
            while let request = peer.request() {
                if request.hasPrefix("GET /ends") {
                    peer.write(Self.ok)
                } else {
                    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nup\r\n")
                }
            }
        }
        var open: [HTTPReply] = []
        for _ in 0..<40 {
            let reply = try await sender.send(request(server.url), body: [])
            #expect(try await reply.body.next() == Array("up".utf8))
            open.append(reply)
        }
        #expect(try await text(sender.send(request(server.url, path: "/ends"), body: [])) == "ok")
        for reply in open { reply.body.close() }
    }

    @Test func aBodyIsReadNoFasterThanItIsTaken() async throws {
        let written = Gate<Int>()
        let server = try SocketServer { peer in
            _ = peer.request()
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: \(1 << 30)\r\n\r\n")
            written.open(peer.writeUntilFull(limit: 256 << 20))
        }
        let reply = try await sender.send(request(server.url), body: [])
        #expect(try await reply.body.next() != nil)
        #expect(try await written.wait("the end of writing") < 64 << 20)
        reply.body.close()
    }
}
