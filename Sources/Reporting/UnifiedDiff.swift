/// The difference between two texts, as `diff -u` shows it.
enum UnifiedDiff {
    /// The lines of the difference, none if there is no difference.
    ///
    /// - Parameter context: How many unchanged lines are shown around a change.
    static func lines(
        before: String?, after: String?, path: String, context: Int = 3
    ) -> [String] {
        let old = pieces(before ?? "")
        let new = pieces(after ?? "")
        let marks = marks(old, new)
        var result = ["--- before: \(path)", "+++ after: \(path)"]
        var index = 0
        while index < marks.count {
            guard marks[index].kind != .same else {
                index += 1
                continue
            }
            let start = max(0, index - context)
            var end = index
            var quiet = 0
            while end < marks.count, quiet <= context * 2 {
                quiet = marks[end].kind == .same ? quiet + 1 : 0
                end += 1
            }
            end -= max(0, quiet - context)
            let hunk = marks[start..<end]
            result.append(heading(hunk))
            for mark in hunk { result += text(of: mark) }
            index = end
        }
        return result.count > 2 ? result : []
    }

    private enum Kind { case same, removed, added }

    private struct Mark {
        var kind: Kind
        var line: Substring
        var oldNumber: Int
        var newNumber: Int
    }

    private static func heading(_ hunk: ArraySlice<Mark>) -> String {
        let old = hunk.filter { $0.kind != .added }
        let new = hunk.filter { $0.kind != .removed }
        let oldStart = hunk.first.map { $0.oldNumber + (old.isEmpty ? 0 : 1) } ?? 0
        let newStart = hunk.first.map { $0.newNumber + (new.isEmpty ? 0 : 1) } ?? 0
        return "@@ -\(oldStart),\(old.count) +\(newStart),\(new.count) @@"
    }

    private static func text(of mark: Mark) -> [String] {
        let sign: String
        switch mark.kind {
        case .same: sign = " "
        case .removed: sign = "-"
        case .added: sign = "+"
        }
        if mark.line.utf8.last == UInt8(ascii: "\n") { return [sign + String(mark.line.unicodeScalars.dropLast())] }
        return [sign + mark.line, "\\ No newline at end of file"]
    }

    /// Lines with their ends, so that a missing last one counts as a difference. A carriage return before the end
    /// is part of the line: to Swift the two together are one character, so bytes are looked at.
    private static func pieces(_ text: String) -> [Substring] {
        var result: [Substring] = []
        var start = text.startIndex
        while start < text.endIndex {
            let end =
                text.utf8[start...].firstIndex(of: UInt8(ascii: "\n")).map { text.utf8.index(after: $0) }
                ?? text.endIndex
            result.append(text[start..<end])
            start = end
        }
        return result
    }

    private static func marks(_ old: [Substring], _ new: [Substring]) -> [Mark] {
        var result: [Mark] = []
        var left = 0
        var right = 0
        func take(until oldEnd: Int, _ newEnd: Int) {
            while left < oldEnd {
                result.append(Mark(kind: .removed, line: old[left], oldNumber: left, newNumber: right))
                left += 1
            }
            while right < newEnd {
                result.append(Mark(kind: .added, line: new[right], oldNumber: left, newNumber: right))
                right += 1
            }
        }
        for match in LineMatching.matches(old, new) {
            take(until: match.old, match.new)
            result.append(Mark(kind: .same, line: old[left], oldNumber: left, newNumber: right))
            left += 1
            right += 1
        }
        take(until: old.count, new.count)
        return result
    }
}
