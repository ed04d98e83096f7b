internal import CPCRE2
package import Diagnostics
internal import Synchronization

/// A regular expression in Python's syntax, run by PCRE2.
///
/// Compiled ones are kept: templates use the same few again and again.
package final class Regex: @unchecked Sendable {
    // Unchecked: a compiled PCRE2 pattern is only read, from any thread; each match makes its own match data.
    private let code: OpaquePointer
    package let groupCount: Int
    /// Named groups and their numbers.
    package let groupNames: [String: Int]

    package struct Options: OptionSet, Hashable, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }
        package static let ignoreCase = Options(rawValue: 1)
        package static let multiline = Options(rawValue: 2)
        /// `.` matches line ends, too: Python's `DOTALL`.
        package static let dotAll = Options(rawValue: 4)
        /// Works on bytes, whatever they encode, as Python's patterns of `bytes` do.
        package static let bytes = Options(rawValue: 8)
    }

    /// One match: byte ranges of the whole and of the groups, nil for a group that took no part.
    package struct Match: Sendable {
        package var ranges: [Range<Int>?]
        package var whole: Range<Int> { ranges[0] ?? 0..<0 }
    }

    private struct Key: Hashable {
        var pattern: String
        var options: Options
    }

    private static let cache = Mutex<[Key: Regex]>([:])

    /// - Throws: A diagnostic with the code `.template` that shows where the pattern is wrong.
    package static func compiled(_ pattern: String, _ options: Options = []) throws(Diagnostic) -> Regex {
        let key = Key(pattern: pattern, options: options)
        if let known = cache.withLock({ $0[key] }) { return known }
        let regex = try Regex(pattern, options)
        cache.withLock { cache in
            if cache.count >= 1000 { cache.removeAll() }
            cache[key] = regex
        }
        return regex
    }

    private init(_ pattern: String, _ options: Options) throws(Diagnostic) {
        var flags = PCRE2_DUPNAMES | PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C
        // With several lines, `^` also matches behind the very last line end, as in Python.
        flags |= PCRE2_ALT_CIRCUMFLEX
        if !options.contains(.bytes) { flags |= PCRE2_UTF | PCRE2_UCP }
        if options.contains(.dotAll) { flags |= PCRE2_DOTALL }
        if options.contains(.ignoreCase) { flags |= PCRE2_CASELESS }
        if options.contains(.multiline) { flags |= PCRE2_MULTILINE }
        let bytes = Array(PatternTranslation.toPCRE(pattern).utf8)
        var errorCode: Int32 = 0
        var errorOffset = 0
        guard let code = pcre2_compile_8(bytes, bytes.count, flags, &errorCode, &errorOffset, nil) else {
            var buffer = [UInt8](repeating: 0, count: 200)
            pcre2_get_error_message_8(errorCode, &buffer, buffer.count)
            let message = String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
            throw Diagnostic(
                .template, "the regular expression '\(pattern)' is wrong at character \(errorOffset): \(message)")
        }
        pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE)
        self.code = code
        var count: UInt32 = 0
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_CAPTURECOUNT), &count)
        groupCount = Int(count)
        groupNames = Self.names(of: code)
    }

    deinit { pcre2_code_free_8(code) }

    private static func names(of code: OpaquePointer) -> [String: Int] {
        var count: UInt32 = 0
        var size: UInt32 = 0
        var table: UnsafePointer<UInt8>?
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMECOUNT), &count)
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMEENTRYSIZE), &size)
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMETABLE), &table)
        guard count > 0, let table else { return [:] }
        var names: [String: Int] = [:]
        for index in 0..<Int(count) {
            let entry = UnsafeBufferPointer(start: table + index * Int(size), count: Int(size))
            let name = String(decoding: entry.dropFirst(2).prefix { $0 != 0 }, as: UTF8.self)
            names[name] = Int(entry[0]) << 8 | Int(entry[1])
        }
        return names
    }

    /// The first match at or after a byte offset.
    ///
    /// - Parameter anchored: Whether it must begin at the offset, as `re.match` wants.
    package func firstMatch(
        in bytes: [UInt8], from start: Int = 0, anchored: Bool = false, notEmpty: Bool = false
    ) throws(Diagnostic) -> Match? {
        guard let data = pcre2_match_data_create_from_pattern_8(code, nil) else {
            throw Diagnostic(.outOfMemory, "no memory for a regular expression's match")
        }
        defer { pcre2_match_data_free_8(data) }
        var flags: UInt32 = 0
        if anchored { flags |= PCRE2_ANCHORED }
        if notEmpty { flags |= PCRE2_NOTEMPTY_ATSTART }
        let result = pcre2_match_8(code, bytes, bytes.count, start, flags, data, nil)
        if result == PCRE2_ERROR_NOMATCH { return nil }
        guard result > 0 else {
            var buffer = [UInt8](repeating: 0, count: 200)
            pcre2_get_error_message_8(result, &buffer, buffer.count)
            throw Diagnostic(
                .template,
                "a regular expression gave up: \(String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self))",
                remedy: "Make the pattern simpler: nested repetitions take exponential time.")
        }
        guard let vector = pcre2_get_ovector_pointer_8(data) else { return nil }
        var ranges: [Range<Int>?] = []
        for group in 0...groupCount {
            let from = Int(vector[2 * group])
            let to = Int(vector[2 * group + 1])
            // A group that took no part has -1; `\K` may put the end before the start.
            ranges.append(from < 0 || to < from ? nil : from..<to)
        }
        return Match(ranges: ranges)
    }

    /// All matches from left to right, as Python's `finditer`: an empty one may follow a match directly.
    package func matches(in text: String, limit: Int = .max) throws(Diagnostic) -> [Match] {
        try matches(in: Array(text.utf8), limit: limit)
    }

    package func matches(in bytes: [UInt8], limit: Int = .max) throws(Diagnostic) -> [Match] {
        var result: [Match] = []
        var position = 0
        var mustNotBeEmpty = false
        while position <= bytes.count, result.count < limit {
            guard let match = try firstMatch(in: bytes, from: position, notEmpty: mustNotBeEmpty) else { break }
            result.append(match)
            position = match.whole.upperBound
            // After an empty match the next must not be the same empty one; after any other it may be empty.
            mustNotBeEmpty = match.whole.isEmpty
        }
        return result
    }
}
