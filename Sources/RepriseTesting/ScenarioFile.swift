import Foundation
import RepriseScenarios
import Testing

/// A scenario file as an argument of a test.
public struct ScenarioFile: Sendable, CustomTestStringConvertible {
    /// As given.
    public var path: String
    /// What a failing case is called.
    public var testDescription: String { path }
}
