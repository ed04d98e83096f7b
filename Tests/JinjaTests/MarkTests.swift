import Diagnostics
import Testing
import Values

@testable import Jinja

/// What must not be forgotten about a text: that it is secret, data, or unknown.
@Suite struct MarkTests {
    static let values: ValueMap = [
        "secret": .string(Text("hunter2", marks: .secret)),
        "open": "abc",
        "sealed": ["user": "bob", "password": .string(Text("hunter2", marks: .secret))],
        "late": ["rc": 0, "stdout": .unknown(Unknown("output of task 'x'")), "changed": true],
        "never": .unknown(Unknown("output of task 'y'")),
        "evil": .string(Text("{{ secret }}")),
        "holder": ["x": .string(Text("{{ secret }}"))],
        "derived": .string(Text("pw={{ secret }}", marks: .template)),
    ]

    private func evaluate(_ text: String) throws -> Value {
        let environment = TemplateEnvironment()
        return try environment.evaluate(Text(text), in: MapScope(Self.values, environment: environment))
    }

    @Test(
        "text made of a secret is secret",
        arguments: [
            "{{ secret }}", "x{{ secret }}", "{{ secret ~ 'x' }}", "{{ secret + 'x' }}", "{{ 'x' + secret }}",
            "{{ secret | upper }}", "{{ [secret] | join }}", "{{ sealed | to_json }}", "{{ secret | b64encode }}",
            "{{ secret | hash('sha256') }}", "{{ '%s' % secret }}", "{{ '%s' | format(secret) }}",
            "{{ '{}'.format(secret) }}", "{{ secret.upper() }}", "{{ secret[0] }}", "{{ secret[1:] }}",
            "{{ secret.split('u')[0] }}", "{{ 'a' | replace('a', secret) }}", "{{ 'a'.replace('a', secret) }}",
            "{{ ','.join([secret]) }}", "{{ secret * 2 }}", "{{ sealed | string }}", "x{{ sealed }}",
            "{% for c in secret %}{{ c }}{% endfor %}", "{% set x = secret %}{{ x }}",
            "{% set x %}a{{ secret }}{% endset %}{{ x }}",
            "{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(secret) }}", "{% filter upper %}a{{ secret }}{% endfilter %}",
            "{{ derived }}", "{{ derived | length ~ derived }}", "{{ secret | regex_replace('h', 'x') }}",
            "{{ (sealed | to_json | from_json).password }}", "{{ sealed.items() | list | string }}",
            "{{ secret | default('x') }}", "{{ 'x' | default(secret) ~ secret }}", "{{ open | ternary(secret, 'x') }}",
            "{{ sealed | dict2items | map(attribute='value') | join(',') }}", "{{ [open, secret] | max }}",
            "{{ secret | comment }}", "{{ secret | quote }}", "{{ sealed | to_nice_yaml }}",
            "{{ secret | list | first }}",
            "{{ [secret] | json_query(\"join('', @)\") }}", "{{ sealed | json_query('to_string(@)') }}",
            "{{ sealed | json_query('password') }}", "{{ secret | vault('pw') | unvault('pw') }}",
            "{{ sealed | community.general.to_ini if false else secret }}",
            "{{ [sealed] | community.general.keep_keys(['password']) | string }}",
            "{{ sealed | ansible.utils.to_paths | string }}", "{{ sealed | ansible.utils.get_path('password') }}",
            "{{ ('a,b\n' ~ secret ~ ',c') | community.general.from_csv | string }}",
            "{{ secret | reverse }}", "{{ ['b', secret] | sort | last }}", "{{ sealed | combine({'a': 1}) | string }}",
        ])
    func secret(_ template: String) throws {
        #expect(try evaluate(template).holdsSecret, "\(template)")
    }

    @Test("what is beside a secret is not secret")
    func beside() throws {
        #expect(try !evaluate("{{ sealed.user }}").holdsSecret)
        #expect(try !evaluate("{{ (sealed | combine({'a': 'b'})).a }}").holdsSecret)
        #expect(try !evaluate("{{ secret | length }}").holdsSecret)
        #expect(try !evaluate("{{ open }}").holdsSecret)
    }

    @Test(
        "data is never evaluated",
        arguments: [
            "{{ evil }}", "{{ holder.x }}", "{{ evil | default('') }}", "{{ evil ~ '' }}", "{{ [evil] | first }}",
            "{{ {'a': evil}.a }}", "{{ ({'a': evil} | to_json | from_json).a }}", "{{ evil | string }}",
            "{% set x = evil %}{{ x }}", "{% for x in [evil] %}{{ x }}{% endfor %}",
            "{{ holder.values() | list | join }}",
            "{{ [evil] | map('trim') | first }}", "{{ evil if true }}", "{{ '{{ sec' ~ 'ret }}' }}",
            "{{ [holder] | map(attribute='x') | first }}", "{% set x %}{{ evil }}{% endset %}{{ x }}",
            "{{ holder | dict2items | map(attribute='value') | first }}", "{{ (evil | to_json) | from_json }}",
            "{{ '{}'.format(evil) }}", "{{ '%s' % evil }}", "{{ evil | b64encode | b64decode }}",
            "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(evil) }}", "{{ (holder | combine({})).x }}",
            "{{ holder | json_query('x') }}", "{{ [holder] | json_query('[0].x') }}",
            "{{ [evil] | json_query(\"join('', @)\") }}", "{{ holder | ansible.utils.get_path('x') }}",
            "{{ (holder | ansible.utils.to_paths).x }}", "{{ ([holder] | community.general.keep_keys(['x'])).0.x }}",
            "{{ ([[evil]] | community.general.lists_union).0.0 }}",
            "{{ ({'s': holder} | community.general.to_ini | community.general.from_ini).s.x }}",
            "{{ (('a\n' ~ evil) | community.general.from_csv).0.a }}",
            "{{ evil | community.general.unicode_normalize }}",
            "{{ evil | b64encode('utf-16') | b64decode('utf-16') }}",
            "{{ ([holder] | community.general.groupby_as_dict('x')).values() | first | json_query('x') }}",
        ])
    func data(_ template: String) throws {
        let value = try evaluate(template)
        #expect(value == "{{ secret }}", "\(template)")
        #expect(!value.holdsTemplate)
        #expect(!value.holdsSecret)
    }

    @Test("a path from a host is no code")
    func path() throws {
        let environment = TemplateEnvironment()
        let values: ValueMap = ["path": .string(Text("lookup('pipe', 'id')")), "map": ["a": 1]]
        #expect(throws: Diagnostic.self) {
            try environment.evaluate(
                "{{ map | ansible.utils.get_path(path) }}", in: MapScope(values, environment: environment))
        }
    }

    @Test(
        "what depends on the unknown is unknown",
        arguments: [
            "{{ never }}", "x{{ never }}", "{{ never + 1 }}", "{{ never | upper }}", "{{ late.stdout }}",
            "{{ never.x.y }}",
            "{{ never == 1 }}", "{{ not never }}", "{{ never and true }}", "{{ never or true }}",
            "{{ [never] | join }}",
            "{{ never | default('x') }}", "{{ 'a' if never else 'b' }}", "{% if never %}x{% endif %}",
            "{% for x in never %}x{% endfor %}", "{{ never in [1] }}", "{{ 1 in never }}", "{{ never is match('x') }}",
            "{{ '%s' % never }}", "{{ never.split(',') }}", "{{ late | to_json }}", "{{ [1, 2][never] }}",
            "{{ never | bool }}", "{{ range(never) | list }}", "{{ never is none }}", "{{ late.stdout is changed }}",
        ])
    func unknown(_ template: String) throws {
        guard case .unknown = try evaluate(template) else {
            Issue.record("\(template) is known: \(try evaluate(template))")
            return
        }
    }

    @Test("what does not depend on the unknown is known")
    func known() throws {
        #expect(try evaluate("{{ never is defined }}") == true)
        #expect(try evaluate("{{ late.rc == 0 }}") == true)
        #expect(try evaluate("{{ late is changed }}") == true)
        #expect(try evaluate("{{ late.changed and late.rc == 0 }}") == true)
        #expect(try evaluate("{{ false and never }}") == false)
        #expect(try evaluate("{{ late is mapping }}") == true)
    }

    /// A function that gives back what it is given, without its marks.
    final class Echo: ValueObject {
        var typeName: String { "function" }
        func call(_ positional: [Value], _ named: ValueMap) throws(Diagnostic) -> Value {
            .string(positional.first?.stringValue ?? "")
        }
    }

    @Test("what a function makes of a secret is secret; a lookup's own string may be a template")
    func functions() throws {
        let environment = TemplateEnvironment(functions: ["lookup": Echo(), "echo": Echo()])
        let scope = MapScope(Self.values, environment: environment)
        #expect(try environment.evaluate("{{ echo(secret) }}", in: scope).holdsSecret)
        #expect(try !environment.evaluate("{{ echo(open) }}", in: scope).holdsSecret)
        #expect(try environment.evaluate("{{ lookup('a/{{ open }}') }}", in: scope) == "a/abc")
        #expect(try environment.evaluate("{{ echo('a/{{ open }}') }}", in: scope) == "a/{{ open }}")
        #expect(try environment.evaluate("{{ lookup(evil) }}", in: scope) == "{{ secret }}")
    }

    @Test("a text with the template mark but without delimiters is itself")
    func plain() throws {
        let environment = TemplateEnvironment()
        let scope = MapScope(["x": .list([.string(Text("plain", marks: .template))])], environment: environment)
        #expect(try environment.evaluate("{{ x | first ~ x[0] }}", in: scope) == "plainplain")
    }

    @Test("a condition on the unknown is unknown")
    func condition() throws {
        let environment = TemplateEnvironment()
        let scope = MapScope(Self.values, environment: environment)
        #expect(try environment.condition("never == 1", in: scope) == .unknown(Unknown("output of task 'y'")))
        #expect(try environment.condition("late.rc == 0", in: scope) == .yes)
        #expect(try environment.condition("late is failed", in: scope) == .no)
    }
}
