import Foundation
import MCPTransports
import RepriseProxy

/// The part of a suite that this process runs, as an engine that spreads suites over machines says in the environment.
///
/// The variables are those of Bazel's protocol: `TEST_TOTAL_SHARDS`, `TEST_SHARD_INDEX` from 0, and
/// `TEST_SHARD_STATUS_FILE`, a file whose being touched says that sharding is understood.
struct Shard: Equatable {
    var index: Int
    var total: Int

    /// The shard that the environment names; nil for none, which is all cases. Throws ``CommandFailure`` (usage).
    init?(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        let total = environment["TEST_TOTAL_SHARDS"] ?? ""
        let index = environment["TEST_SHARD_INDEX"] ?? ""
        if total.isEmpty, index.isEmpty { return nil }
        guard let count = Int(total), count > 0 else {
            throw CommandFailure(.usage, "TEST_TOTAL_SHARDS is \"\(total)\", but takes a number from 1")
        }
        guard let number = Int(index), (0..<count).contains(number) else {
            throw CommandFailure(.usage, "TEST_SHARD_INDEX is \"\(index)\", but takes a number from 0 to \(count - 1)")
        }
        self.index = number
        self.total = count
        guard let file = environment["TEST_SHARD_STATUS_FILE"], !file.isEmpty else { return }
        guard FileManager.default.createFile(atPath: file, contents: nil) else {
            throw CommandFailure(.usage, "TEST_SHARD_STATUS_FILE: \(SystemError("cannot write \(file)"))")
        }
    }

    /// Every `total`-th element, so that long scenarios are spread evenly.
    func part<T>(of elements: [T]) -> [T] {
        stride(from: index, to: elements.count, by: total).map { elements[$0] }
    }
}
