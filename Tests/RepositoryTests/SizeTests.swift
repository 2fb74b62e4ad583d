import Testing

/// Functions and files stay small enough to be read at one go.
@Suite struct SizeTests {
    static let functionLineCountMax = 70
    static let fileLineCountMax = 500
    static let stateMachineLineCountMax = 900

    /// Paths of files that hold one state machine each, which is better read in one place than in three.
    ///
    /// None needs it so far. Add one rather than split a machine.
    static let stateMachines: Set<String> = []

    static func violations(in file: SourceFile, stateMachines: Set<String> = stateMachines) -> [Violation] {
        var found: [Violation] = []
        let count = lineCount(of: file)
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

    private static func lineCount(of file: SourceFile) -> Int {
        file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
    }

    /// The state machines that are gone, or that have become small enough for the ordinary limit.
    static func needless(_ stateMachines: Set<String>, in files: [SourceFile]) -> [String] {
        stateMachines.sorted().filter { path in
            !files.contains { $0.path == path && lineCount(of: $0) > fileLineCountMax }
        }
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
        let found = files.flatMap { Self.violations(in: $0) }
        #expect(found.isEmpty, "\(found.report)")
        #expect(files.contains { !Self.functions(in: SwiftCode($0.text)).isEmpty })
    }

    @Test func everyExceptionIsAFileThatNeedsIt() {
        #expect(Self.needless(Self.stateMachines, in: Repository.swiftSources) == [])
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

    @Test func aStateMachineHasALimitOfItsOwn() {
        func count(_ lineCount: Int) -> Int {
            let text = String(repeating: "let a = 1\n", count: lineCount)
            return Self.violations(in: .init(path: "A.swift", text: text), stateMachines: ["A.swift"]).count
        }
        #expect(count(Self.stateMachineLineCountMax) == 0)
        #expect(count(Self.stateMachineLineCountMax + 1) == 1)
    }

    @Test func anExceptionThatIsNotNeededIsFound() {
        let short = SourceFile(path: "Short.swift", text: "let a = 1\n")
        let long = SourceFile(path: "Long.swift", text: String(repeating: "\n", count: Self.fileLineCountMax + 1))
        let found = Self.needless(["Short.swift", "Long.swift", "Gone.swift"], in: [short, long])
        #expect(found == ["Gone.swift", "Short.swift"])
    }
}
