/// How a process ended.
package enum Ending: Equatable, Sendable {
    case exit(Int32)
    case signal(Int32)
}

/// What a process left.
package struct Finished {
    package var ending: Ending
    package var output: [UInt8]
    package var error: String

    package var text: String { String(decoding: output, as: UTF8.self) }

    /// The lines that reprise itself said on standard error.
    package var said: [String] {
        error.split(separator: "\n").filter { $0.hasPrefix("reprise: ") }.map { String($0.dropFirst(9)) }
    }
}
