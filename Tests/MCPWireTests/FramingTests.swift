import MCPWire
import Testing
import MCPCore

/// Both framings through the one verifier, with inputs chosen for their edges and with random ones.
@Suite struct FramingTests {
    static let edges: [[UInt8]] = [
        [], bytes("\n"), bytes("\r"), bytes("\r\n"), bytes("\n\n"), bytes("\r\r"), bytes("\r\n\r\n"), bytes("\r\r\n"),
        bytes("\n\r"), bytes("\n\r\n\r"), bytes("\r\r\r\n\n"), bytes("a"), bytes("a\n"), bytes("a\r"),
        bytes("a\r\n\r\nb"),
        bytes("a\r\r\nb\r\r"), bytes("a\r\n\r"), bytes("a\n\r\nb\n\r"), bytes("a\u{0}b\n\u{0}\n\n"),
        [0xEF, 0xBB, 0xBF], [0xEF, 0xBB, 0xBF, 0x0A], [0xEF, 0xBB, 0xBF, 0x0D, 0x0A, 0x0A], [0xEF, 0xBB, 0x0A],
        [0xEF, 0x0D, 0x0A], [0xEF, 0xBB, 0xBF, 0xEF, 0xBB, 0xBF, 0x0A, 0x0A], bytes("\n\u{FEFF}\n"),
        bytes("data: \u{20AC}\u{1F600}\n\ndata: \u{1F600}"), [0x64, 0xFF, 0x0A, 0xE2, 0x82, 0x0A, 0x0A],
        bytes("\u{FEFF}data: 1\r\nid: 2\r\n\r\n: ping\r\n\r\nevent: x\rdata: 3\r\rdata: torn"),
        bytes("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\r\n"),
    ]

    @Test(arguments: edges)
    func everyCuttingGivesTheSameFrames(input: [UInt8]) {
        let lines = FramingVerifier { LineDecoder() }.verify(input)
        #expect(lines.isEmpty == input.isEmpty)
        let frames = FramingVerifier { SSEDecoder() }.verify(input)
        #expect(frames.isEmpty == input.isEmpty)
    }

    @Test(arguments: edges)
    func limitsCutTheSameWhateverTheChunks(input: [UInt8]) {
        for limit in [1, 2, 3, 4, 5, 7, 16] {
            for line in FramingVerifier(makeDecoder: { LineDecoder(lineByteCountMax: limit) }).verify(input) {
                #expect(line.bytes.count <= limit)
                #expect(line.end != .limit || line.bytes.count == limit)
            }
            for frame in FramingVerifier(makeDecoder: { SSEDecoder(frameByteCountMax: limit) }).verify(input) {
                #expect(frame.bytes.count <= limit)
                #expect(frame.end != .limit || frame.bytes.count == limit)
            }
        }
    }

    @Test func twoCopiesOfClosedLinesAreTheSameLinesTwice() {
        var random = SplitMix64(seed: 3)
        for _ in 0..<50 {
            let input = Self.randomInput(&random) + [0x0A]
            let once = FramingVerifier { LineDecoder() }.verify(input)
            let twice = FramingVerifier { LineDecoder() }.verify(input + input)
            #expect(twice == once + once)
        }
    }

    @Test(arguments: 0..<120)
    func randomInputsAreFramedTheSameHoweverTheyAreCut(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        let input = Self.randomInput(&random)
        let limit = 1 + random.below(24)
        FramingVerifier { LineDecoder() }.verify(input, seed: UInt64(seed))
        FramingVerifier { LineDecoder(lineByteCountMax: limit) }.verify(input, seed: UInt64(seed))
        let frames = FramingVerifier { SSEDecoder() }.verify(input, seed: UInt64(seed))
        FramingVerifier { SSEDecoder(frameByteCountMax: limit) }.verify(input, seed: UInt64(seed))
        #expect(!frames.isEmpty)
    }

    /// Some pieces of event streams, glued together: dense in line ends, field names and bytes with a meaning.
    static func randomInput(_ random: inout SplitMix64) -> [UInt8] {
        let pieces: [[UInt8]] = [
            bytes("\n"), bytes("\r"), bytes("\r\n"), bytes("\n\n"), bytes("\r\r"), bytes("\r\n\r\n"), bytes(":"),
            bytes(" "), bytes("data"), bytes("data: x"), bytes("data:"), bytes("id: 7"), bytes("id"),
            bytes("id: a\u{0}b"),
            bytes("event: e"), bytes("event:"), bytes("retry: 10"), bytes("retry: 1x"), bytes(": ping"),
            bytes("\u{FEFF}"),
            bytes("\u{1F600}"), [0xE2, 0x82], [0xFF], [0x00], bytes("foo: bar"),
        ]
        return (0..<(1 + random.below(24))).flatMap { _ in pieces[random.below(pieces.count)] }
    }
}
