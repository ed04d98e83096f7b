import Results
import RunFixture
import Testing
import Values

@testable import Reporting

/// The picture of a change; `diff -u` on the same texts says the same.
@Suite struct UnifiedDiffTests {
    func lines(_ before: String?, _ after: String?) -> [String] {
        UnifiedDiff.lines(before: before, after: after, path: "/f")
    }

    let heads = ["--- before: /f", "+++ after: /f"]

    @Test("no difference, no lines", arguments: ["", "a\n", "a", "a\nb\n"])
    func same(_ text: String) { #expect(lines(text, text).isEmpty) }

    @Test("a line among others")
    func middle() {
        let before = (1...9).map { "\($0)\n" }.joined()
        #expect(
            lines(before, before.replacing("5\n", with: "five\n"))
                == heads + ["@@ -2,7 +2,7 @@", " 2", " 3", " 4", "-5", "+five", " 6", " 7", " 8"])
    }

    @Test("a new file, a removed one")
    func whole() {
        #expect(lines(nil, "a\nb\n") == heads + ["@@ -0,0 +1,2 @@", "+a", "+b"])
        #expect(lines("a\nb\n", nil) == heads + ["@@ -1,2 +0,0 @@", "-a", "-b"])
    }

    @Test("a missing end of the last line")
    func noNewline() {
        #expect(
            lines("a", "a\n") == heads + ["@@ -1,1 +1,1 @@", "-a", "\\ No newline at end of file", "+a"])
    }

    @Test("changes far apart have pictures of their own, near ones share one")
    func hunks() {
        let before = (1...30).map { "\($0)\n" }.joined()
        let far = before.replacing("\n3\n", with: "\nX\n").replacing("\n27\n", with: "\nY\n")
        #expect(lines(before, far).filter { $0.hasPrefix("@@") } == ["@@ -1,6 +1,6 @@", "@@ -24,7 +24,7 @@"])
        let near = before.replacing("\n10\n", with: "\nX\n").replacing("\n16\n", with: "\nY\n")
        #expect(lines(before, near).filter { $0.hasPrefix("@@") } == ["@@ -7,13 +7,13 @@"])
        let apart = before.replacing("\n10\n", with: "\nX\n").replacing("\n18\n", with: "\nY\n")
        #expect(lines(before, apart).filter { $0.hasPrefix("@@") }.count == 2)
    }

    @Test("Windows line ends are part of the line")
    func carriageReturns() {
        #expect(lines("a\r\nb\r\n", "a\nb\r\n") == heads + ["@@ -1,2 +1,2 @@", "-a\r", "+a", " b\r"])
    }

    @Test("settings and actions")
    func parts() {
        let change = Change([
            .setting("mode", before: "0644", after: "0600"), .setting("owner", before: .null, after: "root"),
            .action("run x"),
        ])
        #expect(
            ChangePicture.lines(change, subject: nil, redactor: Redactor()) == [
                "- mode: 0644", "+ mode: 0600", "- owner: (none)", "+ owner: root", "+ run x",
            ])
    }

    @Test("texts that have little in common are compared in reasonable time")
    func large() {
        let before = (0..<50_000).map { "line \($0)\n" }
        let after = (0..<50_000).map { $0 % 100 == 0 ? "line \($0)\n" : "other \($0)\n" }
        let found = lines(before.joined(), after.joined())
        #expect(found.count { $0.hasPrefix("-line") } == 49_500)
        #expect(found.count { $0.hasPrefix("+other") } == 49_500)
        // Too many changes among what both have: one is taken for the other as a whole.
        let turned = Array(before.reversed())
        let other = lines(before.joined(), "first\n" + turned.joined() + "last\n")
        #expect(other.count { $0.hasPrefix("+line") } == other.count { $0.hasPrefix("-line") })
        #expect(other.contains("+first") && other.contains("+last"))
    }

    @Test("a picture turns the one text into the other, whatever they are")
    func applies() {
        var state: UInt64 = 1
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0..<500 {
            let before = (0..<random(12)).map { _ in "\(random(4))\n" }
            let after = (0..<random(12)).map { _ in "\(random(4))\n" }
            let matches = LineMatching.matches(before.map { $0[...] }, after.map { $0[...] })
            #expect(matches.allSatisfy { before[$0.old] == after[$0.new] })
            let rises = zip(matches, matches.dropFirst()).allSatisfy { $0.old < $1.old && $0.new < $1.new }
            #expect(rises)
            #expect(matches.count == Self.longest(before, after))
        }
    }

    /// The length of the longest common sequence, by the textbook.
    private static func longest(_ old: [String], _ new: [String]) -> Int {
        var lengths = [[Int]](repeating: [Int](repeating: 0, count: new.count + 1), count: old.count + 1)
        for left in old.indices {
            for right in new.indices {
                lengths[left + 1][right + 1] =
                    old[left] == new[right]
                    ? lengths[left][right] + 1 : max(lengths[left][right + 1], lengths[left + 1][right])
            }
        }
        return lengths[old.count][new.count]
    }
}

/// Nothing a host says moves the cursor, rings or hides.
@Suite struct SafeTextTests {
    @Test(
        "control characters are written out",
        arguments: [
            ("plain ünïcode 漢字 🎉", "plain ünïcode 漢字 🎉"), ("\u{1b}[31mred\u{1b}[0m", "\\x1b[31mred\\x1b[0m"),
            ("a\u{7}b", "a\\x07b"), ("tab\tstays", "tab\tstays"), ("line\nstays", "line\nstays"),
            ("over\rwritten", "over\\rwritten"), ("crlf\r\n", "crlf\\r\n"), ("\u{9b}31m", "\\x9b31m"),
            ("a\u{202e}b", "a\\u{202e}b"), ("nul\0", "nul\\x00"), ("\u{7f}", "\\x7f"),
        ])
    func visible(_ text: String, _ expected: String) {
        #expect(SafeText.visible(text) == expected)
    }

    @Test("where one line is wanted, line ends are written out, too")
    func oneLine() { #expect(SafeText.visible("a\nb\r\n", keepsLines: false) == "a\\nb\\r\\n") }
}
