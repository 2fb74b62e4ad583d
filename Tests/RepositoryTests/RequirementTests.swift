import Testing

/// Holds docs/REQUIREMENTS.md against the ids that tests and scenarios name.
@Suite struct RequirementTests {
    @Test func theRequirementsAreThoseThatTestsAndScenariosName() throws {
        let stated = Self.statedIDs(try #require(Repository.file("docs/REQUIREMENTS.md")).text)
        let proven = Set(Proof.ofRepository.flatMap(\.ids))
        #expect(!stated.isEmpty)
        #expect(stated.subtracting(proven).sorted() == [], "stated, but no test and no scenario names them")
        #expect(proven.subtracting(stated).sorted() == [], "named by tests or scenarios, but not stated")
    }

    @Test func idsAreReadFromTables() {
        #expect(Self.statedIDs("| id | sentence |\n| S-005 | It holds. |\ntext S-006\n") == ["S-005"])
    }

    /// Ids in the first column of a table.
    private static func statedIDs(_ markdown: String) -> Set<String> {
        Set(markdown.matches(of: /(?m)^\| ([A-Z]{1,2}-[0-9]+) \|/).map { String($0.1) })
    }
}
