import Testing
import Values

/// What the standard library takes for one character is several to everybody else.
@Suite struct ByteWiseTextTests {
    @Test("a separator before a combining mark, or after a carriage return, separates")
    func split() {
        #expect("a'\u{301}b".split(separator: "'").map(String.init) == ["a", "\u{301}b"])
        #expect("a\r\nb\n\nc".split(separator: "\n").map(String.init) == ["a\r", "b", "c"])
        #expect("\na\n".split(separator: "\n", omittingEmptySubsequences: false).map(String.init) == ["", "a", ""])
        #expect("a b c".split(separator: " ", maxSplits: 1).map(String.init) == ["a", "b c"])
        #expect("  a b c".split(separator: " ", maxSplits: 1).map(String.init) == ["a", "b c"])
        #expect("a b".split(separator: " ", maxSplits: 0).map(String.init) == ["a b"])
        #expect("".split(separator: " ").isEmpty)
        #expect("aäbäc".dropFirst().split(separator: "ä").map(String.init) == ["b", "c"])
        #expect("a--b-c--".components(apartBy: "--") == ["a", "b-c", ""])
    }

    @Test("what stands in a text is found")
    func search() {
        let text = "x=\u{301}y\r\n="
        #expect(text.contains("\n"))
        #expect(text.contains("=\u{301}"))
        #expect(text.contains("") && !text.contains("z"))
        #expect(text.firstIndex(of: "=") == text.utf8.index(after: text.startIndex))
        #expect(text.lastIndex(of: "=") == text.utf8.index(before: text.endIndex))
        #expect(text.lastIndex(of: "z") == nil)
    }

    @Test("what stands in a text is replaced")
    func replace() {
        #expect("it's'\u{301}".replacing("'", with: "''") == "it''s''\u{301}")
        #expect("a\r\nb".replacing("\n", with: "|") == "a\r|b")
        #expect("aaaa".replacing("aa", with: "b", maxReplacements: 1) == "baa")
        #expect("secret\u{301} secre".replacing("secret", with: "*") == "*\u{301} secre")
        #expect("abc".replacing("", with: "-") == "abc")
    }
}
