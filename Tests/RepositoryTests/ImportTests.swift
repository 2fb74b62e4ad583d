import Testing

/// Imports, targets and folders agree with the table in docs/ARCHITECTURE.md.
@Suite struct ImportTests {
    static let table = ArchitectureTable(Repository.file(ArchitectureTable.path)?.text ?? "")

    /// The modules that a file imports, in whatever form and under whatever condition.
    static func imports(in text: String) -> [(module: String, line: Int)] {
        let tokens = SwiftCode(text).tokens
        let kinds: Set = ["struct", "class", "enum", "protocol", "typealias", "func", "var", "let"]
        return tokens.indices.compactMap { index in
            guard tokens[index].text == "import", index + 1 < tokens.count else { return nil }
            let hasKind = kinds.contains(tokens[index + 1].text) && index + 2 < tokens.count
            let module = tokens[index + (hasKind ? 2 : 1)]
            return (module.text, module.line)
        }
    }

    static func violations(
        in file: SourceFile, table: ArchitectureTable, testModules: Set<String> = []
    ) -> [Violation] {
        guard let module = file.module else { return [] }
        let isTest = file.isUnder("Tests")
        guard let allowed = table.allowed(for: module, isTest: isTest, testModules: testModules) else {
            return [Violation(path: file.path, line: 1, problem: "\(module) is not in the table of modules")]
        }
        return imports(in: file.text).filter { !allowed.contains($0.module) }.map {
            Violation(path: file.path, line: $0.line, problem: "\(module) may not import \($0.module)")
        }
    }

    static func violations(in manifest: PackageManifest, table: ArchitectureTable) -> [Violation] {
        let testModules = Set(manifest.targets.filter(\.isTest).map(\.name))
        return manifest.targets.flatMap { target -> [Violation] in
            let allowed = table.allowed(for: target.name, isTest: target.isTest, testModules: testModules) ?? []
            return target.dependencies.filter { !allowed.contains($0) }.map {
                Violation(path: "Package.swift", line: target.line, problem: "\(target.name) may not depend on \($0)")
            }
        }
    }

    /// Modules that have a folder, a target and a row, but not all three.
    static func incomplete(folders: Set<String>, targets: Set<String>, rows: Set<String>) -> [String] {
        folders.union(targets).union(rows).sorted().compactMap { module in
            let missing = [
                folders.contains(module) ? nil : "a folder in Sources",
                targets.contains(module) ? nil : "a target",
                rows.contains(module) ? nil : "a row in the table",
            ].compactMap(\.self)
            return missing.isEmpty ? nil : "\(module) lacks \(missing.joined(separator: " and "))"
        }
    }

    @Test func everyImportIsAllowedByTheTable() {
        let testModules = Set(Repository.swiftTests.compactMap(\.module))
        let files = Repository.swiftSources + Repository.swiftTests
        let found = files.flatMap { Self.violations(in: $0, table: Self.table, testModules: testModules) }
        #expect(found.isEmpty, "\(found.report)")
        #expect(files.contains { !Self.imports(in: $0.text).isEmpty })
    }

    @Test func everyDependencyInThePackageIsAllowedByTheTable() throws {
        let manifest = PackageManifest(try #require(Repository.file("Package.swift")).text)
        let found = Self.violations(in: manifest, table: Self.table)
        #expect(found.isEmpty, "\(found.report)")
    }

    @Test func foldersTargetsAndRowsAreTheSameModules() throws {
        let folders = Repository.files.filter { $0.isUnder("Sources") }.compactMap(\.module)
        let targets = PackageManifest(try #require(Repository.file("Package.swift")).text).targets
        let found = Self.incomplete(
            folders: Set(folders), targets: Set(targets.filter { !$0.isTest }.map(\.name)),
            rows: Set(Self.table.imports.keys))
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
        #expect(!folders.isEmpty)
    }

    @Test(
        "every form of import is seen",
        arguments: [
            "import Foundation", "@testable import Foundation", "public import Foundation",
            "@_spi(Private) @preconcurrency internal import Foundation", "import struct Foundation.Data",
            "import Foundation.NSObject", "import MCPWire; import Foundation",
            "#if canImport(Foundation)\n    import Foundation\n#else\n#endif",
        ])
    func everyFormOfImportIsSeen(text: String) {
        let file = SourceFile(path: "Sources/Core/A.swift", text: text)
        let table = ArchitectureTable("| module | holds | may import |\n|---|---|---|\n| Core | x | `MCPWire` |")
        let found = Self.violations(in: file, table: table)
        #expect(found.map(\.problem) == ["Core may not import Foundation"])
    }

    @Test func whatTheTableAllowsAndWhatIsNoImportPass() {
        let text = "import MCPWire // import Foundation\nlet a = \"import Foundation\""
        let table = ArchitectureTable("| module | holds | may import |\n|---|---|---|\n| Core | x | `MCPWire` |")
        #expect(Self.violations(in: .init(path: "Sources/Core/A.swift", text: text), table: table).isEmpty)
        #expect(Self.violations(in: .init(path: "Sources/Other/A.swift", text: text), table: table).count == 1)
        #expect(Self.violations(in: .init(path: "Tests/CoreTests/A.swift", text: text), table: table).count == 1)
    }

    @Test func aDependencyOutsideTheTableIsFound() {
        let manifest = PackageManifest(
            """
            // .target(name: "Comment", dependencies: ["Z"]),
            .target(name: "Core", dependencies: ["MCPWire", .product(name: "NIO", package: "swift-nio")]),
            .target(name: "MCPWire"),
            .testTarget(
                name: "CoreTests",
                dependencies: ["Core"]),
            """)
        let table = ArchitectureTable("| module | holds | may import |\n|---|---|---|\n| Core | x | `MCPWire` |")
        #expect(manifest.targets.map(\.name) == ["Core", "MCPWire", "CoreTests"])
        #expect(manifest.targets[0].dependencies == ["MCPWire", "NIO"])
        let found = Self.violations(in: manifest, table: table)
        #expect(found.map(\.problem) == ["Core may not depend on NIO"])
    }

    @Test func aModuleWithoutItsRowFolderOrTargetIsFound() {
        let found = Self.incomplete(folders: ["A", "B"], targets: ["A", "C"], rows: ["A", "C"])
        #expect(found == ["B lacks a target and a row in the table", "C lacks a folder in Sources"])
    }
}
