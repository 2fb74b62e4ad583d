import Testing
import MCPCore

@testable import MCPWire

@Suite struct SSEDecoderTests {
    @Test func dispatchesTheExamplesOfTheSpecification() {
        let table: [(String, [SSEEvent])] = [
            ("data: YHOO\ndata: +2\ndata: 10\n\n", [event("YHOO\n+2\n10")]),
            (
                ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
                [event("first event", id: "1"), event("second event"), event(" third event")]
            ),
            ("data\n\ndata\ndata\n\ndata:", [event(""), event("\n")]),
            ("data:test\n\ndata: test\n\n", [event("test"), event("test")]),
            (
                "event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n",
                [event("73857293", "add"), event("2153", "remove")]
            ),
        ]
        for (stream, events) in table { #expect(frames(stream).compactMap(\.event) == events, "\(stream)") }
    }

    @Test func everyLineEndWorksAlikeAndMixed() {
        for end in ["\n", "\r", "\r\n"] {
            let stream = ["event: e", "data: 1", "data: 2", "", "data: 3", "", ""].joined(separator: end)
            #expect(frames(stream).compactMap(\.event) == [event("1\n2", "e"), event("3")], "\(stream.utf8)")
        }
        #expect(frames("data: 1\r\ndata: 2\r\n\ndata: 3\n\r\n").compactMap(\.event) == [event("1\n2"), event("3")])
    }

    @Test func fieldsFollowTheLetter() {
        let table: [(String, SSEEvent?)] = [
            ("Data: x\n\n", nil), (" data: x\n\n", nil), ("data : x\n\n", nil), ("foo: x\n\n", nil), ("\n\n", nil),
            ("event: x\n\n", nil), ("data: x\nevent: a\nevent:\n\n", event("x")),
            ("data: x\nevent: a\nevent\n\n", event("x")),
            ("data: x\nevent:  a \n\n", event("x", " a ")), ("data:\tx\n\n", event("\tx")),
            ("data: a:b\n\n", event("a:b")),
            ("\u{FEFF}data: x\n\n", event("x")), ("\u{FEFF}\u{FEFF}data: x\n\n", nil), ("\n\u{FEFF}data: x\n\n", nil),
            ("id: 1\u{0}\ndata: x\n\n", event("x")), ("id: 1\nid: 2\u{0}\ndata: x\n\n", event("x", id: "1")),
            ("data: x\nid: 3\n\n", event("x", id: "3")), ("data: \u{0}\n\n", event("\u{0}")),
        ]
        for (stream, expected) in table { #expect(frames(stream).compactMap(\.event).first == expected, "\(stream)") }
    }

    @Test func retryTakesDigitsOnly() {
        let table: [(String, Int?)] = [
            ("10", 10), ("0", 0), ("007", 7), ("", nil), ("-1", nil), ("+1", nil), ("1.5", nil), ("1s", nil),
            (" 5", nil),
            ("\u{661}", nil), ("9223372036854775807", .max), ("99999999999999999999999", .max),
        ]
        for (text, number) in table {
            #expect(frames("retry: \(text)\n\n").first?.retryMilliseconds == number, "\(text)")
        }
        #expect(frames("retry: 5\nretry: x\n\n").first?.retryMilliseconds == 5)
    }

    @Test func commentsAreKeptInOrder() {
        #expect(frames(": a\n:b\n:\n:  c\n\n").first?.comments == ["a", "b", "", " c"])
        #expect(frames(": a\n\n").first?.event == nil)
    }

    @Test func theLastEventIDLastsAndOnlyCompleteBlocksChangeIt() {
        var decoder = SSEDecoder()
        let input = bytes("id: 1\ndata: a\n\ndata: b\n\nid: 2\n\nid\ndata: c\n\nid: 3\n\nid: 4\ndata: torn\n")
        let found = decoder.receive(input.span)
        #expect(found.compactMap(\.event?.lastEventID) == ["1", "1", ""])
        #expect(found.map(\.id) == ["1", nil, "2", "", "3"])
        #expect(decoder.lastEventID == "3")
        let tail = decoder.finish()
        #expect(tail?.end == .endOfInput)
        #expect(tail?.event == nil)
        #expect(tail?.id == "4")
        #expect(tail?.bytes == bytes("id: 4\ndata: torn\n"))
        #expect(decoder.lastEventID == "3")
    }

    @Test func aFrameWaitsOnlyWhereALineFeedMayBelongToIt() {
        let table: [(String, [String], String)] = [
            ("data: x\r\n\r\n", ["data: x\r\n\r\n"], ""), ("data: x\r\n\r", [], "data: x\r\n\r"),
            ("data: x\n\r", [], "data: x\n\r"), ("data: x\n\ry", ["data: x\n\r"], "y"),
            ("data: x\ry\n\r", [], "data: x\ry\n\r"),
            ("data: x\r\r", ["data: x\r\r"], ""), ("data: x\r\r\n", ["data: x\r\r"], "\n"),
            ("data: x\r\r\ndata: y\n\n", ["data: x\r\r", "\ndata: y\n\n"], ""), ("\r", [], "\r"),
            ("\r\r", ["\r", "\r"], ""),
        ]
        for (stream, frames, rest) in table {
            var decoder = SSEDecoder()
            let input = bytes(stream)
            #expect(decoder.receive(input.span).map { String(decoding: $0.bytes, as: UTF8.self) } == frames, "\(input)")
            #expect(decoder.pendingByteCount == rest.utf8.count, "\(input)")
        }
    }

    @Test func aByteOrderMarkIsNoPartOfTheFirstLineAlone() {
        let table: [([UInt8], [Int])] = [
            ([0xEF, 0xBB, 0xBF, 0x0A, 0x0A], [4, 1]), ([0xEF, 0xBB, 0x0A, 0x0A], [4]), ([0xEF, 0x0A, 0x0A], [3]),
            ([0xEF, 0xBB, 0xBF, 0xEF, 0xBB, 0xBF, 0x0A, 0x0A], [8]), ([0x0A, 0xEF, 0xBB, 0xBF, 0x0A, 0x0A], [1, 5]),
        ]
        for (input, counts) in table {
            #expect(FramingVerifier { SSEDecoder() }.verify(input).map(\.bytes.count) == counts, "\(input)")
        }
    }

    @Test func aBlankLineThatWaitedIsCompleteAtTheEnd() {
        let found = frames("id: 9\ndata: x\n\r")
        #expect(found.map(\.end) == [.blankLine])
        #expect(found.first?.event == event("x", id: "9"))
    }

    @Test func aFrameOverTheLimitComesInPiecesAndIsNotInterpreted() {
        var decoder = SSEDecoder(frameByteCountMax: 10)
        let input = bytes("id: 1\ndata: 0123456789\n\ndata: 12\n\n")
        let found = decoder.receive(input.span)
        #expect(
            found.map { String(decoding: $0.bytes, as: UTF8.self) } == [
                "id: 1\ndata", ": 01234567", "89\n\n", "data: 12\n\n",
            ])
        #expect(found.map(\.end) == [.limit, .limit, .blankLine, .blankLine])
        #expect(found.map(\.isContinuation) == [false, true, true, false])
        #expect(found.map(\.event) == [nil, nil, nil, event("12")])
        #expect(decoder.lastEventID == "")

        var other = SSEDecoder(frameByteCountMax: 12)
        let cutBetweenLines = bytes("a: 34567890\ndata: x\n\n")
        #expect(other.receive(cutBetweenLines.span).map(\.event) == [nil, nil])
    }

    @Test(arguments: 0..<400)
    func agreesWithTheSpecificationTakenWordByWord(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        let input = FramingTests.randomInput(&random)
        let reference = SSEReference(input)
        var decoder = SSEDecoder()
        var found = decoder.receive(input.span)
        if let tail = decoder.finish() { found.append(tail) }
        let events = found.compactMap(\.event)
        #expect(events.map(\.type) == reference.events.map(\.type), "\(input)")
        #expect(events.map { String(decoding: $0.data, as: UTF8.self) } == reference.events.map(\.data), "\(input)")
        #expect(events.map(\.lastEventID) == reference.events.map(\.lastEventID), "\(input)")
        #expect(decoder.lastEventID == reference.lastEventID, "\(input)")
        #expect(found.compactMap(\.retryMilliseconds).last == reference.retryMilliseconds, "\(input)")
    }

    @Test func looksAtEveryByteOnceHoweverSmallTheChunks() {
        let count = 4 << 20
        var decoder = SSEDecoder()
        let chunk: [UInt8] = [0x61]
        var frameCount = 0
        for _ in 0..<count { frameCount += decoder.receive(chunk.span).count }
        #expect(frameCount == 0)
        #expect(decoder.pendingByteCount == count)
        #expect(decoder.searchedByteCount == count)
    }

    private func frames(_ stream: String) -> [SSEFrame] {
        FramingVerifier { SSEDecoder() }.verify(bytes(stream))
    }

    private func event(_ data: String, _ type: String = "message", id: String = "") -> SSEEvent {
        SSEEvent(type: type, data: bytes(data), lastEventID: id)
    }
}
