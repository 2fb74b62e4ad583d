import RepriseRecording
import Testing

@testable import RepriseRedaction

@Suite struct EventStreamRedactionTests {
    private func redacted(_ frame: Frame, _ redactor: inout EventRedactor, exchange: Int = 1) -> Frame {
        let event = HTTPExchange(number: exchange).event(.serverToClient, .sse(frame))
        return redactor.redact(event).frame ?? frame
    }

    private func text(_ frame: Frame) -> String { String(decoding: frame.wireBytes ?? [], as: UTF8.self) }

    @Test("S-179: the message of an event is redacted as JSON, and what stands around it is kept")
    func messages() throws {
        var redactor = try EventRedactor.standard()
        var frame = HTTPExchange.sse("id: 7\r\ndata: ", #"{"jsonrpc":"2.0","id":1,"result":{"token":"grey-goose"}}"#)
        frame.cuts = [.init(offset: 3, age: 1), .init(offset: 60, age: 0)]
        let result = redacted(frame, &redactor)
        #expect(result.pre == frame.pre && result.post == frame.post)
        #expect(
            result.wireBytes.map { String(decoding: $0, as: UTF8.self) }?.contains(#""token":"reprise-secret-1""#)
                == true)
        #expect(result.placeholders == [43..<59])
        #expect(result.cuts == [.init(offset: 3, age: 1), .init(offset: 60, age: 0)])
    }

    @Test("S-179: a secret in an id or a comment takes the whole event into the payload, where it can be marked")
    func linesAroundTheMessage() throws {
        var redactor = try EventRedactor.standard()
        _ = redactor.field("Mcp-Session-Id", "0123456789abcdef")
        let frame = HTTPExchange.sse(": hello\nid: 0123456789abcdef/7\ndata: ", #"{"password":"grey","ok":1}"#)
        let result = redacted(frame, &redactor)
        #expect(
            text(result) == ": hello\nid: reprise-secret-1/7\ndata: {\"password\":\"reprise-secret-2\",\"ok\":1}\n\n")
        #expect(result.pre.isEmpty && result.post.isEmpty)
        #expect(result.placeholders == Placeholder.places(in: result.wireBytes ?? []))
    }

    @Test("S-179: a message over several data lines is redacted as the JSON that it is")
    func severalDataLines() throws {
        var redactor = try EventRedactor.standard()
        let block =
            "event: message\ndata: {\"a\": 1,\r\ndata:\"env\": {\"A\": \"grey-goose\",\rdata: \"pin\": 1234}}\n\n"
        let result = redacted(HTTPExchange.frame(block), &redactor)
        #expect(
            text(result)
                == "event: message\ndata: {\"a\": 1,\r\ndata:\"env\": {\"A\": \"reprise-secret-1\",\rdata: \"pin\": 1234}}\n\n"
        )
        let plain = redacted(HTTPExchange.frame("data: the token\ndata: token=grey-goose-78\n\n"), &redactor)
        #expect(text(plain) == "data: the token\ndata: token=reprise-secret-2\n\n")
    }

    @Test("S-179: the address that the first HTTP transport names is known in the requests that follow")
    func endpoints() throws {
        var redactor = try EventRedactor.standard()
        let frame = HTTPExchange.sse("event: endpoint\ndata: ", "/messages/?session_id=0123456789abcdef")
        #expect(text(redacted(frame, &redactor)) == "event: endpoint\ndata: /messages/?session_id=reprise-secret-1\n\n")
        #expect(
            redactor.target("/messages/?session_id=0123456789abcdef").target
                == "/messages/?session_id=reprise-secret-1")
    }

    @Test("S-179: text streams of exchanges are apart, and what is kept of one goes when it ends")
    func streamsAreApart() throws {
        var redactor = try EventRedactor.standard()
        let begin = HTTPExchange.sse("data: ", "-----BEGIN PRIVATE KEY-----")
        let line = HTTPExchange.sse("data: ", "b3BlbnNzaC1rZXktdjEAAAAA")
        _ = redacted(begin, &redactor, exchange: 1)
        #expect(redacted(line, &redactor, exchange: 2) == line)
        #expect(text(redacted(line, &redactor, exchange: 1)) == "data: reprise-secret-1\n\n")
        let other = HTTPExchange.sse("data: ", "an ordinary line")
        _ = redactor.redact(HTTPExchange(number: 1).event(.serverToClient, .end(nil)))
        #expect(redacted(other, &redactor, exchange: 1) == other)
    }

    @Test("what is kept of exchanges is as much as is open, whether they or their connections end")
    func boundedMemory() throws {
        var redactor = try EventRedactor.standard()
        for number in 1...1_000 { for event in HTTPExchange(number: number).recorded { _ = redactor.redact(event) } }
        #expect(redactor.exchanges.count == 0)
        for number in 1...10 { _ = redactor.redact(HTTPExchange(number: number).recorded[0]) }
        #expect(redactor.exchanges.count == 10)
        _ = redactor.redact(Event(time: 0, connection: 1, direction: .clientToServer, kind: .disconnect(.eof)))
        #expect(redactor.exchanges.count == 0)
    }
}
