import Diagnostics
import Testing
import Values
import YAML

/// Held to what PyYAML answered under Ansible; `Tests/Oracle/record_yaml.py` recorded it.
@Suite struct YAMLOracleTests {
    static let values = zipped("values.txt", "values.expected.txt")
    static let dumps = zipped("dumps.txt", "dumps.expected.txt")

    static func zipped(_ cases: String, _ answers: String) -> [(CaseFiles.Case, String)] {
        let expected = Dictionary(
            CaseFiles.cases(answers).map { ($0.name, $0.body) }, uniquingKeysWith: { first, _ in first })
        return CaseFiles.cases(cases).map { ($0, expected[$0.name] ?? "no answer recorded") }
    }

    @Test("the cases are there")
    func present() {
        #expect(Self.values.count > 45)
        #expect(Self.dumps.count > 20)
    }

    @Test("values are those of PyYAML", arguments: values)
    func value(_ example: CaseFiles.Case, _ expected: String) throws {
        let file = SourceFile(name: example.name, text: example.body)
        do {
            let node = try YAMLReader.read(example.body, file: file)
            let value = try node?.value() ?? .null
            #expect(value.pythonRepresentation + "\n" == expected)
        } catch {
            #expect(expected == "error\n", "\(error.rendered())")
        }
    }

    @Test("written text is that of PyYAML", arguments: dumps)
    func dump(_ example: CaseFiles.Case, _ expected: String) throws {
        let lines = example.body.split(separator: "\n", maxSplits: 1)
        let options = try #require(try read(String(lines[0]))?.value(.data).mapValue)
        let value = try #require(try read(String(lines[1]))).value(.data)
        var writer = YAMLWriter()
        if let flow = options["default_flow_style"]?.boolValue { writer.flow = flow ? .flow : .block }
        if let indent = options["indent"]?.intValue { writer.indent = indent }
        if let width = options["width"]?.intValue { writer.width = width }
        if let sort = options["sort_keys"]?.boolValue { writer.sortKeys = sort }
        if let start = options["explicit_start"]?.boolValue { writer.explicitStart = start }
        if let end = options["explicit_end"]?.boolValue { writer.explicitEnd = end }
        let text = try writer.text(value)
        #expect(text == expected)
    }

    private func read(_ text: String) throws(Diagnostic) -> YAMLNode? {
        try YAMLReader.read(text, file: SourceFile(name: "case", text: text))
    }
}
