import Foundation

/// The programs under test.
package enum Program {
    /// The `reprise` that was built with these tests.
    package static let reprise = built("reprise")

    package static let python: String? = find("python3")

    /// A program that was built with these tests; it lies beside the test bundle.
    package static func built(_ name: String) -> String {
        let places = [CommandLine.arguments[0], Bundle.main.executablePath ?? ""] + Bundle.allBundles.map(\.bundlePath)
        let folders = places.map { URL(filePath: $0).deletingLastPathComponent().path }
        return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 } ?? "\(folders[0])/\(name)"
    }

    /// Where PATH finds a program.
    package static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
