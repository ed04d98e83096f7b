import Diagnostics
import Testing
import Values

@testable import Jinja

/// Including, importing and extending, with what Jinja 3.1 makes of the same files.
@Suite struct InheritanceTests {
    static let files: [String: String] = [
        "plain": "p={{ a }}\n",
        "local": "{{ x | default('none') }}",
        "macros":
            "{% macro hi(n) %}hi {{ n }}{% endmacro %}{% set v = 5 %}{% macro ctx() %}{{ a | default('no a') }}{% endmacro %}printed",
        "base": "<{% block head %}H{% endblock %}|{% block body %}B{% endblock %}>",
        "child": "{% extends 'base' %}ignored{% block body %}child({{ super() }}){% endblock %}",
        "grandchild":
            "{% extends 'child' %}{% block body %}grand[{{ super() }}]{% endblock %}{% block head %}{{ v }}{% endblock %}{% set v = 7 %}",
        "loopbase": "{% for i in [1,2] %}{% block item scoped %}{{ i }}{% endblock %}{% endfor %}",
        "looping": "{% for i in [1,2] %}{% block item scoped %}{{ loop.index }}{% endblock %}{{ i }}{% endfor %}",
        "inner": "{{ loop | default('-') }}",
        "loopchild": "{% extends 'loopbase' %}{% block item %}[{{ i }}]{% endblock %}",
        "self": "{% include 'self' %}",
        "broken": "line one\n{{ nope }}\n",
        "syntax": "x\n{% if %}\n",
    ]

    private func render(_ template: String) -> Result<String, Diagnostic> {
        let environment = TemplateEnvironment(loader: {
            (name: String) throws(Diagnostic) in
            guard let text = Self.files[name] else { throw Diagnostic(.missingFile, "no template '\(name)'") }
            return TemplateSource(text: text, name: name)
        })
        return Result { () throws(Diagnostic) in
            try environment.render(Text(template), in: MapScope(["a": 1], environment: environment)).string
        }
    }

    @Test(
        "what is brought in",
        arguments: [
            ("{% include 'plain' %}", "p=1"),
            ("{% set x = 2 %}{% include 'local' %}", "2"),
            ("{% for x in [3,4] %}{% include 'local' %}{% endfor %}", "34"),
            ("{% set x = 2 %}{% include 'local' without context %}", "none"),
            ("{% include 'missing' ignore missing %}ok", "ok"),
            ("{% include ['missing', 'plain'] %}", "p=1"),
            ("{% import 'macros' as m %}{{ m.hi('bob') }}{{ m.v }}", "hi bob5"),
            ("{% import 'macros' as m %}{{ m.ctx() }}", "no a"),
            ("{% import 'macros' as m with context %}{{ m.ctx() }}", "1"),
            ("{% from 'macros' import hi as hello, v %}{{ hello(v) }}", "hi 5"),
            ("{% extends 'base' %}", "<H|B>"),
            ("{% include 'child' %}", "<H|child(B)>"),
            ("{% extends 'child' %}", "<H|child(B)>"),
            ("{% include 'grandchild' %}", "<7|grand[child(B)]>"),
            ("{% include 'loopchild' %}", "[1][2]"),
            ("{% include 'loopbase' %}", "12"),
            ("{% include 'looping' %}", "1122"),
            ("{% for i in [1] %}{% include 'inner' %}{{ loop.index }}{% endfor %}", "-1"),
            ("{% set loop = 5 %}{% for i in [1] %}{% include 'inner' %}{% endfor %}", "5"),
        ])
    func brought(_ template: String, _ wanted: String) {
        #expect((try? render(template).get()) == wanted, "\(template): \(render(template))")
    }

    @Test("what cannot be brought in is an error")
    func errors() {
        func code(_ template: String) -> Diagnostic.Code? {
            if case .failure(let error) = render(template) { error.code } else { nil }
        }
        func place(_ template: String) -> String? {
            if case .failure(let error) = render(template) { error.location?.description } else { nil }
        }
        #expect(code("{% include 'missing' %}") == .missingFile)
        #expect(code("{% include 'self' %}") == .recursion)
        #expect(code("{% from 'macros' import nosuch %}{{ nosuch() }}") == .undefined)
        #expect(code("{% import 'macros' as m %}{{ m.nosuch }}") == .undefined)
        #expect(place("{% include 'broken' %}") == "broken:2:4")
        #expect(place("{% include 'syntax' %}") == "syntax:2:7")
    }
}
