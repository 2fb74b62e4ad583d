import Testing
import MCPCore

@testable import MCPWire

/// Valid texts, broken at random: the readers agree with each other and with the grammar, and stay inside the input.
@Suite struct JSONMutationTests {
    @Test(arguments: 0..<40)
    func scannerDocumentMessageAndGrammarAgree(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        for _ in 0..<250 {
            var text = bytes(JSONSamples.valid[random.below(JSONSamples.valid.count)])
            for _ in 0..<random.below(4) { mutate(&text, &random) }
            let scanned = summary(text)
            #expect(documentSummary(text) == scanned, "\(text), seed \(seed)")
            #expect(scanned.isSuccess == JSONReference.accepts(text), "\(text), seed \(seed)")
            if case .failure(let error) = scanned {
                #expect((0...text.count).contains(error.offset))
                let expected: Message.Malformation = error.reason == .empty ? .empty : .notJSON(error)
                #expect(Message.read(text.span).kind == .malformed(expected), "\(text), seed \(seed)")
            }
        }
    }

    @Test func truncationAtEveryByteEndsThereAndWhatFollowsIsNotRead() {
        for sample in JSONSamples.valid {
            let text = bytes(sample)
            for count in 0..<text.count {
                let alone = summary(Array(text[..<count]))
                // The same bytes with others behind them, outside the span: the verdict must not depend on those.
                for poison in [
                    text, Array(text[..<count]) + bytes("\"]}0123456789\\u"), text + [0xFF, 0x80, 0x80, 0x80],
                ] {
                    #expect(sliced(poison, count) == alone, "\(sample) cut at \(count)")
                }
                #expect(documentSummary(Array(text[..<count])) == alone)
                switch alone {
                case .success(let summary):
                    // Only a number, or white space at the end, can be cut and stay whole.
                    #expect(
                        summary.kind == .number || text[count...].allSatisfy { $0 <= 0x20 }, "\(sample) cut at \(count)"
                    )
                case .failure(let error):
                    #expect(error.offset == count, "\(sample) cut at \(count)")
                    #expect(error.reason == .unexpectedEnd || error.reason == .empty, "\(sample) cut at \(count)")
                }
            }
        }
    }

    private func sliced(_ text: [UInt8], _ count: Int) -> Result<JSONSummary, JSONError> {
        do throws(JSONError) {
            return .success(try JSONScanner.summary(of: text.span.extracting(0..<count)))
        } catch {
            return .failure(error)
        }
    }

    private func mutate(_ text: inout [UInt8], _ random: inout SplitMix64) {
        let alphabet =
            bytes("{}[]\",:\\u0123456789abcdefEtrn+-. \n") + [0, 0x1F, 0x7F, 0x80, 0xBF, 0xC3, 0xE2, 0xED, 0xF0, 0xFF]
        let place = random.below(text.count + 1)
        switch random.below(5) {
        case 0 where place < text.count: text[place] = alphabet[random.below(alphabet.count)]
        case 1 where place < text.count: text.remove(at: place)
        case 2: text.insert(alphabet[random.below(alphabet.count)], at: place)
        case 3 where place < text.count: text.removeLast(text.count - place)
        case 4 where place < text.count: text[place] ^= 1 << UInt8(random.below(8))
        default: text.insert(contentsOf: text[place...].prefix(random.below(8)), at: random.below(text.count + 1))
        }
    }
}
