import Synchronization
import Testing

/// The issues that `body` makes, taken away from the test: what a failing test would show.
func issues(_ body: @Sendable () async throws -> Void) async throws -> [Issue] {
    let found = Collected()
    let trait: IssueHandlingTrait = .compactMapIssues { issue in
        found.issues.withLock { $0.append(issue) }
        return nil
    }
    let test = try #require(Test.current)
    try await trait.provideScope(for: test, testCase: Test.Case.current, performing: body)
    return found.issues.withLock { $0 }
}

private final class Collected: Sendable {
    let issues = Mutex<[Issue]>([])
}

extension Issue {
    /// All its comments, one after the other.
    var text: String { comments.map(\.rawValue).joined(separator: "\n") }

    /// The last line of what is shown.
    var lastLine: String { text.split(separator: "\n").last.map(String.init) ?? "" }
}
