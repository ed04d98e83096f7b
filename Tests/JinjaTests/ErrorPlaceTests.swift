import Diagnostics
import Testing
import Values

@testable import Jinja

/// Errors say where in the file the trouble is, and what to do about it.
@Suite struct ErrorPlaceTests {
    private func failure(
        _ text: Text, values: ValueMap = [:], isExpression: Bool = false
    ) -> Diagnostic? {
        let environment = TemplateEnvironment()
        let scope = MapScope(values, environment: environment)
        do throws(Diagnostic) {
            _ =
                isExpression
                ? try environment.evaluateExpression(text, in: scope) : try environment.evaluate(text, in: scope)
            return nil
        } catch {
            return error
        }
    }

    private func text(_ string: String, in file: String, line: Int, column: Int) -> Text {
        Text(
            string, marks: .template,
            origin: SourceLocation(file: SourceFile(name: "site.yml", text: file), line: line, column: column))
    }

    @Test("an undefined name in a plain scalar")
    func plain() throws {
        let error = try #require(
            failure(
                text("port {{ htp_port }}", in: "- debug:\n    msg: port {{ htp_port }}\n", line: 2, column: 10),
                values: ["http_port": 80]))
        #expect(error.code == .undefined)
        #expect(error.location?.description == "site.yml:2:18")
        #expect(error.remedy == "did you mean 'http_port'?")
        #expect(error.rendered().contains(" 2 |     msg: port {{ htp_port }}\n   |                  ^"))
    }

    @Test("a block scalar's second line")
    func block() throws {
        let file = "- shell: |\n    echo one\n    echo {{ nope }}\n"
        let error = try #require(failure(text("echo one\necho {{ nope }}\n", in: file, line: 2, column: 5)))
        #expect(error.location?.description == "site.yml:3:13")
    }

    @Test("a folded scalar, whose lines are joined")
    func folded() throws {
        let file = "- shell: >\n    echo one\n    echo {{ nope }}\n"
        let error = try #require(failure(text("echo one echo {{ nope }}\n", in: file, line: 2, column: 5)))
        #expect(error.location?.description == "site.yml:3:13")
    }

    @Test("a quoted scalar with escapes")
    func quoted() throws {
        let file = "msg: \"a\\tb {{ nope }}\"\n"
        let error = try #require(failure(text("a\tb {{ nope }}", in: file, line: 1, column: 7)))
        #expect(error.location?.description == "site.yml:1:15")
    }

    @Test("a template file's line")
    func file() throws {
        let body = "a\n{% for x in [1] %}\n  {{ x.y.z }}\n{% endfor %}\n"
        let error = try #require(failure(text(body, in: body, line: 1, column: 1)))
        #expect(error.code == .undefined)
        #expect(error.location?.description == "site.yml:3:8")
    }

    @Test(
        "syntax errors have their place",
        arguments: [
            ("{{ a b }}", 6), ("{{ a | nosuch }}", 8), ("{% if %}x{% endif %}", 7), ("{% foo %}", 4), ("{{ 'x }}", 4),
            ("x {{ (1 }}", 9),
            ("{% for x in y %}", 4),
        ])
    func syntax(_ template: String, _ column: Int) throws {
        let file = "msg: " + template
        let error = try #require(failure(text(template, in: file, line: 1, column: 6)))
        #expect(error.code == .syntax)
        #expect(error.location?.line == 1)
        #expect(error.location?.column == column + 5, "\(template): \(error.summary) at \(error.location?.column ?? 0)")
    }

    @Test("a type error shows both sides, but no secret")
    func types() throws {
        let error = try #require(
            failure(
                "{{ pw + 1 }}", values: ["pw": .string(Text("hunter2", marks: .secret))]))
        #expect(error.code == .template)
        #expect(error.summary == "unsupported operand types for +: str ******** and int 1")
        #expect(!error.rendered().contains("hunter2"))
    }

    @Test("an unknown filter names its neighbours")
    func filter() throws {
        let error = try #require(failure("{{ a | uper }}"))
        #expect(error.code == .syntax)
        #expect(error.remedy?.contains("'upper'") == true)
    }

    @Test(
        "conditions teach their remedy",
        arguments: [
            ("count", "count != 0"), ("name", "name | length > 0"), ("items", "items | length > 0"), ("word", "| bool"),
        ])
    func conditions(_ expression: String, _ remedy: String) throws {
        let environment = TemplateEnvironment()
        let scope = MapScope(["count": 3, "name": "x", "items": [1], "word": "yes"], environment: environment)
        do throws(Diagnostic) {
            _ = try environment.condition(.string(expression), in: scope)
            Issue.record("\(expression) passed")
        } catch {
            #expect(error.code == .template)
            #expect(error.remedy?.contains(remedy) == true, "\(error.remedy ?? "")")
        }
    }

    @Test("free names and their places")
    func freeNames() throws {
        let environment = TemplateEnvironment()
        let names = try environment.freeNames(
            of: text(
                "{% set x = a %}{{ x }}{% for i in items %}{{ i }}{{ loop.index }}{{ lost }}{% endfor %}{{ range(3) }}",
                in: "", line: 1, column: 1))
        #expect(names.map(\.name) == ["a", "items", "lost"])
        #expect(names.first?.location?.column == 12)
    }
}
