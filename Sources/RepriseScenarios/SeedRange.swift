/// Seeds as they are written on a command line and in the environment: `7`, or `1...100`.
public struct SeedRange: Sendable, Equatable {
    /// More seeds in one range are refused.
    public static let countMax: UInt64 = 100_000

    /// The seeds, in order.
    public var seeds: ClosedRange<UInt64>

    /// Reads a seed or a range of seeds; throws ``SeedRangeError`` that names what is wrong.
    public init(_ text: String) throws(SeedRangeError) {
        let parts = text.split(separator: "...", omittingEmptySubsequences: false)
        guard parts.count <= 2, let first = UInt64(parts[0]), let last = UInt64(parts[parts.count - 1]) else {
            throw SeedRangeError(problem: "\"\(text)\" is no seed: write a number, or a range such as 1...100")
        }
        guard first <= last else {
            throw SeedRangeError(problem: "the range of seeds \(text) is turned round: write \(last)...\(first)")
        }
        guard last - first < Self.countMax else {
            throw SeedRangeError(problem: "\(text) are more than \(Self.countMax) seeds")
        }
        seeds = first...last
    }
}

/// Why a text is no range of seeds.
public struct SeedRangeError: Error, Sendable, Equatable, CustomStringConvertible {
    /// One sentence.
    public var problem: String
    /// The problem.
    public var description: String { problem }
}
