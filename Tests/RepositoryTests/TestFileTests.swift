import Testing

/// Tests look like tests, and can fail.
@Suite struct TestFileTests {
    static func violations(in file: SourceFile) -> [Violation] {
        guard file.isUnder("Tests"), file.isSwift else { return [] }
        let code = SwiftCode(file.text)
        let words = code.tokens.map(\.text)
        var found = zip(words, code.tokens.dropFirst()).filter { $0 == "func" && hasPrefix($1.text) }.map {
            Violation(path: file.path, line: $1.line, problem: "\($1.text) begins with test; say what holds instead")
        }
        if let first = attributes("Test", in: words).first, !asserts(words) {
            let problem = "no test in this file can fail: it expects and requires nothing"
            found.append(Violation(path: file.path, line: code.tokens[first].line, problem: problem))
        }
        return found
    }

    private static func hasPrefix(_ name: String) -> Bool {
        guard name.hasPrefix("test") else { return false }
        return name.dropFirst(4).first.map { $0.isUppercase || $0.isNumber || $0 == "_" } ?? true
    }

    private static func attributes(_ name: String, in words: [String]) -> [Int] {
        words.indices.dropLast().filter { words[$0] == "@" && words[$0 + 1] == name }
    }

    private static func asserts(_ words: [String]) -> Bool {
        let hasMacro = zip(words, words.dropFirst()).contains { $0 == "#" && ["expect", "require"].contains($1) }
        return hasMacro || words.contains("confirmation")
            || zip(words, words.dropFirst(2)).contains { $0 == "Issue" && $1 == "record" }
    }

    @Test func everyTestFileIsWellFormed() {
        let found = Repository.swiftTests.flatMap(Self.violations)
        #expect(found.isEmpty, "\(found.report)")
        #expect(Repository.swiftTests.contains { $0.text.contains("@Test") })
    }

    @Test func aNameThatBeginsWithTestIsFound() {
        func found(_ name: String) -> Int {
            Self.violations(in: .init(path: "Tests/A/A.swift", text: "@Test func \(name)() { #expect(a) }")).count
        }
        #expect(found("testLines") == 1)
        #expect(found("test_lines") == 1)
        #expect(found("test") == 1)
        #expect(found("testedLinesPass") == 0)
    }

    @Test func aTestFileThatAssertsNothingIsFound() {
        func found(_ text: String) -> Int { Self.violations(in: .init(path: "Tests/A/A.swift", text: text)).count }
        #expect(found("@Test func linesPass() { // #expect(a)\n}") == 1)
        #expect(found("@Test(\"#expect\") func linesPass() {}") == 1)
        #expect(found("@Test func linesPass() throws { try #require(a) }") == 0)
        #expect(found("@Test func linesPass() { Issue.record(a) }") == 0)
        #expect(found("func help() {}") == 0)
    }
}
