import Testing

@testable import MCPWire

@Suite struct LineDecoderTests {
    @Test func splitsAtLineFeedsAlone() {
        var decoder = LineDecoder()
        let input = bytes("a\r\nb\rc\u{2028}\u{0}\n\n tail")
        #expect(
            decoder.receive(input.span) == [
                line("a\r\n"), line("b\rc\u{2028}\u{0}\n"), line("\n"),
            ])
        #expect(decoder.pendingByteCount == 5)
        #expect(decoder.finish() == line(" tail", .endOfInput))
        #expect(decoder.pendingByteCount == 0)
        #expect(decoder.finish() == nil)
    }

    @Test func cutsALineThatIsLongerThanTheLimit() {
        var decoder = LineDecoder(lineByteCountMax: 4)
        let input = bytes("abc\nabcd\nabcdefghi\nx\nabcd")
        #expect(
            decoder.receive(input.span) == [
                line("abc\n"), line("abcd", .limit), line("\n", .lineFeed, true), line("abcd", .limit),
                line("efgh", .limit, true), line("i\n", .lineFeed, true), line("x\n"),
            ])
        // Exactly the limit is no longer line, so nothing is cut until one more byte comes.
        #expect(decoder.pendingByteCount == 4)
        #expect(decoder.finish() == line("abcd", .endOfInput))
    }

    @Test func theTailOfACutLineSaysSo() {
        var decoder = LineDecoder(lineByteCountMax: 2)
        let input = bytes("abc")
        #expect(decoder.receive(input.span) == [line("ab", .limit)])
        #expect(decoder.finish() == line("c", .endOfInput, true))
    }

    @Test func looksAtEveryByteOnceHoweverSmallTheChunks() {
        let count = 4 << 20
        var decoder = LineDecoder()
        let chunk: [UInt8] = [0x61]
        var lineCount = 0
        for _ in 0..<count { lineCount += decoder.receive(chunk.span).count }
        #expect(lineCount == 0)
        #expect(decoder.pendingByteCount == count)
        #expect(decoder.searchedByteCount == count)
    }

    private func line(_ text: String, _ end: LineDecoder.End = .lineFeed, _ isContinuation: Bool = false)
        -> LineDecoder.Line
    {
        LineDecoder.Line(bytes: bytes(text), end: end, isContinuation: isContinuation)
    }
}
