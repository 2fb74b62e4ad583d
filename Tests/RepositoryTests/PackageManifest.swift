/// The targets of a Package.swift with their dependencies, read from its text.
///
/// Asking SwiftPM would wait for the lock that the running `swift test` holds.
struct PackageManifest: Sendable {
    struct Target: Equatable, Sendable {
        var name: String
        /// Whether it lies below Tests: a test target, or what several of them share.
        var isTest: Bool
        var dependencies: [String]
        var line: Int
    }

    var targets: [Target] = []

    init(_ text: String) {
        let bytes = Array(text.utf8)
        let code = SwiftCode(text)
        let tokens = code.tokens
        let kinds = ["target", "executableTarget", "testTarget", "systemLibrary"]
        for index in tokens.indices.dropFirst() {
            guard kinds.contains(tokens[index].text), tokens[index - 1].text == ".", index + 1 < tokens.count,
                tokens[index + 1].text == "(", let end = code.closing(index + 1)
            else { continue }
            let arguments = Arguments(code: code, bytes: bytes, range: (index + 2)..<end)
            guard let name = arguments.strings(of: "name").first else { continue }
            targets.append(
                Target(
                    name: name,
                    isTest: tokens[index].text == "testTarget"
                        || arguments.strings(of: "path").contains { $0.hasPrefix("Tests/") },
                    dependencies: arguments.strings(of: "dependencies"), line: tokens[index].line))
        }
    }
}

/// The labelled arguments of one call.
private struct Arguments {
    let code: SwiftCode
    let bytes: [UInt8]
    let range: Range<Int>

    /// The string literals that belong to the label: one, or the elements of an array.
    ///
    /// Of `.product(name: "A", package: "b")` only the product counts, since that is the module's name.
    func strings(of label: String) -> [String] {
        let tokens = code.tokens
        guard let start = range.first(where: { tokens[$0].text == label && tokens[$0 + 1].text == ":" }) else {
            return []
        }
        let first = start + 2
        let end = tokens[first].text == "[" ? code.closing(first) ?? range.upperBound : first + 1
        var found: [String] = []
        var index = first
        while index <= end, index + 1 < tokens.count {
            if tokens[index].text == "\"" {
                let isPackage = tokens[index - 1].text == ":" && tokens[index - 2].text == "package"
                let content = (tokens[index].offset + 1)..<tokens[index + 1].offset
                if !isPackage { found.append(String(decoding: bytes[content], as: UTF8.self)) }
                index += 1
            }
            index += 1
        }
        return found
    }
}
