import Foundation

/// A program that serves HTTP on this machine until it is told to stop, and says where on standard error.
package final class HTTPProgram {
    /// Where it is: the first URL that it names and that is not of the server behind it.
    package let url: String
    private let process: RunningProcess

    package init(_ command: [String], inFrontOf other: String? = nil, environment: [String: String?] = [:]) throws {
        let process = try RunningProcess(command, environment: environment, deadline: 600)
        var found: String?
        try process.deadline.wait("\(command[0]) names no URL: \(process.errorSoFar)") {
            if !process.isRunning { throw HarnessError("\(command[0]) ended: \(process.errorSoFar)") }
            // The last line may be half of one.
            let lines = process.errorSoFar.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            let words = lines.flatMap { $0.split { " \"'()<>,;".contains($0) } }.map(String.init)
            found = words.first { $0.hasPrefix("http://") && $0 != other }
            return found != nil
        }
        guard let found else { throw HarnessError("\(command[0]) names no URL") }
        self.process = process
        url = found
    }

    /// Ends the program as a user does with Ctrl-C, and waits for its end.
    @discardableResult
    package func stop() throws -> Finished {
        kill(process.id, SIGINT)
        return try process.finish()
    }
}
