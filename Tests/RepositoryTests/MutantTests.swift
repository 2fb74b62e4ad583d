import Testing

/// Holds Tests/Mutants/mutants.txt against the sources and the scenarios; `make mutants` applies them.
@Suite struct MutantTests {
    static let scenarios = Set(
        Repository.files.filter { $0.isUnder("scenarios") && $0.path.hasSuffix(".yaml") }.map(\.stem))

    static func mutants() throws -> [Mutant] {
        Mutant.all(in: try #require(Repository.file("Tests/Mutants/mutants.txt")))
    }

    @Test func everyMutantCanBeApplied() throws {
        let problems = try Self.mutants().compactMap { mutant in
            mutant.problem(in: Repository.files, scenarios: Self.scenarios).map {
                "Tests/Mutants/mutants.txt:\(mutant.recordLine): \(mutant.name): \($0)"
            }
        }
        #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
    }

    @Test func everyScenarioHasAMutantThatItMustNotice() throws {
        let killed = Set(try Self.mutants().flatMap(\.kills))
        #expect(Self.scenarios.subtracting(killed).sorted() == [], "no mutant breaks what these are there for")
    }

    @Test func everyMutantHasANameOfItsOwn() throws {
        let names = try Self.mutants().map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.wholeMatch(of: /[a-z0-9-]+/) != nil && !Self.scenarios.contains($0) })
    }

    @Test(
        "what makes a mutant useless is found",
        arguments: [
            ("line: b()", "line: a()", "its line stands 2 times in Sources/A/A.swift"),
            ("line: b()", "line: gone()", "its line stands 0 times in Sources/A/A.swift"),
            ("line: b()", "below: gone()\nline: b()", "the line above it stands 0 times in Sources/A/A.swift"),
            ("line: b()", "below: c()\nline: b()", "its line does not stand there in Sources/A/A.swift"),
            ("with: d()", "with: b()", "it changes nothing"),
            ("A.swift", "B.swift", "there is no Sources/A/B.swift"),
            ("kills: x", "kills: x, y", "there is no scenario y"),
            ("why: w", "wyh: w", "its keys are file, kills, line, mutant, with, wyh"),
        ])
    func uselessMutants(old: String, new: String, problem: String) throws {
        let source = SourceFile(path: "Sources/A/A.swift", text: "a()\n    b()\na()\nc()\n")
        let text = "# note\n\nmutant: m\nfile: Sources/A/A.swift\nline: b()\nwith: d()\nkills: x\nwhy: w\n"
        func problems(_ text: String) -> [String?] {
            Mutant.all(in: .init(path: "m.txt", text: text)).map { $0.problem(in: [source], scenarios: ["x"]) }
        }
        #expect(problems(text) == [nil])
        #expect(problems(text.replacing("line: b()", with: "below: b()\nline: a()")) == [nil])
        #expect(problems(text.replacing(old, with: new)) == [problem])
    }
}
