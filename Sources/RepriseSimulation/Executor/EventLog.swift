import MCPCore

/// What happened in a simulation, in order; the same for the same scenario and seed, byte for byte (S-174).
public struct EventLog: Sendable, Equatable, CustomStringConvertible {
    /// One thing that happened.
    public struct Entry: Sendable, Equatable {
        /// When it happened.
        public var at: Instant
        /// What it was.
        public var text: String
    }

    /// In the order in which they were noted.
    public private(set) var entries: [Entry] = []

    mutating func append(_ text: String, at instant: Instant) {
        entries.append(Entry(at: instant, text: text))
    }

    /// One line an entry: the instant in seconds, a tab, the text.
    public var description: String {
        var text = ""
        for entry in entries { text += "\(entry.at)\t\(entry.text)\n" }
        return text
    }
}
