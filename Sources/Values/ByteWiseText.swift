internal import CLinux

// Cutting and searching texts byte by byte.
//
// The standard library compares what a reader would call characters: to it `'` before a combining mark is no `'`, and
// a line end after a carriage return is no line end. To shells, to files and to every other program that reads what we
// write they are, and text that is quoted, escaped or checked by characters is text that escapes. So these methods
// stand before the standard library's of the same names, wherever this room is imported: what Swift finds for a text
// is the more special one.
//
// Parts may begin with a combining mark; they are valid UTF-8 in any case, since what is sought is.
extension StringProtocol {
    /// The parts between separators.
    package func split(
        separator: Character, maxSplits: Int = .max, omittingEmptySubsequences: Bool = true
    ) -> [SubSequence] {
        let mark = String(separator)
        var parts: [SubSequence] = []
        var start = startIndex
        func cut(_ end: Index) -> Bool {
            guard !omittingEmptySubsequences || start < end else { return false }
            parts.append(self[start..<end])
            return true
        }
        if maxSplits > 0 {
            var place = start
            while let found = self.place(of: mark, from: place) {
                let after = utf8.index(found, offsetBy: mark.utf8.count)
                let isCut = cut(found)
                start = after
                place = after
                if isCut, parts.count == maxSplits { break }
            }
        }
        _ = cut(endIndex)
        return parts
    }

    /// The parts between places where `separator`, which must not be empty, stands; empty ones are kept.
    package func components(apartBy separator: String) -> [String] {
        var parts: [String] = []
        var start = startIndex
        while let found = place(of: separator, from: start) {
            parts.append(String(self[start..<found]))
            start = utf8.index(found, offsetBy: separator.utf8.count)
        }
        parts.append(String(self[start...]))
        return parts
    }

    package func contains(_ character: Character) -> Bool { firstIndex(of: character) != nil }

    package func contains(_ text: String) -> Bool {
        text.isEmpty || place(of: text, from: startIndex) != nil
    }

    package func firstIndex(of character: Character) -> Index? {
        place(of: String(character), from: startIndex)
    }

    package func lastIndex(of character: Character) -> Index? {
        let mark = String(character)
        var last: Index?
        var place = startIndex
        while let found = self.place(of: mark, from: place) {
            last = found
            place = utf8.index(after: found)
        }
        return last
    }

    /// The text with each place where `old` stands replaced; nothing stands for nothing.
    package func replacing(_ old: String, with new: String, maxReplacements: Int = .max) -> String {
        var result = ""
        var start = startIndex
        var count = 0
        while count < maxReplacements, let found = place(of: old, from: start) {
            result += self[start..<found]
            result += new
            start = utf8.index(found, offsetBy: old.utf8.count)
            count += 1
        }
        return count == 0 ? String(self) : result + self[start...]
    }

    /// Where the bytes of a text first stand at or after a place; an empty one stands nowhere.
    private func place(of mark: String, from start: Index) -> Index? {
        guard !mark.isEmpty, start < endIndex else { return nil }
        let rest = utf8[start...]
        let offset = rest.withContiguousStorageIfAvailable { bytes in
            mark.utf8.withContiguousStorageIfAvailable { mark in
                swiftprov_find(bytes.baseAddress, bytes.count, mark.baseAddress, mark.count)
            }
        }
        if let offset, let offset { return offset < 0 ? nil : utf8.index(start, offsetBy: offset) }
        var place = start
        while place < endIndex {
            if utf8[place...].starts(with: mark.utf8) { return place }
            utf8.formIndex(after: &place)
        }
        return nil
    }
}
