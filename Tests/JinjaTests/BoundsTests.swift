import Diagnostics
import Glibc
import Testing
import Values

@testable import Jinja

/// No template can hang, crash or exhaust the program.
@Suite struct BoundsTests {
    /// Runs on a thread whose stack is as small as a pool's may be.
    private static func onSmallThread(_ body: @escaping @Sendable () -> Void) {
        final class Box {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, 512 * 1024)
        var thread = pthread_t()
        pthread_create(
            &thread, &attributes,
            { raw in
                guard let raw else { return nil }
                Unmanaged<Box>.fromOpaque(raw).takeRetainedValue().body()
                return nil
            }, Unmanaged.passRetained(Box(body)).toOpaque())
        pthread_join(thread, nil)
        pthread_attr_destroy(&attributes)
    }

    static let hostile: [String] = [
        "{{ " + String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000) + " }}",
        "{{ " + String(repeating: "[", count: 5000) + " }}",
        "{{ " + String(repeating: "not ", count: 5000) + "true }}",
        "{{ " + String(repeating: "-", count: 5000) + "1 }}",
        "{{ " + String(repeating: "1 + ", count: 5000) + "1 }}",
        "{{ " + String(repeating: "1 ~ ", count: 5000) + "1 }}",
        "{{ " + String(repeating: "true and ", count: 5000) + "true }}",
        "{{ 1" + String(repeating: " | abs", count: 5000) + " }}",
        "{{ a" + String(repeating: ".b", count: 5000) + " }}",
        "{{ 1" + String(repeating: " if true else 1", count: 5000) + " }}",
        String(repeating: "{% if true %}", count: 2000) + String(repeating: "{% endif %}", count: 2000),
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% for i in range(10**9) %}{% endfor %}",
        "{% for a in range(5000) %}{% for b in range(5000) %}{% for c in range(5000) %}{% endfor %}{% endfor %}{% endfor %}",
        "{{ 'a' * 10**12 }}", "{{ [1] * 10**12 }}", "{{ 10 ** 10 ** 10 }}", "{{ 9 ** 99 }}",
        "{{ range(10**12) | list }}",
        "{% set ns = namespace(x='a') %}{% for i in range(64) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x | length }}",
        "{{ 'a' | center(10**9) }}", "{{ '%1000000000d' % 1 }}", "{{ 'x'.ljust(10**10) }}",
        "{{ range(30) | permutations | list }}", "{{ range(60) | combinations(30) | list }}",
        "{{ ('a' * 40) | regex_replace('(a+)+b', '') }}", "{{ '{:1000000000}'.format(1) }}",
        "{{ [[1] * 1000] * 1000 | product(range(1000), range(1000)) | list }}",
        "{% set ns = namespace(x=[]) %}{% for i in range(100000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[]) %}{% for i in range(100000) %}{% set ns.x = [1, ns.x, 2] %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x={}) %}{% for i in range(100000) %}{% set ns.x = {'a': 1, 'b': ns.x} %}{% endfor %}{{ ns.x }}",
        "{% set x = [] %}{% for i in range(100000) %}{% do x.append(x) %}{% endfor %}{{ x }}",
        "{% set x = {} %}{% for i in range(100000) %}{% do x.update({'a': x}) %}{% endfor %}{{ x }}",
        "{{ '" + String(repeating: "[", count: 95) + String(repeating: "]", count: 95)
            + "' | from_json | to_json | from_json | to_nice_json | length }}",
        "{{ '" + String(repeating: "[", count: 95) + String(repeating: "]", count: 95)
            + "' | from_json | string | length }}",
        "{{ '" + String(repeating: "[", count: 95) + String(repeating: "]", count: 95) + "' | from_json | flatten }}",
        "{{ ('" + String(repeating: "[", count: 95) + String(repeating: "]", count: 95) + "' | from_json) == 1 }}",
        "{{ '" + String(repeating: "[", count: 95) + String(repeating: "]", count: 95)
            + "' | from_json | pprint | length }}",
        "{{ '" + String(repeating: "[", count: 9000) + "' | from_json }}",
        "{{ '" + String(repeating: "[", count: 30) + "' | from_yaml }}",
        "{{ loop_a }}", String(repeating: "{{ '", count: 100), String(repeating: "{# ", count: 1000),
        "{% raw %}" + String(repeating: "{", count: 10000),
        "{{ 9223372036854775807 + 1 }}", "{{ -9223372036854775807 - 2 }}", "{{ (-9223372036854775807 - 1) // -1 }}",
        "{{ (-9223372036854775807 - 1) | abs }}", "{{ (-9223372036854775807 - 1) % -1 }}",
        "{{ [1,2,3][9223372036854775807:] }}",
        "{{ [1,2,3][::9223372036854775807] }}", "{{ [1,2,3][:-9223372036854775807:-9223372036854775807] }}",
        "{{ 1e308 * 10 | int }}",
        "{{ (1e308 * 10) | int }}", "{{ range(-9223372036854775807, 9223372036854775807) | length }}",
        "{{ 'abc'.zfill(9223372036854775807) }}",
        "{{ [3,1] | batch(9223372036854775807) | list }}", "{{ [3,1] | batch(9223372036854775807, 'x') | list }}",
        "{{ 'a'.expandtabs(9223372036854775807) }}", "{{ '\\t'.expandtabs(9223372036854775807) }}",
        "{{ 1.5 | round(400) }}",
        "{{ 1 | round(-400) }}", "{{ 'x' | indent(9223372036854775807) }}", "{{ 'x' | truncate(-5) }}",
        "{{ 'a b' | truncate(3, leeway=9223372036854775807) }}",
        "{{ 'x' | wordwrap(9223372036854775807) }}", "{{ 9223372036854775807 | filesizeformat }}",
        "{{ 9223372036854775807 | human_readable }}",
        "{{ '9e999' | float | int }}", "{{ 9223372036854775807 | random(9223372036854775806) }}",
        "{{ '%c' % 99999999999 }}",
        "{{ '%Y' | strftime(9223372036854775807) }}",
        "{{ ('1970-01-01 00:00:00' | to_datetime) - ('9999-01-01 00:00:00' | to_datetime) }}",
        "{{ 1 | pow(1e308) }}", "{{ 5.__lshift__(100) }}", "{{ (5).__lshift__(100) }}",
        "{{ (5).__rshift__(9223372036854775807) }}",
        "{{ 'a'.split('b', -9223372036854775807) }}", "{{ 'a' | comment(prefix_count=9223372036854775807) }}",
        "{{ 'abc'.find('b', -9223372036854775807, 9223372036854775807) }}",
        "{{ 'abc'.startswith('b', 9223372036854775807, -9223372036854775807) }}",
        "{{ [1].insert(-9223372036854775807, 1) }}", "{{ [1].pop(-9223372036854775807) }}",
        "{{ [1][-9223372036854775807] }}",
        "{{ 'x' | regex_replace('x', '\\\\g<99>') }}", "{{ 'abc'[-9223372036854775807] }}",
        "{{ range(3)[-9223372036854775807] }}",
    ]

    @Test("hostile templates end in an error or a value")
    func hostileTemplates() {
        Self.onSmallThread {
            for template in Self.hostile {
                var limits = TemplateLimits()
                limits.time = .seconds(5)
                limits.turns = 200_000
                limits.bytes = 8 << 20
                limits.elements = 200_000
                let environment = TemplateEnvironment(limits: limits)
                let scope = MapScope(
                    [
                        "loop_a": .string(Text("{{ loop_b }}", marks: .template)),
                        "loop_b": .string(Text("{{ loop_a }}", marks: .template)),
                    ],
                    environment: environment)
                let started = ContinuousClock.now
                let result = Result { () throws(Diagnostic) in try environment.evaluate(Text(template), in: scope) }
                if case .failure(let error) = result { #expect(error.code != .internal, "\(template.prefix(60))") }
                let time = ContinuousClock.now - started
                #expect(time < .seconds(120), "\(template.prefix(60)) took \(time)")
            }
        }
    }

    @Test(
        "what one filter or method makes of little is bounded before it is made",
        arguments: [
            "('a' * 10000) | replace('a', 'b' * 10000)", "('a' * 10000).replace('a', 'b' * 10000)",
            "('a' * 10000).replace('', 'b' * 10000)", "('a' * 10000) | list | join('b' * 10000)",
            "('b' * 10000).join(('a' * 10000) | list)", "('a' * 10000) | regex_replace('a', 'b' * 10000)",
            "('a\n' * 10000) | indent('b' * 10000)", "('a ' * 10000) | wordwrap(1, true, 'b' * 10000)",
            "('a\n' * 10000) | comment(decoration='b' * 10000)",
            "'\\'' | quote" + String(repeating: " | quote", count: 14),
        ])
    func growth(_ expression: String) {
        var limits = TemplateLimits()
        limits.bytes = 1 << 20
        let environment = TemplateEnvironment(limits: limits)
        let scope = MapScope([:], environment: environment)
        let error = #expect(throws: Diagnostic.self) {
            try environment.evaluate(Text("{{ \(expression) }}"), in: scope)
        }
        #expect(error?.summary.contains("bytes") == true, "\(String(describing: error))")
    }

    @Test("random texts never crash the lexer, the parser or the evaluator")
    func fuzz() {
        let pieces = [
            "{{", "}}", "{%", "%}", "{#", "#}", "{%-", "-%}", "a", "b.c", "[", "]", "(", ")", "{", "}", "'", "\"", "\\",
            "|", "~", "if", "else",
            "for", "in", "endfor", "endif", "set", "=", "==", "+", "-", "*", "**", "//", "%", "1", "2.5", "'x'", " ",
            "\n", "is", "not", "defined",
            "default", "map", "upper", "join", ",", ":", "macro", "endmacro", "m()", "loop", "raw", "endraw", "filter",
            "endfilter", "call", "endcall",
            "block", "endblock", "with", "endwith", "do", "break", "é", "日", "\u{0}", "1e5", "0x",
            "9999999999999999999", "none", "true", "list",
        ]
        Self.onSmallThread {
            var generator = MersenneTwister(number: .small(42))
            for _ in 0..<4000 {
                var template = ""
                for _ in 0..<(1 + generator.below(18)) {
                    template += pieces[generator.below(pieces.count)] + (generator.below(2) == 0 ? " " : "")
                }
                if generator.below(2) == 0 { template = "{{ " + template + " }}" }
                var limits = TemplateLimits()
                limits.turns = 20_000
                limits.bytes = 1 << 20
                limits.elements = 20_000
                let environment = TemplateEnvironment(limits: limits)
                let scope = MapScope(["a": 1, "b": ["c": [1, "x"]], "list": [1, 2]], environment: environment)
                do throws(Diagnostic) {
                    _ = try environment.evaluate(Text(template), in: scope)
                } catch {
                    #expect(error.code != .internal, "\(template)")
                }
            }
        }
    }
}
