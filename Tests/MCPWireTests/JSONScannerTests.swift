import Testing

@testable import MCPWire

@Suite struct JSONScannerTests {
    @Test(arguments: JSONSamples.valid)
    func acceptsWhatTheGrammarAllows(text: String) throws {
        let summary = try summary(bytes(text)).get()
        #expect(!summary.range.isEmpty)
    }

    @Test(arguments: JSONSamples.invalid.indices)
    func refusesWithPlaceAndReason(index: Int) {
        let sample = JSONSamples.invalid[index]
        #expect(summary(sample.text) == .failure(sample.error))
        #expect(documentSummary(sample.text) == .failure(sample.error))
    }

    @Test func summarisesKindRangeAndDepth() throws {
        let table: [(String, JSONKind, Range<Int>, Int)] = [
            ("{}", .object, 0..<2, 1), (" [] ", .array, 1..<3, 1), ("[[]]", .array, 0..<4, 2),
            ("[{\"a\":[0]},[]]", .array, 0..<14, 3), ("\"a\"", .string, 0..<3, 0), ("\t-1 ", .number, 1..<3, 0),
            ("true", .true, 0..<4, 0), ("false", .false, 0..<5, 0), ("null", .null, 0..<4, 0),
        ]
        for (text, kind, range, depth) in table {
            let found = try summary(bytes(text)).get()
            #expect(found.kind == kind, "\(text)")
            #expect(found.range == range, "\(text)")
            #expect(found.depth == depth, "\(text)")
        }
    }

    @Test func noticesUnpairedSurrogatesInValuesAndKeys() throws {
        let table: [(String, Bool)] = [
            ("\"\\ud83d\\ude00\"", false), ("\"\\uD83D\\uDE00\"", false), ("\"\\ud83d\"", true), ("\"\\ude00\"", true),
            ("\"\\ud83dx\"", true), ("\"\\ud83d\\n\"", true), ("\"\\ud83d\\ud83d\\ude00\"", true),
            ("\"\\ude00\\ud83d\"", true), ("\"\\ud83d\\ude00\\ude00\"", true), ("\"\\ude00\\ude00\"", true),
            ("\"\\ud7ff\\ue000\"", false),
            ("{\"\\ud83d\":1}", true), ("[1,{\"a\":\"\\udfff\"}]", true), ("\"\\\\ud83d\"", false),
        ]
        for (text, isUnpaired) in table {
            #expect(try summary(bytes(text)).get().hasUnpairedSurrogate == isUnpaired, "\(text)")
        }
    }

    @Test func judgesUTF8AsTheStandardLibraryDoes() {
        let tails: [[UInt8]] = [[], [0x80], [0xBF], [0x80, 0x80], [0xBF, 0xBF], [0x80, 0x7F], [0xBF, 0xC0]]
        for lead: UInt8 in 0x80...0xFF {
            for second: UInt8 in [0x00, 0x22, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF] {
                for tail in tails {
                    let contents = [lead, second] + tail
                    // Of these bytes, quote and NUL end the run; the grammar then judges as its reference does.
                    let text = [ASCII.quote] + contents + [ASCII.quote]
                    #expect(summary(text).isSuccess == JSONReference.accepts(text), "\(text)")
                }
            }
        }
    }

    @Test func noticesLineBreaksEverywhere() throws {
        let table: [(String, Bool)] = [
            ("{\"a\":1}", false), ("{\"a\":\"\\r\\n\"}", false), ("{}\n", true), ("\r{}", true), ("{\n}", true),
            ("[1,\r2]", true), ("[1\n,2]", true), ("{\"a\"\n:1}", true), ("{\"a\":\n1}", true),
            ("{\"a\":1,\n\"b\":2}", true),
            ("[ \t1 ]", false),
        ]
        for (text, hasLineBreak) in table {
            #expect(try summary(bytes(text)).get().hasLineBreak == hasLineBreak, "\(text)")
        }
    }

    @Test func depthIsAcceptedAtTheLimitAndRefusedOverIt() throws {
        for limit in [1, 2, 63, 64, 65, 127, 128, 129, 192, 1024] {
            let atLimit = nested(limit)
            #expect(try summary(atLimit, depthMax: limit).get().depth == limit)
            #expect(try documentSummary(atLimit, depthMax: limit).get().depth == limit)
            let over = JSONError(offset: limit, reason: .depthLimit(limit))
            #expect(summary(nested(limit + 1), depthMax: limit) == .failure(over))
            #expect(documentSummary(nested(limit + 1), depthMax: limit) == .failure(over))
        }
        #expect(try summary(bytes("1"), depthMax: 0).get().depth == 0)
        #expect(summary(bytes("[]"), depthMax: 0) == .failure(JSONError(offset: 0, reason: .depthLimit(0))))
    }

    @Test func mixedContainersCloseInOrderAtAnyDepth() throws {
        // 200 levels, alternating, cross the 64-level words of the container stack three times.
        var text: [UInt8] = []
        for level in 0..<200 { text += bytes(level % 3 == 0 ? "[" : "{\"k\":") }
        text += bytes("0")
        let opened = text.count
        for level in (0..<200).reversed() { text += bytes(level % 3 == 0 ? "]" : "}") }
        #expect(try summary(text).get().depth == 200)
        for index in opened..<text.count {
            var broken = text
            let other: UInt8 = broken[index] == ASCII.closeBrace ? ASCII.closeBracket : ASCII.closeBrace
            broken[index] = other
            #expect(summary(broken) == .failure(JSONError(offset: index, reason: .unexpectedByte(other))))
        }
    }

    @Test func oneHundredThousandOpeningBracketsAreRefusedOrScannedWithoutRecursion() {
        let brackets = [UInt8](repeating: ASCII.openBracket, count: 100_000)
        #expect(summary(brackets) == .failure(JSONError(offset: 1024, reason: .depthLimit(1024))))
        let deep = JSONError(offset: 100_000, reason: .unexpectedEnd)
        #expect(summary(brackets, depthMax: 1_000_000) == .failure(deep))
        #expect(documentSummary(brackets, depthMax: 1_000_000) == .failure(deep))
        let closed = brackets + [UInt8](repeating: ASCII.closeBracket, count: 100_000)
        #expect((try? summary(closed, depthMax: 100_000).get())?.depth == 100_000)
    }

    @Test func describesReasonLimitAndPlace() {
        let table: [(JSONError, String)] = [
            (JSONError(offset: 17, reason: .invalidUTF8), "invalid UTF-8 at byte 17"),
            (JSONError(offset: 3, reason: .unexpectedByte(0x7D)), "unexpected '}' at byte 3"),
            (JSONError(offset: 3, reason: .unexpectedByte(0x0B)), "unexpected 0x0B at byte 3"),
            (JSONError(offset: 0, reason: .unexpectedByte(0xEF)), "unexpected 0xEF at byte 0"),
            (JSONError(offset: 1024, reason: .depthLimit(1024)), "nested deeper than 1024 levels at byte 1024"),
        ]
        for (error, text) in table { #expect(error.description == text) }
    }

    private func nested(_ depth: Int) -> [UInt8] {
        [UInt8](repeating: ASCII.openBracket, count: depth) + [UInt8](repeating: ASCII.closeBracket, count: depth)
    }
}
