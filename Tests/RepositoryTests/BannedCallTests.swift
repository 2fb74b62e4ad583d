import Testing

/// Above the line there is no clock, no randomness without a generator, no file, no process and no output.
@Suite struct BannedCallTests {
    static let modulesAboveTheLine: Set = [
        "MCPWire", "MCPCore", "RepriseRecording", "RepriseRedaction", "RepriseReplay", "RepriseSimulation",
        "RepriseScenarios",
    ]

    /// Our own bug is returned as a value here: a trap would end the session that is being recorded.
    static let modulesThatMayNotTrap: Set = ["MCPWire", "RepriseRecording"]

    /// Names of which any use is a use of the outside world.
    static let words: Set = [
        "ContinuousClock", "SuspendingClock", "DispatchQueue", "DispatchTime", "Timer", "Thread",
        "SystemRandomNumberGenerator", "FileHandle", "FileManager", "ProcessInfo", "clock_gettime", "gettimeofday",
        "nanosleep", "usleep", "getenv", "arc4random", "getrandom",
    ]

    /// C functions and functions of the standard library, banned where they are called by their bare names.
    ///
    /// A file that declares a function or an enum case of that name itself may use its own.
    static let functions: Set = ["open", "read", "write", "print", "debugPrint", "dump"]

    private static let declaring: Set = ["func", "case"]

    /// Methods that take their randomness from the system unless they are given a generator.
    static let randomMethods: Set = ["random", "randomElement", "shuffled", "shuffle"]

    static let traps: Set = ["fatalError", "preconditionFailure"]

    static func violations(in file: SourceFile) -> [Violation] {
        guard file.isUnder("Sources"), let module = file.module, modulesAboveTheLine.contains(module) else { return [] }
        let code = SwiftCode(file.text)
        let words = code.tokens.map(\.text)
        let declared = Set(zip(words, words.dropFirst()).filter { declaring.contains($0.0) }.map(\.1))
        return words.indices.compactMap { index in
            let problem =
                banned(at: index, words: words, declared: declared, code: code)
                ?? (modulesThatMayNotTrap.contains(module) && traps.contains(words[index]) ? words[index] : nil)
            return problem.map {
                Violation(path: file.path, line: code.tokens[index].line, problem: "\($0) is banned in \(module)")
            }
        }
    }

    /// What the word at `index` calls, if that is banned everywhere above the line.
    private static func banned(at index: Int, words: [String], declared: Set<String>, code: SwiftCode) -> String? {
        let word = words[index]
        func next(_ distance: Int) -> String { index + distance < words.count ? words[index + distance] : "" }
        let previous = index > 0 ? words[index - 1] : ""
        if Self.words.contains(word) { return word }
        if word == "Task", next(1) == ".", next(2) == "sleep" { return "Task.sleep" }
        if word == "Date", next(1) == "(" || (next(1) == "." && next(2) == "now") { return "Date" }
        if word == "UUID", next(1) == "(", next(2) == ")" { return "UUID()" }
        if word == "time", next(1) == "(", next(2) == "nil" { return "time(nil)" }
        guard next(1) == "(" else { return nil }
        if randomMethods.contains(word), previous == "." {
            let end = code.closing(index + 1) ?? index + 1
            return words[index...end].contains("using") ? nil : ".\(word)( without a generator"
        }
        let isQualified = previous == "." && !["Glibc", "Darwin", "Swift"].contains(index > 1 ? words[index - 2] : "")
        let isOwn = declared.contains(word) && previous != "."
        return functions.contains(word) && !isQualified && !isOwn ? "\(word)(" : nil
    }

    @Test func nothingAboveTheLineReachesOutside() {
        let files = Repository.swiftSources.filter { Self.modulesAboveTheLine.contains($0.module ?? "") }
        let found = files.flatMap(Self.violations)
        #expect(found.isEmpty, "\(found.report)")
        #expect(Set(files.compactMap(\.module)) == Self.modulesAboveTheLine)
    }

    @Test(
        "every banned call is found",
        arguments: [
            "try await Task.sleep(for: .seconds(1))", "ContinuousClock.now", "let c: SuspendingClock", "Date()",
            "Date.now", "DispatchQueue.main.async {}", "Timer()", "Int.random(in: 0..<3)", "a.shuffled()",
            "a.randomElement()", "SystemRandomNumberGenerator()", "UUID()", "clock_gettime(a, &b)", "time(nil)",
            "Thread.current", "FileHandle.standardError", "FileManager.default", "open(path, 0)", "read(0, b, 1)",
            "Glibc.write(1, b, 1)", "ProcessInfo.processInfo", "getenv(name)", "print(a)", "\"\\(print(a))\"",
        ])
    func everyBannedCallIsFound(code: String) {
        for module in Self.modulesAboveTheLine {
            let file = SourceFile(path: "Sources/\(module)/A.swift", text: "func f() {\n    \(code)\n}")
            #expect(Self.violations(in: file).map(\.line) == [2])
        }
    }

    @Test(
        "what only looks like a banned call passes",
        arguments: [
            "Int.random(in: 0..<3, using: &generator)", "a.shuffled(using: &generator)", "Message.read(frame)",
            "// Date()", "\"print(a)\"", "func open(a: Int) {}", "func read() {}; read()", "enum A { case write(Int) }",
            "UUID(uuid: a)",
            "time(1)", "Task.yield()", "a.time", "self.write(a)",
        ])
    func whatOnlyLooksLikeABannedCallPasses(code: String) {
        let file = SourceFile(path: "Sources/RepriseReplay/A.swift", text: code)
        #expect(Self.violations(in: file).isEmpty)
    }

    @Test func aTrapIsFoundWhereItWouldEndASession() {
        for trap in Self.traps {
            func found(_ module: String) -> [Violation] {
                Self.violations(in: .init(path: "Sources/\(module)/A.swift", text: "\(trap)(\"bug\")"))
            }
            #expect(found("MCPWire").count == 1)
            #expect(found("RepriseRecording").count == 1)
            #expect(found("RepriseReplay").isEmpty)
        }
    }

    @Test func belowTheLineNothingIsBanned() {
        #expect(Self.violations(in: .init(path: "Sources/RepriseProxy/A.swift", text: "Date()")).isEmpty)
        #expect(Self.violations(in: .init(path: "Tests/MCPWireTests/A.swift", text: "Date()")).isEmpty)
    }
}
