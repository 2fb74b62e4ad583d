import Testing

/// Holds docs/COVERAGE.md against the tests and scenarios; `make test` holds it against what ran.
@Suite struct CoverageTests {
    @Test func thePageSaysWhatTestsAndScenariosSay() throws {
        let page = CoveragePage(try #require(Repository.file("docs/COVERAGE.md")).text)
        let known = CoveragePage.known(try #require(Repository.file("Tests/Coverage/ids.tsv")).text)
        let problems = page.problems(proofs: Proof.ofRepository, known: known)
        #expect(problems.isEmpty, "docs/COVERAGE.md is old; type make coverage:\n\(problems.joined(separator: "\n"))")
        #expect(!Proof.ofRepository.isEmpty)
    }

    @Test func everyIDOfThePlanIsKnown() throws {
        let known = CoveragePage.known(try #require(Repository.file("Tests/Coverage/ids.tsv")).text)
        let families = [("S", 200, 3), ("RS", 16, 2), ("AE", 16, 2), ("SR", 18, 2), ("EF", 16, 2), ("K", 22, 2)]
        let expected = families.flatMap { family, count, width in
            (1...count).map { number in
                let digits = String(number)
                return "\(family)-" + String(repeating: "0", count: width - digits.count) + digits
            }
        }
        #expect(known.map(\.id) == expected)
        #expect(known.allSatisfy { !$0.name.isEmpty && !$0.name.contains("\t") && $0.name.count <= 80 })
    }

    /// `make test` recognises a case of a scenario by the scenario's name.
    @Test func everyScenarioHasANameOfItsOwnAndSaysWhatItProves() {
        let files = Repository.files.filter { $0.isUnder("scenarios") && $0.path.hasSuffix(".yaml") }
        for file in files {
            let ids = Proof.scenario(file).ids
            #expect(!ids.isEmpty, "\(file.path): its ids have to stand on one line, proves: [S-001, S-002]")
        }
        let names = files.map(\.stem)
        #expect(!names.isEmpty)
        #expect(Set(names).count == names.count, "two scenarios with one name")
    }

    /// A disabled test would stay on the page. One that cannot run everywhere has `.enabled(if:)` with the reason.
    @Test func noTestIsDisabled() {
        #expect(Repository.swiftTests.filter { Self.disables($0.text) }.map(\.path) == [])
        #expect(Self.disables("@Test(\"a\", .disabled(\"slow\")) func b() {}"))
        #expect(Self.disables("@Suite(.disabled(if: slow)) struct B {}"))
        #expect(!Self.disables("@Test(arguments: [A.disabled(.user)]) func b() { a.disabled() }"))
    }

    private static func disables(_ text: String) -> Bool {
        let code = SwiftCode(text)
        let words = code.tokens.map(\.text)
        return words.indices.dropLast(2).contains { index in
            guard words[index] == "@", ["Test", "Suite"].contains(words[index + 1]), words[index + 2] == "(",
                let end = code.closing(index + 2)
            else { return false }
            return (index..<end).contains {
                words[$0] == "." && words[$0 + 1] == "disabled" && words[$0 + 2] == "("
                    && ["\"", ")", "if"].contains(words[$0 + 3])
            }
        }
    }

    @Test func proofsAreReadFromTests() {
        let text = """
            @Suite("S-001: no test") struct OuterTests {
                @Test("S-002, K-01: it holds", .timeLimit(.minutes(1)))
                @available(*, unavailable) func first(a: Int) async {}
                // @Test("S-003: no test") func second() {}
                @Suite struct InnerTests {
                    @Test(
                        "S-004: it holds", arguments: [1])
                    func third() {}
                }
                @Test("of S-005: nothing") func fourth() {}
                @Test func fifth() { let text = "S-006: nothing" }
            }
            extension OuterTests.InnerTests {
                @Test("S-007: it holds") func sixth() {}
            }
            @Test("S-008: it holds") func seventh() { a.matches(of: /\\(/) }
            """
        let expected = [
            Proof(name: "A.OuterTests/first", ids: ["S-002", "K-01"]),
            Proof(name: "A.OuterTests/InnerTests/third", ids: ["S-004"]),
            Proof(name: "A.OuterTests/InnerTests/sixth", ids: ["S-007"]), Proof(name: "A.seventh", ids: ["S-008"]),
        ]
        #expect(Proof.tests(in: text, module: "A") == expected)
    }

    @Test func proofsAreReadFromScenarios() {
        let text = "scenario: a\nproves: [RS-01, S-031]\nexpect:\n  proves: [S-032]\n"
        let proofs = Proof.all(in: .init(path: "scenarios/a/b.yaml", text: text))
        #expect(proofs == [Proof(name: "scenarios/a/b.yaml", ids: ["RS-01", "S-031"])])
    }

    @Test(
        "what a page gets wrong is found",
        arguments: [
            ("  - A.B/c\n", "", "S-001: A.B/c names it"),
            ("  - A.B/c\n", "  - A.B/c\n  - A.B/d\n", "S-001: A.B/d does not name it"),
            ("S-001 one", "S-001 one: **missing**", "S-001: missing, or proven?"),
            ("two: **missing**", "two", "S-002: missing, or proven?"),
            ("two: **missing**", "two\n  - scenarios/x/y.yaml", "S-002: scenarios/x/y.yaml does not name it"),
            ("- S-002 two: **missing**\n", "", "its ids and their names are not those of Tests/Coverage/ids.tsv"),
            ("| S | s | 1 | 2 |", "| S | s | 2 | 2 |", "S: the total is [1, 2]"),
            ("| all | | 1 | 2 |", "", "all: the total is [1, 2]"),
        ])
    func wrongPages(old: String, new: String, problem: String) {
        let text = """
            | S | s | 1 | 2 |
            | all | | 1 | 2 |
            - S-001 one
              - A.B/c
            - S-002 two: **missing**

            """
        let known = CoveragePage.known("S-001\tone\nS-002\ttwo\n")
        let proofs = [Proof(name: "A.B/c", ids: ["S-001"])]
        #expect(CoveragePage(text).problems(proofs: proofs, known: known) == [])
        let changed = CoveragePage(text.replacing(old, with: new))
        #expect(changed.problems(proofs: proofs, known: known).contains(problem))
    }
}
