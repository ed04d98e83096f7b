import Diagnostics
import Testing
import Values

@Suite struct ShellWordsTests {
    @Test("words are split as a shell splits them")
    func words() throws {
        #expect(
            try ShellWords.split("visudo -cf '%s'  \"a b\\\"\" c\\ d \"x\\y\" ''") == [
                "visudo", "-cf", "%s", "a b\"", "c d", "x\\y", "",
            ])
        #expect(try ShellWords.split("a\tb\r\nc\nd # e#f") == ["a", "b", "c", "d", "#", "e#f"])
        #expect(try ShellWords.split("'ä'\r\nb\u{c}c") == ["ä", "b\u{c}c"])
        #expect(try ShellWords.split("").isEmpty)
        #expect(try ShellWords.split("echo 'x'\\''\u{301} --more' end") == ["echo", "x'\u{301} --more", "end"])
    }

    @Test("a comment begins anywhere outside quotes, where there are comments")
    func comments() throws {
        let words = try ShellWords.words("host a='x # y' b=c#d e", comments: true)
        #expect(words.map(\.text) == ["host", "a=x # y", "b=c"])
        #expect(words.map(\.column) == [1, 6, 16])
    }

    @Test("what is not finished is an error", arguments: ["echo 'open", "echo \"open", "echo \\"])
    func unfinished(_ line: String) {
        let error = #expect(throws: Diagnostic.self) { try ShellWords.split(line) }
        #expect(error?.code == .syntax)
    }
}
