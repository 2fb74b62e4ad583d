import CPCRE2

/// Why PCRE2 refused a regular expression.
struct PatternError: Error, Equatable {
    var offset: Int
    var message: String
}

/// A regular expression compiled once; immutable, so that copies of a redactor share it.
final class CompiledPattern: @unchecked Sendable {
    /// How one match attempt over a whole text ended.
    enum Outcome: Equatable { case complete, exhausted }

    /// Where the secret of a match stands, and the name that goes with it.
    struct Match {
        var secret: Range<Int>
        var name: Range<Int>?
    }

    /// What the caller wants after a match: go on behind it, or try again from an offset.
    enum Next { case afterMatch, from(Int) }

    let name: String
    private let code: OpaquePointer
    private let isJIT: Bool
    private let secretGroup: Int
    private let nameGroup: Int

    /// Compiles `regex`, as bytes (`isUTF` false: rules of ours, ASCII) or as UTF-8 that tolerates unpaired surrogates.
    init(name: String, regex: String, isUTF: Bool) throws(PatternError) {
        var errorCode: CInt = 0
        var errorOffset = 0
        let source = Array(regex.utf8)
        let options = isUTF ? UInt32(PCRE2_UTF) | UInt32(PCRE2_MATCH_INVALID_UTF) : 0
        guard let code = pcre2_compile_8(source, source.count, options, &errorCode, &errorOffset, nil) else {
            var text = [UInt8](repeating: 0, count: 256)
            let count = Int(pcre2_get_error_message_8(errorCode, &text, text.count))
            throw PatternError(
                offset: errorOffset, message: String(decoding: text.prefix(max(count, 0)), as: UTF8.self))
        }
        let secretGroup = max(Int(pcre2_substring_number_from_name_8(code, Array("secret".utf8) + [0])), 0)
        guard secretGroup < MatchWorkspace.pairCount else {
            pcre2_code_free_8(code)
            throw PatternError(offset: 0, message: "group `secret` is not among the first 15 groups")
        }
        self.name = name
        self.code = code
        self.secretGroup = secretGroup
        isJIT = pcre2_jit_compile_8(code, UInt32(PCRE2_JIT_COMPLETE)) == 0
        nameGroup = max(Int(pcre2_substring_number_from_name_8(code, Array("name".utf8) + [0])), 0)
    }

    deinit { pcre2_code_free_8(code) }

    /// Calls `body` with the place of each match's secret (group `secret`, else all of it) and of its group `name`.
    func forEachMatch(
        in text: UnsafeBufferPointer<UInt8>, using workspace: MatchWorkspace,
        _ body: (Match) -> Next
    ) -> Outcome {
        guard let base = text.baseAddress else { return .complete }
        var start = 0
        while start < text.count {
            let count = match(base, text.count, start, workspace)
            if count == PCRE2_ERROR_NOMATCH { return .complete }
            if count < 0 { return .exhausted }
            let vector = workspace.vector
            // \K and look-behinds can put the start behind the end: PCRE2 documents it, and it is no place.
            guard let whole = range(vector, 0) else { return .complete }
            let secret = secretGroup > 0 ? range(vector, secretGroup) : whole
            let name = nameGroup > 0 ? range(vector, nameGroup) : nil
            var next = max(whole.upperBound, start + (whole.isEmpty ? 1 : 0))
            if let secret, !secret.isEmpty, case .from(let offset) = body(Match(secret: secret, name: name)) {
                next = offset
            }
            start = max(next, start + 1)
        }
        return .complete
    }

    private func match(_ base: UnsafePointer<UInt8>, _ count: Int, _ start: Int, _ workspace: MatchWorkspace) -> CInt {
        if isJIT {
            let result = pcre2_jit_match_8(code, base, count, start, 0, workspace.data, workspace.context)
            if result != PCRE2_ERROR_JIT_STACKLIMIT { return result }
        }
        return pcre2_match_8(code, base, count, start, UInt32(PCRE2_NO_JIT), workspace.data, workspace.context)
    }

    private func range(_ vector: UnsafeMutablePointer<Int>, _ group: Int) -> Range<Int>? {
        // A group behind the workspace's room was not reported; `init` refuses such a `secret`.
        guard group < MatchWorkspace.pairCount else { return nil }
        let lower = vector[group * 2]
        let upper = vector[group * 2 + 1]
        return lower >= 0 && lower <= upper ? lower..<upper : nil
    }
}

/// The scratch memory of matching, made for one text and never shared between threads.
final class MatchWorkspace {
    /// Room for the whole match and the groups that rules use.
    static let pairCount = 16
    /// PCRE2 counts steps of backtracking; beyond it a pattern is given up for this text.
    static let matchLimit: UInt32 = 1_000_000
    /// KiB of heap that the interpreter may take where the JIT's stack does not suffice.
    static let heapLimitKiB: UInt32 = 16_384

    let data: OpaquePointer
    let context: OpaquePointer

    /// Nil when memory is exhausted.
    init?() {
        guard let data = pcre2_match_data_create_8(UInt32(Self.pairCount), nil) else { return nil }
        guard let context = pcre2_match_context_create_8(nil) else {
            pcre2_match_data_free_8(data)
            return nil
        }
        pcre2_set_match_limit_8(context, Self.matchLimit)
        pcre2_set_heap_limit_8(context, Self.heapLimitKiB)
        self.data = data
        self.context = context
    }

    deinit {
        pcre2_match_data_free_8(data)
        pcre2_match_context_free_8(context)
    }

    var vector: UnsafeMutablePointer<Int> { pcre2_get_ovector_pointer_8(data) }
}
