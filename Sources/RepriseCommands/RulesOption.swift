import Foundation
import RepriseProxy
import RepriseRedaction

/// What `--redact` names: the standard rules, a file that adds to them, or `none`.
enum RulesOption {
    /// The rules with their name for the header; nil for `none`. Throws ``CommandFailure`` with exit code 2.
    static func rules(_ option: String) throws -> (name: String, rules: RedactionRules)? {
        if option == "none" { return nil }
        if option == "standard" { return ("standard", withEnvironment(.standard)) }
        let text: String
        do {
            text = String(decoding: try readFile(option), as: UTF8.self)
        } catch {
            throw CommandFailure(.usage, "rules are \"standard\", \"none\" or a file: \(error)")
        }
        do {
            let name = option.split(separator: "/").last.map(String.init) ?? option
            return (name, withEnvironment(try RedactionRules(parsing: text)))
        } catch {
            throw CommandFailure(.usage, "\(option): \(error)")
        }
    }

    private static func withEnvironment(_ rules: RedactionRules) -> RedactionRules {
        let environment = ProcessInfo.processInfo.environment.sorted { $0.key < $1.key }
        return rules.adding(environment: environment.map { (name: $0.key, value: $0.value) })
    }
}
