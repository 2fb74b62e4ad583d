import Testing

/// Functions and files stay small enough to be read at one go.
@Suite struct SizeTests {
    static let functionLineCountMax = 70
    static let fileLineCountMax = 500
    static let stateMachineLineCountMax = 900

    /// Files that hold one state machine each, which is better read in one place than in three.
    static let stateMachines: Set<String> = []

    static func violations(in file: SourceFile) -> [Violation] {
        var found: [Violation] = []
        let count = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
        let limit = stateMachines.contains(file.path) ? stateMachineLineCountMax : fileLineCountMax
        if count > limit {
            found.append(Violation(path: file.path, line: limit + 1, problem: "file of \(count) lines, limit \(limit)"))
        }
        for function in functions(in: SwiftCode(file.text)) where function.lineCount > functionLineCountMax {
            let problem = "\(function.name) has \(function.lineCount) lines, limit \(functionLineCountMax)"
            found.append(Violation(path: file.path, line: function.line, problem: problem))
        }
        return found
    }

    /// Every function and initializer that has a body, from its keyword to the closing brace.
    static func functions(in code: SwiftCode) -> [(name: String, line: Int, lineCount: Int)] {
        let tokens = code.tokens
        return tokens.indices.compactMap { index in
            let isCall = index > 0 && tokens[index - 1].text == "."
            guard ["func", "init", "deinit", "subscript"].contains(tokens[index].text), !isCall,
                let open = body(from: index + 1, in: code), let end = code.closing(open)
            else { return nil }
            let hasName = tokens[index].text == "func"
            let name = tokens[hasName ? index + 1 : index].text
            return (name, tokens[index].line, tokens[end].line - tokens[index].line + 1)
        }
    }

    /// The brace that opens the body of the declaration, or `nil` for a requirement of a protocol.
    private static func body(from start: Int, in code: SwiftCode) -> Int? {
        var index = start
        while index < code.tokens.count {
            switch code.tokens[index].text {
            case "{": return index
            case "}", "func", "init", "deinit", "subscript", "case": return nil
            case "(", "[": index = code.closing(index) ?? code.tokens.count
            default: break
            }
            index += 1
        }
        return nil
    }

    @Test func everyFunctionAndFileKeepsToItsLimit() {
        let files = Repository.swiftSources + Repository.swiftTests
        let found = files.flatMap(Self.violations)
        #expect(found.isEmpty, "\(found.report)")
        #expect(files.contains { !Self.functions(in: SwiftCode($0.text)).isEmpty })
    }

    @Test func everyExceptionIsAFileThatExistsAndNeedsIt() {
        for path in Self.stateMachines {
            #expect((Repository.file(path)?.lines.count ?? 0) > Self.fileLineCountMax, "\(path) needs no exception")
        }
    }

    @Test func aFunctionOneLineTooLongIsFound() {
        func sample(_ lineCount: Int) -> SourceFile {
            let body = String(repeating: "    let brace = \"}\" // }\n", count: lineCount - 2)
            return SourceFile(path: "Sources/A/A.swift", text: "func f(a: () -> Void = {}) {\n\(body)}\n")
        }
        #expect(Self.violations(in: sample(Self.functionLineCountMax)).isEmpty)
        let found = Self.violations(in: sample(Self.functionLineCountMax + 1))
        #expect(found.map(\.description) == ["Sources/A/A.swift:1: f has 71 lines, limit 70"])
    }

    @Test func everyKindOfFunctionIsMeasured() {
        let text = """
            protocol P { func a(); init() }
            struct S {
                init(b: Int) {
                    self.init()
                }
                subscript(c: Int) -> Int { c }
                func `repeat`<T>(_ t: T) -> [T] where T: P {
                }
            }
            """
        #expect(Self.functions(in: SwiftCode(text)).map(\.lineCount) == [3, 1, 2])
    }

    @Test func aFileOneLineTooLongIsFound() {
        let line = "let a = 1\n"
        let fits = SourceFile(path: "A.swift", text: String(repeating: line, count: Self.fileLineCountMax))
        #expect(Self.violations(in: fits).isEmpty)
        #expect(Self.violations(in: SourceFile(path: "A.swift", text: fits.text + line)).count == 1)
    }
}
