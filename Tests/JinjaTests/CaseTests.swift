import Diagnostics
import Testing
import Values

@testable import Jinja

#if canImport(Glibc)
    import Glibc
#endif

/// Runs the recorded cases: what ansible-core made of each template, ours must make of it, too.
///
/// `Tests/Oracle/jinja.py` records them anew.
@Suite struct CaseTests {
    static let names = [
        "expressions", "statements", "yaml", "filters", "tests", "whitespace", "methods", "conditions", "lazy",
        "errors", "network", "numbers", "queries", "collections", "builtin",
    ]

    @Test("recorded cases", arguments: names)
    func recorded(_ name: String) throws {
        let input = try CaseFiles.json("\(name).in.json")
        let output = try CaseFiles.json("\(name).out.json")
        let cases = input.mapValue?["cases"]?.elements ?? []
        let expected = output.elements ?? []
        try #require(!cases.isEmpty)
        try #require(cases.count == expected.count, "run Tests/Oracle/jinja.py: \(name) has changed")
        let variables = input.mapValue?["vars"]?.mapValue ?? [:]
        for (entry, wanted) in zip(cases, expected) {
            let result = CaseRunner.run(entry, variables)
            // Where we differ on purpose, the case says what ours is; COMPATIBILITY.md says why.
            let wanted = entry.mapValue?["ours"] ?? wanted
            let matches = CaseRunner.matches(result, wanted)
            #expect(matches, "\(name): \(describe(entry))\n   wanted \(describe(wanted))\n   got    \(result)")
        }
    }

    private func describe(_ value: Value) -> String { JSONWriter().text(value) }
}

enum CaseFiles {
    static func text(_ name: String) throws -> String {
        let here = #filePath
        let folder = here.prefix(upTo: here.lastIndex(of: "/") ?? here.startIndex)
        let path = "\(folder)/Cases/\(name)"
        guard let file = fopen(path, "r") else { throw Diagnostic(.missingFile, "no file \(path)") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func json(_ name: String) throws -> Value { try JSON.parse(try text(name), as: .python) }
}

enum CaseRunner {
    enum Outcome: CustomStringConvertible {
        case value(Value)
        case error(Diagnostic)

        var description: String {
            switch self {
            case .value(let value): "\(value.typeName) \(PythonPrint.representation(value))"
            case .error(let error): "error \(error.code.rawValue): \(error.summary)"
            }
        }
    }

    static func run(_ entry: Value, _ shared: ValueMap) -> Outcome {
        let map = entry.mapValue
        let text = map?["text"] ?? entry
        let mode = map?["mode"]?.stringValue ?? "template"
        var variables = shared
        if let own = map?["vars"]?.mapValue { variables.merge(own) }
        let environment = TemplateEnvironment()
        let scope = MapScope(variables.mapValues(decoded), environment: environment)
        do throws(Diagnostic) {
            switch mode {
            case "expression":
                return .value(try environment.evaluateExpression(Text(text.stringValue ?? ""), in: scope))
            case "condition":
                switch try environment.condition(text, in: scope) {
                case .yes: return .value(true)
                case .no: return .value(false)
                case .unknown(let unknown): return .value(.unknown(unknown))
                }
            case "file":
                let options = options(map?["options"]?.mapValue ?? [:])
                return .value(
                    .string(try environment.render(Text(text.stringValue ?? ""), options: options, in: scope)))
            default: return .value(try environment.evaluate(Text(text.stringValue ?? ""), in: scope))
            }
        } catch {
            return .error(error)
        }
    }

    private static func options(_ map: ValueMap) -> TemplateOptions {
        var options = TemplateOptions.file
        for (key, value) in map {
            let text = value.stringValue ?? ""
            switch key.text {
            case "block_start_string": options.blockStart = text
            case "block_end_string": options.blockEnd = text
            case "variable_start_string": options.variableStart = text
            case "variable_end_string": options.variableEnd = text
            case "comment_start_string": options.commentStart = text
            case "comment_end_string": options.commentEnd = text
            case "line_statement_prefix": options.lineStatementPrefix = text
            case "line_comment_prefix": options.lineCommentPrefix = text
            case "newline_sequence": options.newlineSequence = text
            case "trim_blocks": options.trimBlocks = value.isTruthy
            case "lstrip_blocks": options.lstripBlocks = value.isTruthy
            default: Issue.record("unknown option \(key.text)")
            }
        }
        return options
    }

    /// A case's variable: texts with delimiters are templates unless they are marked as unsafe.
    private static func decoded(_ value: Value) -> Value {
        switch value {
        case .string(let text):
            return .string(Text(text.string, marks: TemplateEnvironment.isTemplate(text.string) ? .template : []))
        case .list(let items): return .list(items.map(decoded))
        case .map(let map):
            if map.count == 1 {
                if let unsafe = map["unsafe"] { return unsafe }
                if let float = map["float"]?.stringValue { return .double(Double(float) ?? .nan) }
                if let pairs = map["map"]?.elements {
                    var result = ValueMap()
                    for pair in pairs {
                        if let parts = pair.elements, let key = parts[0].asKey { result[key] = decoded(parts[1]) }
                    }
                    return .map(result)
                }
            }
            return .map(map.mapValues(decoded))
        default: return value
        }
    }

    static func matches(_ outcome: Outcome, _ wanted: Value) -> Bool {
        let map = wanted.mapValue ?? [:]
        switch outcome {
        case .value(let value):
            if map["omitted"] != nil { return value.isOmitted }
            guard let expected = map["value"] else { return false }
            return same(value, expected)
        case .error(let error):
            guard let kind = map["error"]?.stringValue else { return false }
            switch kind {
            case "undefined": return error.code == .undefined
            case "syntax": return error.code == .syntax
            // A wrong name of a filter is found before anything runs here.
            default: return error.code != .undefined && error.code != .internal
            }
        }
    }

    /// Same type and value, maps in the same order.
    private static func same(_ value: Value, _ expected: Value) -> Bool {
        switch (value, expected) {
        case (.null, .null): return true
        case (.bool(let a), .bool(let b)): return a == b
        case (.int(let a), .int(let b)): return a == b
        case (.string(let a), .string(let b)): return a == b
        case (.list(let a), .list(let b)): return a.count == b.count && zip(a, b).allSatisfy(same)
        case (.large(let a), .map(let map)): return map["big"]?.stringValue == a.text
        case (.double(let a), .map(let map)): return map["float"]?.stringValue == Value.pythonFloat(a)
        case (.map(let a), .map(let b)):
            if let pairs = b["map"]?.elements, b.count == 1 {
                return a.count == pairs.count
                    && zip(a, pairs).allSatisfy {
                        same($0.key.value, $1.elements?[0] ?? .null) && same($0.value, $1.elements?[1] ?? .null)
                    }
            }
            return a.count == b.count && zip(a, b).allSatisfy { $0.key == $1.key && same($0.value, $1.value) }
        case (.object(let object as any TemplateObject), .string(let text)): return object.text == text.string
        default: return false
        }
    }
}
