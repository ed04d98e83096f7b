import Diagnostics
import Glibc
import Testing
import Values
import YAML

/// What people are told, word for word. With `SWIFTPROV_RECORD=1` the answers are written anew; read them before
/// they are committed.
@Suite struct YAMLErrorTests {
    static let cases = YAMLOracleTests.zipped("errors.txt", "errors.expected.txt")

    static func told(_ example: CaseFiles.Case) -> String {
        var warnings: [Diagnostic] = []
        do throws(Diagnostic) {
            let file = SourceFile(name: "x.yml", text: example.body)
            let limits = YAMLReader.Limits(nodes: 100_000)
            _ = try YAMLReader.read(example.body, file: file, limits: limits, warnings: &warnings)?.value()
        } catch {
            warnings.append(error)
        }
        return warnings.map { $0.rendered() + "\n" }.joined()
    }

    @Test("each trouble is told at its place with its remedy", arguments: cases)
    func told(_ example: CaseFiles.Case, _ expected: String) {
        #expect(Self.told(example) == expected)
    }

    @Test("the cases are there")
    func present() {
        #expect(Self.cases.count > 25)
        guard getenv("SWIFTPROV_RECORD") != nil, let file = fopen(CaseFiles.path("errors.expected.txt"), "w") else {
            return
        }
        fputs(Self.cases.map { "=== \($0.0.name)\n\(Self.told($0.0))" }.joined(), file)
        fclose(file)
    }

    @Test("what is not UTF-8 is refused with its line")
    func encoding() throws {
        #expect(try YAMLReader.text([0xEF, 0xBB, 0xBF, 0x61], name: "x") == "a")
        for (bytes, line, column) in [([0x61, 0x0A, 0x62, 0xFF] as [UInt8], 2, 2), ([0xC3], 1, 1)] {
            do {
                _ = try YAMLReader.text(bytes, name: "x")
                Issue.record("accepted")
            } catch {
                #expect(error.location?.line == line)
                #expect(error.location?.column == column)
            }
        }
        #expect(throws: Diagnostic.self) { try YAMLReader.text([0xFF, 0xFE, 0x61, 0], name: "x") }
    }

    @Test("nesting is bounded")
    func depth() {
        let deep = String(repeating: "[", count: 5000)
        #expect(throws: Diagnostic.self) { try YAMLReader.read(deep, file: SourceFile(name: "x", text: deep)) }
    }
}

@Suite struct YAMLNodeTests {
    private func read(_ text: String) throws -> YAMLNode {
        try #require(try YAMLReader.read(text, file: SourceFile(name: "x.yml", text: text)))
    }

    @Test("a scalar's place is its first character of content")
    func places() throws {
        let text = """
            plain: one
            single: 'two'
            double: "three"
            literal: |

              four
            folded: >-
                five
            tagged: !unsafe "six"
            anchored: &a seven
            both: !!str &b 'eight'
            sealed: !vault |
              nine
            list:
              - ten
              - {k: "eleven"}
            empty:
            """
        let root = try read(text)
        func place(_ node: YAMLNode?) -> String { node.map { "\($0.location.line):\($0.location.column)" } ?? "none" }
        #expect(place(root["plain"]) == "1:8")
        #expect(place(root["single"]) == "2:10")
        #expect(place(root["double"]) == "3:10")
        #expect(place(root["literal"]) == "6:3")
        #expect(place(root["folded"]) == "8:5")
        #expect(place(root["tagged"]) == "9:18")
        #expect(place(root["anchored"]) == "10:14")
        #expect(place(root["both"]) == "11:17")
        #expect(place(root["sealed"]) == "13:3")
        #expect(place(root["list"]?.items?[0]) == "15:5")
        #expect(place(root["list"]?.items?[1]["k"]) == "16:10")
        #expect(place(root.entry("list")?.key) == "14:1")
        #expect(root["empty"]?.isNull == true)
    }

    @Test("only what people write is a template")
    func marks() throws {
        let root = try read("a: 'x {{ y }}'\nb: plain\nc: !unsafe '{{ y }}'\nd: ['{% if %}']\n")
        let value = try root.value()
        let a = try #require(value.mapValue?["a"]?.text)
        #expect(a.isTemplate)
        #expect(a.origin?.column == 5)
        #expect(value.mapValue?["b"]?.text?.origin == nil)
        #expect(value.mapValue?["c"]?.holdsTemplate == false)
        #expect(value.mapValue?["d"]?.holdsTemplate == true)
        #expect(try root.value(.data).holdsTemplate == false)
    }

    @Test("a vaulted value stays sealed until it is used, and is refused in data")
    func vaulted() throws {
        let root = try read("a: !vault |\n  SEALED\nb: 1\n")
        let text = try #require(try root.value(.written).mapValue?["a"]?.text)
        #expect(text.string == "SEALED\n")
        #expect(text.isSealed && text.isSecret && text.isTemplate)
        #expect(text.origin?.line == 2)
        #expect(throws: Diagnostic.self) { try root.value(.data) }
        #expect(try YAMLWriter().text(try root.value(.written)) == "a: !vault |\n  SEALED\nb: 1\n")
    }

    @Test("several documents are read where they are asked for")
    func documents() throws {
        var warnings: [Diagnostic] = []
        let text = "a: 1\n---\n- b\n...\n---\nc\n"
        let nodes = try YAMLReader.readAll(text, file: SourceFile(name: "x", text: text), warnings: &warnings)
        #expect(nodes.count == 3)
        #expect(try YAMLReader.read("# nothing\n", file: SourceFile(name: "x", text: ""))?.kindName == nil)
    }
}
