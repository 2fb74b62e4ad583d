import Foundation
import RepriseScenarios

// Runs scenarios, each with all its revisions and seeds up to the first that fails, and says of each in a line how it went. Exits with
// 0 if all passed, 1 if one failed and 3 if one cannot be read. `reprise run` does more, but takes NIO to build.

let library = ScenarioLibrary(
    entry: { _ in .file }, contents: { path in Array(try Data(contentsOf: URL(filePath: path))) })

func run(_ path: String) throws -> Bool {
    let loaded = try library.scenario(at: path)
    for variant in loaded.onEachRevision {
        for seed in variant.scenario.seeds {
            let result = variant.run(seed: seed)
            if let mismatch = result.mismatches.first {
                print("\(path): failed as \(result.name) with seed \(seed): \(mismatch)")
                return false
            }
        }
    }
    print("\(path): passed")
    return true
}

do {
    var isPassed = true
    for path in CommandLine.arguments.dropFirst() where try !run(path) { isPassed = false }
    exit(isPassed ? 0 : 1)
} catch {
    print(error)
    exit(3)
}
