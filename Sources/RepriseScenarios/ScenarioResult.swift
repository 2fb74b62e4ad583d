import MCPCore
import RepriseSimulation

/// What a run of a scenario with one seed came to.
public struct ScenarioResult: Sendable, Equatable {
    /// The scenario's name, followed by the revision if it runs with several.
    public var name: String
    /// The scenario's file, as it was given.
    public var path: String
    /// The revision with which it was run, if its scenario has several.
    public var revision: String?
    /// The seed with which it was run.
    public var seed: UInt64
    /// Empty when everything held; the first is the earliest point where the run left what was expected.
    public var mismatches: [ScenarioMismatch]
    /// What happened, in order.
    public var events: [ScenarioEvent]
    /// Jobs and callbacks that the simulation ran.
    public var stepCount: Int
    /// Virtual time at the end.
    public var end: Instant
    /// Why the run was stopped; its `mismatches` then say so too.
    public var failure: SimulationFailure?

    /// Whether everything held.
    public var isPassed: Bool { mismatches.isEmpty }

    /// The events, one a line: instant in seconds, tab, text. The same for the same seed, byte for byte (S-174).
    public var transcript: String { events.map { "\($0)\n" }.joined() }

    /// The command that runs exactly this case again.
    public var command: String {
        "reprise run \(Self.quoted(path))\(revision.map { " --revision \($0)" } ?? "") --seed \(seed)"
    }

    /// A path as a shell takes it.
    private static func quoted(_ path: String) -> String {
        let isPlain = path.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x40...0x5A).contains($0) || (0x2B...0x3A).contains($0) || $0 == 0x5F
        }
        return isPlain && !path.isEmpty ? path : "'" + path.replacing("'", with: #"'\''"#) + "'"
    }
}

/// One place where a run left what its scenario expects.
public struct ScenarioMismatch: Sendable, Equatable, CustomStringConvertible {
    /// The line of the scenario's file that was not met; nil for an observation that nothing expects.
    public var line: Int?
    /// When it happened, or should have; nil if that cannot be said.
    public var at: Instant?
    /// Expected and got, in words.
    public var text: String

    /// A mismatch.
    public init(line: Int?, at: Instant?, text: String) {
        self.line = line
        self.at = at
        self.text = text
    }

    /// The text after instant and line, as far as there are any.
    public var description: String {
        let place = [at.map { "at \($0) s" }, line.map { "line \($0)" }].compactMap(\.self).joined(separator: ", ")
        return place.isEmpty ? text : "\(place): \(text)"
    }
}
