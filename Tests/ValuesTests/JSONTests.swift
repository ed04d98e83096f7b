import Diagnostics
import Testing
import Values

@Suite struct JSONTests {
    private static let readable: [(String, Value)] = [
        ("null", Value.null), ("true", true), ("-0", 0), ("1e3", .double(1000)), ("0.5", .double(0.5)),
        ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
        ("9223372036854775808.0", .double(9_223_372_036_854_775_808)),
        ("\"a\\u00e9\\n\\/\\ud83d\\ude00\"", "aé\n/😀"), (" [1, [], {}] ", [1, [], [:]]),
        ("{\"a\": {\"b\": [null]}}", ["a": ["b": [nil]]]), ("\"\\ud800x\"", "\u{FFFD}x"),
    ]

    @Test("what RFC 8259 allows is read", arguments: readable)
    func reads(_ text: String, _ expected: Value) throws {
        let value = try JSON.parse(text)
        #expect(value == expected)
        #expect(value.typeName == expected.typeName)
    }

    @Test(
        "what it forbids is refused with its place",
        arguments: [
            "", "01", "1.", ".5", "+1", "[1,]", "{\"a\":1,}", "{a:1}", "\"\n\"", "\"\\x\"", "nul", "NaN", "1 2", "[1",
            "\"abc", "{\"a\" 1}", "1e999", "'a'", "\"\\u12g4\"",
        ])
    func refuses(_ text: String) {
        let error = #expect(throws: Diagnostic.self) { try JSON.parse(text) }
        #expect(error?.code == .syntax)
        #expect(error?.summary.contains("line ") == true)
    }

    @Test("bytes that are not UTF-8 are refused") func invalidUTF8() {
        #expect(throws: Diagnostic.self) { try JSON.parse([0x22, 0xFF, 0x22]) }
    }

    @Test("nesting is bounded") func depth() throws {
        let fine = String(repeating: "[", count: 500) + String(repeating: "]", count: 500)
        #expect(throws: Never.self) { try JSON.parse(fine) }
        let tooDeep = String(repeating: "[", count: 100_000)
        #expect(throws: Diagnostic.self) { try JSON.parse(tooDeep) }
    }

    @Test("members keep their order and the last of a name wins") func order() throws {
        let map = try #require(try JSON.parse("{\"b\":1,\"a\":2,\"b\":3}").mapValue)
        #expect(map.keys.map(\.text) == ["b", "a"])
        #expect(map["b"] == 3)
    }

    @Test("values are written, compact and as Python does") func writes() throws {
        let value: Value = ["n": nil, "t": "é\"\u{1}\u{7f}", "l": [1, 1.5, true], "e": [], "o": [:]]
        #expect(
            try JSON.text(value) == "{\"n\":null,\"t\":\"é\\\"\\u0001\u{7f}\",\"l\":[1,1.5,true],\"e\":[],\"o\":{}}")
        // Recorded from python3: json.dumps(value, sort_keys=True)
        var sorted = JSON.Style.python
        sorted.sortsKeys = true
        #expect(
            try JSON.text(value, style: sorted)
                == "{\"e\": [], \"l\": [1, 1.5, true], \"n\": null, \"o\": {}, \"t\": \"\\u00e9\\\"\\u0001\\u007f\"}")
        #expect(
            try JSON.text(["a": [1, ["b": 2]]], style: .init(indent: 2, keySeparator: ": "))
                == "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ]\n}")
    }

    @Test("what has no JSON form is refused") func unwritable() {
        #expect(throws: Diagnostic.self) { try JSON.text(.double(.infinity)) }
        #expect(throws: Diagnostic.self) { try JSON.text(.unknown(Unknown("output of a command"))) }
    }

    @Test("a stream of texts is read one by one") func stream() throws {
        #expect(try JSON.parseStream(Array("{\"a\":1}\r\n{\"a\":2}\n".utf8)) == [["a": 1], ["a": 2]])
    }

    @Test("Python reads numbers that are none, and none that are too large")
    func python() throws {
        let read = try JSON.parse("[NaN, Infinity, -Infinity, 1e999, -1]", as: .python).elements ?? []
        guard case .double(let nan)? = read.first else {
            Issue.record("NaN is no number")
            return
        }
        #expect(nan.isNaN)
        #expect(read.dropFirst() == [.double(.infinity), .double(-.infinity), .double(.infinity), .int(-1)])
        for text in ["Nan", "-Inf", "[[[1]]]", "01", "\"\\u+123\""] {
            #expect(throws: Diagnostic.self, "\(text)") { try JSON.parse(text, as: .python, deepest: 1) }
        }
        for text in ["NaN", "Infinity", "-Infinity"] {
            #expect(throws: Diagnostic.self, "\(text)") { try JSON.parse(text) }
        }
    }
}
