import MCPWire
import Testing
import MCPCore

/// What line and event-stream decoders have in common.
protocol FramingDecoder {
    associatedtype Frame: Equatable
    mutating func receive(_ chunk: Span<UInt8>) -> [Frame]
    mutating func finish() -> Frame?
    static func bytes(of frame: Frame) -> [UInt8]
}

extension LineDecoder: FramingDecoder {
    static func bytes(of frame: Line) -> [UInt8] { frame.bytes }
}

extension SSEDecoder: FramingDecoder {
    static func bytes(of frame: SSEFrame) -> [UInt8] { frame.bytes }
}

/// Feeds one input to fresh decoders in every way of cutting it, and demands the same frames each time.
///
/// In every run the frames' bytes, in order, must be the input: nothing lost, nothing twice.
struct FramingVerifier<Decoder: FramingDecoder> {
    /// Inputs up to this length are split at every point and truncated at every point, longer ones at random points.
    static var exhaustiveByteCount: Int { 200 }

    let makeDecoder: () -> Decoder

    /// What a decoder gives: while it receives, and at the end.
    private struct Output: Equatable {
        var received: [Decoder.Frame]
        var tail: Decoder.Frame?

        var bytes: [UInt8] { (received + (tail.map { [$0] } ?? [])).flatMap { Decoder.bytes(of: $0) } }
    }

    /// Checks every way of cutting; returns the frames, the tail's included, for the caller to look at.
    @discardableResult
    func verify(_ input: [UInt8], seed: UInt64 = 0, _ location: SourceLocation = #_sourceLocation) -> [Decoder.Frame] {
        let whole = run([input])
        let steps = truncations(input)
        expect(steps.last == whole, "byte by byte", input, location)
        expect(run(input.flatMap { [[], [$0]] } + [[]]) == whole, "with empty chunks between", input, location)

        var random = SplitMix64(seed: seed)
        for point in points(input.count, &random) {
            let (prefix, rest) = (Array(input[..<point]), Array(input[point...]))
            var decoder = makeDecoder()
            let early = decoder.receive(prefix.span)
            var torn = decoder
            let truncated = Output(received: early, tail: torn.finish())
            expect(truncated == steps[point], "truncated at \(point), whole or byte by byte", input, location)
            expect(truncated.bytes == prefix, "truncated at \(point): bytes lost or made up", input, location)
            expect(whole.received.starts(with: early), "truncated at \(point): a frame too early", input, location)
            let split = Output(received: early + decoder.receive(rest.span), tail: decoder.finish())
            expect(split == whole, "split at \(point)", input, location)
        }
        for _ in 0..<8 {
            let chunks = randomChunks(input, &random)
            expect(run(chunks) == whole, "chunks of \(chunks.map(\.count)), seed \(seed)", input, location)
        }

        let twice = run([input + input])
        expect(twice.bytes == input + input, "two copies: bytes lost or made up", input, location)
        expect(twice.received.starts(with: whole.received), "two copies: the first begins otherwise", input, location)
        expect(run([input, input]) == twice, "two copies in two chunks", input, location)
        expect(truncations(input + input).last == twice, "two copies byte by byte", input, location)
        return whole.received + (whole.tail.map { [$0] } ?? [])
    }

    /// Fed byte by byte: what comes of every prefix, from none of the input to all of it, if it ends there.
    private func truncations(_ input: [UInt8]) -> [Output] {
        var decoder = makeDecoder()
        var received: [Decoder.Frame] = []
        func ended() -> Output {
            var torn = decoder
            return Output(received: received, tail: torn.finish())
        }
        var outputs = [ended()]
        for byte in input {
            let chunk = [byte]
            received += decoder.receive(chunk.span)
            outputs.append(ended())
        }
        return outputs
    }

    private func run(_ chunks: [[UInt8]]) -> Output {
        var decoder = makeDecoder()
        var output = Output(received: [], tail: nil)
        for chunk in chunks { output.received += decoder.receive(chunk.span) }
        output.tail = decoder.finish()
        if decoder.finish() != nil { Issue.record("a second finish gave a frame") }
        return output
    }

    /// Thousands of times for one input: an ordinary comparison, and an issue only where it fails.
    private func expect(_ holds: Bool, _ way: @autoclosure () -> String, _ input: [UInt8], _ location: SourceLocation) {
        if !holds { Issue.record("\(way()): \(input)", sourceLocation: location) }
    }

    private func points(_ count: Int, _ random: inout SplitMix64) -> [Int] {
        count <= Self.exhaustiveByteCount ? Array(0...count) : (0..<32).map { _ in random.below(count + 1) }
    }

    private func randomChunks(_ input: [UInt8], _ random: inout SplitMix64) -> [[UInt8]] {
        var chunks: [[UInt8]] = []
        var start = 0
        while start < input.count {
            let end = min(input.count, start + 1 + random.below(12))
            chunks.append(Array(input[start..<end]))
            start = end
        }
        return chunks
    }
}
