import Foundation
import MCPWire
import Testing

/// The files of JSONTestSuite (github.com/nst/JSONTestSuite), where a copy lies beside the repository.
@Suite struct JSONTestSuiteTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "../shared/data/JSONTestSuite/test_parsing").standardizedFileURL

    static let names: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))) ?? [])
        .filter { $0.hasSuffix(".json") }.sorted()

    /// What the suite leaves to the implementation: our verdict, and why.
    static let decisions: [String: (isAccepted: Bool, reason: String)] = {
        let exact = (true, "numbers are decimals of any size")
        let surrogate = (true, "an unpaired surrogate escape is within the grammar; the summary tells of it")
        let encoding = (false, "not UTF-8")
        return [
            "i_number_double_huge_neg_exp.json": exact, "i_number_huge_exp.json": exact,
            "i_number_neg_int_huge_exp.json": exact, "i_number_pos_double_huge_exp.json": exact,
            "i_number_real_neg_overflow.json": exact, "i_number_real_pos_overflow.json": exact,
            "i_number_real_underflow.json": exact, "i_number_too_big_neg_int.json": exact,
            "i_number_too_big_pos_int.json": exact, "i_number_very_big_negative_int.json": exact,
            "i_object_key_lone_2nd_surrogate.json": surrogate, "i_string_1st_surrogate_but_2nd_missing.json": surrogate,
            "i_string_1st_valid_surrogate_2nd_invalid.json": surrogate,
            "i_string_incomplete_surrogate_and_escape_valid.json": surrogate,
            "i_string_incomplete_surrogate_pair.json": surrogate,
            "i_string_incomplete_surrogates_escape_valid.json": surrogate,
            "i_string_invalid_lonely_surrogate.json": surrogate, "i_string_invalid_surrogate.json": surrogate,
            "i_string_inverted_surrogates_U+1D11E.json": surrogate, "i_string_lone_second_surrogate.json": surrogate,
            "i_string_UTF-16LE_with_BOM.json": encoding, "i_string_UTF-8_invalid_sequence.json": encoding,
            "i_string_UTF8_surrogate_U+D800.json": encoding, "i_string_invalid_utf-8.json": encoding,
            "i_string_iso_latin_1.json": encoding, "i_string_lone_utf8_continuation_byte.json": encoding,
            "i_string_not_in_unicode_range.json": encoding, "i_string_overlong_sequence_2_bytes.json": encoding,
            "i_string_overlong_sequence_6_bytes.json": encoding,
            "i_string_overlong_sequence_6_bytes_null.json": encoding, "i_string_truncated-utf-8.json": encoding,
            "i_string_utf16BE_no_BOM.json": encoding, "i_string_utf16LE_no_BOM.json": encoding,
            "i_structure_500_nested_arrays.json": (true, "500 levels are below the default limit of 1024"),
            "i_structure_UTF-8_BOM_empty_object.json": (
                false, "RFC 8259 section 8.1 allows refusing a byte-order mark"
            ),
        ]
    }()

    @Test(
        "JSONTestSuite: every y_ file accepted, every n_ file refused, every i_ file as decided",
        .enabled(if: !names.isEmpty, "JSONTestSuite is not at ../shared/data/JSONTestSuite beside the repository"),
        arguments: names)
    func verdictIsTheSuites(name: String) throws {
        let text = [UInt8](try Data(contentsOf: Self.folder.appending(path: name)))
        let isAccepted: Bool
        switch name.first {
        case "y": isAccepted = true
        case "n": isAccepted = false
        default: isAccepted = try #require(Self.decisions[name], "no decision for \(name)").isAccepted
        }
        let scanned = summary(text)
        #expect(scanned.isSuccess == isAccepted, "\(Self.decisions[name]?.reason ?? "")")
        #expect(documentSummary(text) == scanned)
    }

    @Test(.enabled(if: !names.isEmpty, "JSONTestSuite is not at ../shared/data/JSONTestSuite beside the repository"))
    func theWholeSuiteIsThere() {
        #expect(Self.names.count == 318)
        #expect(Set(Self.names.filter { $0.hasPrefix("i_") }) == Set(Self.decisions.keys))
    }
}
