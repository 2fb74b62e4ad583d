import Foundation

/// A file or folder that cannot be read, in words without its path.
struct TestFileError: Error, CustomStringConvertible {
    var problem: String
    var description: String { problem }

    /// Foundation's errors name the path again, and say more than helps.
    static func naming<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch {
            throw TestFileError(problem: (error as? CocoaError).map(\.localizedDescription) ?? "\(error)")
        }
    }
}
