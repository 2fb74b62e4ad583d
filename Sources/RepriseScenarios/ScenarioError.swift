/// A scenario that cannot be read, with the place.
public struct ScenarioError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file, as it was given.
    public var path: String
    /// From 1.
    public var line: Int
    /// The keys that lead there, `faults[2].count`; empty at the top.
    public var key: String
    /// What is wrong, and the nearest valid word where there is one.
    public var problem: String

    /// An error at a place.
    public init(path: String, line: Int, key: String, problem: String) {
        self.path = path
        self.line = line
        self.key = key
        self.problem = problem
    }

    /// `scenarios/a.yaml:12: faults[2].count: …`.
    public var description: String { "\(path):\(line): " + (key.isEmpty ? problem : "\(key): \(problem)") }
}
