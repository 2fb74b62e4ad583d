import Foundation
import RepriseScenarios
import Testing

/// What the environment of the test run chooses, and how the present test is run again.
enum TestEnvironment {
    /// The seeds that `SCENARIO_SEEDS` asks for; nil if it is not set. Throws for what is no seed.
    static func seeds(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws -> [UInt64]? {
        guard let text = environment["SCENARIO_SEEDS"], !text.isEmpty else { return nil }
        do {
            return Array(try SeedRange(text).seeds)
        } catch {
            throw TestFileError(problem: "SCENARIO_SEEDS: \(error)")
        }
    }

    /// The command that runs the present test again, with variables such as `SCENARIO_SEEDS=7` before it.
    static func command(_ variables: String = "") -> String {
        let prefix = variables.isEmpty ? "" : variables + " "
        guard let test = Test.current else { return prefix + "swift test" }
        // An id is Module.Suite/function()/File.swift:1:2, and --filter takes a regular expression.
        let name = "\(test.id)".split(separator: "/").dropLast().joined(separator: "/")
        let pattern = name.replacing("(", with: #"\("#).replacing(")", with: #"\)"#)
        return "\(prefix)swift test --filter '\(pattern)'"
    }
}
