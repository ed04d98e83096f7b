internal import Diagnostics

/// Works out where in a file a byte of a template's text was written.
enum PlaceFinder {
    /// The place of an offset in a text whose first character was written at `origin`.
    ///
    /// A template file and a literal block scalar keep their lines, so the line is counted and the column found
    /// by looking the text up in that line. Folded and quoted scalars do not: there the words around the offset
    /// are searched for from the origin on.
    static func place(of offset: Int, in text: String, origin: SourceLocation?, isSecret: Bool) -> SourceLocation? {
        let (line, column, content) = position(of: offset, in: text)
        guard let origin else {
            let file = SourceFile(name: "<template>", text: text, isSecret: isSecret)
            return SourceLocation(file: file, line: line, column: column)
        }
        if origin.line == 1, origin.column == 1 {
            return SourceLocation(file: origin.file, line: line, column: column)
        }
        let expectedLine = origin.line + line - 1
        let from = line == 1 ? origin.column : 1
        // The whole line of the template, as it stands in the file.
        let trimmed = trimmedBlanks(content)
        let leading = content.utf8.count - trimmedLeft(content).utf8.count
        if column > leading, let written = origin.file.line(expectedLine),
            let found = find(trimmed, in: written, from: from)
        {
            return SourceLocation(file: origin.file, line: expectedLine, column: found + column - 1 - leading)
        }
        // Not written on one line: search for the words that begin at the offset.
        let rest = String(content.dropFirst(column - 1))
        let wordSets = [String(rest.prefix(24)), String(rest.prefix { $0 != " " && $0 != "\"" && $0 != "\\" })]
        for words in wordSets where words.count >= 1 {
            var number = origin.line
            while number < origin.line + 200, let written = origin.file.line(number) {
                if let found = find(words, in: written, from: number == origin.line ? origin.column : 1) {
                    return SourceLocation(file: origin.file, line: number, column: found)
                }
                number += 1
            }
        }
        if line == 1 {
            return SourceLocation(file: origin.file, line: origin.line, column: origin.column + column - 1)
        }
        return SourceLocation(file: origin.file, line: expectedLine, column: column)
    }

    /// Line and column of an offset, both counted from 1, and the whole line.
    private static func position(of offset: Int, in text: String) -> (line: Int, column: Int, content: String) {
        let bytes = Array(text.utf8)
        let end = min(max(offset, 0), bytes.count)
        var line = 1
        var start = 0
        for index in 0..<end where bytes[index] == UInt8(ascii: "\n") {
            line += 1
            start = index + 1
        }
        var stop = end
        while stop < bytes.count, bytes[stop] != UInt8(ascii: "\n") { stop += 1 }
        let column = String(decoding: bytes[start..<end], as: UTF8.self).count + 1
        return (line, column, String(decoding: bytes[start..<stop], as: UTF8.self))
    }

    private static func trimmedLeft(_ text: String) -> Substring { text.drop { $0 == " " || $0 == "\t" } }

    private static func trimmedBlanks(_ text: String) -> String {
        var result = trimmedLeft(text)
        while let last = result.last, last == " " || last == "\t" || last == "\r" || last == "\r\n" {
            result.removeLast()
        }
        return String(result)
    }

    /// The column, from 1, where `words` stands in `line`, not before column `from`.
    private static func find(_ words: String, in line: String, from: Int) -> Int? {
        let line = Array(line)
        let words = Array(words)
        guard !words.isEmpty, line.count >= words.count else { return nil }
        var index = max(0, from - 1)
        while index + words.count <= line.count {
            if line[index..<index + words.count].elementsEqual(words) { return index + 1 }
            index += 1
        }
        return nil
    }
}
