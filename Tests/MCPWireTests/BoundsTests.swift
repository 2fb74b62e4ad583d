import MCPWire
import Testing

/// Every reader of raw bytes, with its input between forbidden pages and cut at every byte.
@Suite struct BoundsTests {
    @Test func readersOfJSONStayInsideTheirInput() throws {
        for sample in JSONSamples.valid {
            let text = bytes(sample)
            for count in 0...text.count {
                let prefix = Array(text[..<count])
                let guarded = try GuardedBytes(prefix)
                for buffer in [guarded.atStart, guarded.atEnd] {
                    #expect((try? JSONScanner.summary(of: buffer.span)) == (try? summary(prefix).get()))
                    #expect(Message.read(buffer.span) == Message.read(prefix.span))
                    #expect(JSONString.decode(buffer.span) == JSONString.decode(prefix.span))
                    #expect(JSONString.decodeMapped(buffer.span).source.last == count)
                    var output: [UInt8] = []
                    JSONString.encode(buffer.span, into: &output)
                    #expect(output.count >= count + 2)
                    #expect(JSONNumber.canonical(buffer.span) == JSONNumber.canonical(prefix.span))
                }
            }
        }
    }

    @Test func decodersStayInsideTheirChunks() throws {
        for input in FramingTests.edges {
            for count in 0...input.count {
                let prefix = Array(input[..<count])
                let guarded = try GuardedBytes(prefix)
                for buffer in [guarded.atStart, guarded.atEnd] {
                    var (lines, events) = (LineDecoder(), SSEDecoder())
                    #expect(lines.receive(buffer.span).flatMap(\.bytes).count + lines.pendingByteCount == count)
                    #expect(events.receive(buffer.span).flatMap(\.bytes).count + events.pendingByteCount == count)
                    _ = (lines.finish(), events.finish())
                }
            }
        }
    }
}
