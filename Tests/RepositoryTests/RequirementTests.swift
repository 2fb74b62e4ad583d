import Testing

/// Holds docs/REQUIREMENTS.md against the ids that the tests name.
@Suite struct RequirementTests {
    @Test func theRequirementsAreThoseThatTestsName() throws {
        let stated = Self.statedIDs(try #require(Repository.file("docs/REQUIREMENTS.md")).text)
        let proven = Repository.swiftTests.filter { !$0.isUnder("Tests/RepositoryTests") }
            .reduce(into: Set<String>()) { $0.formUnion(Self.provenIDs($1.text)) }
        #expect(!stated.isEmpty)
        #expect(stated.subtracting(proven).sorted() == [], "stated, but no test names them")
        #expect(proven.subtracting(stated).sorted() == [], "named by tests, but not stated")
    }

    @Test func idsAreReadFromTablesAndDisplayNames() {
        #expect(Self.statedIDs("| id | sentence |\n| S-005 | It holds. |\ntext S-006\n") == ["S-005"])
        #expect(Self.provenIDs(#"@Test("S-007, K-01: it holds") // S-008"#) == ["S-007", "K-01"])
        #expect(Self.provenIDs("let id = S-009") == [])
    }

    /// Ids in the first column of a table.
    private static func statedIDs(_ markdown: String) -> Set<String> {
        Set(markdown.matches(of: /(?m)^\| ([A-Z]{1,2}-[0-9]+) \|/).map { String($0.1) })
    }

    /// Ids with which a string literal begins, separated by commas and ended by a colon.
    private static func provenIDs(_ code: String) -> Set<String> {
        let lists = code.matches(of: /"((?:[A-Z]{1,2}-[0-9]+(?:, )?)+):/).map { $0.1 }
        return Set(lists.flatMap { $0.split(separator: ", ").map(String.init) })
    }
}
