import Diagnostics
import Glibc
import Inventory
import Jinja
import Values
import Vault
import YAML

/// What is given hostile inputs. An input must end in a value or in an error that says something.
enum FuzzTarget: String, CaseIterable {
    case template
    case inventory
    case yaml
    case vault

    func run(_ bytes: [UInt8], _ state: String) {
        do {
            switch self {
            case .template: try Self.template(bytes)
            case .inventory: try Self.inventory(bytes, state)
            case .yaml: try Self.yaml(bytes)
            case .vault: try Self.vault(bytes)
            }
        } catch let error as Diagnostic {
            Self.check(error)
        } catch let errors as Diagnostics {
            for error in errors.all { Self.check(error) }
        } catch {
            preconditionFailure("an error of an unexpected kind: \(error)")
        }
    }

    private static func check(_ error: Diagnostic) {
        // Not a word for people: it is how a template says that only a real run can tell.
        if UnknownAnswer.unknown(in: error) != nil { return }
        precondition(error.code != .internal, "an internal error: \(error.summary)")
        precondition(!error.rendered().isEmpty, "an error without text")
    }

    // MARK: Targets

    private static func template(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        var limits = TemplateLimits()
        limits.turns = 20_000
        limits.bytes = 1 << 20
        limits.elements = 20_000
        limits.time = .seconds(5)
        let environment = TemplateEnvironment(limits: limits)
        let scope = MapScope(
            [
                "a": 1, "b": ["c": [1, "x"], "é": nil], "list": [3, 1, 2], "name": "web01.example.org", "t": true,
                "lazy": .string(Text("{{ a }}{{ lazy }}", marks: .template)),
                "secret": .string(Text("hunter2", marks: .secret)),
                "waiting": .unknown(Unknown("a task")),
            ], environment: environment)
        let file = SourceFile(name: "input", text: text)
        let origin = SourceLocation(file: file, line: 1, column: 1)
        let template = Text(text, marks: .template, origin: origin)
        switch bytes.count % 4 {
        case 0: _ = try environment.render(template, in: scope)
        case 1: _ = try environment.condition(.string(template), in: scope)
        case 2: _ = try environment.evaluateExpression(template, in: scope)
        default:
            let value = try environment.evaluate(template, in: scope)
            _ = (value.pythonRepresentation, value.holdsSecret, value == value)
        }
        _ = try environment.freeNames(of: template)
    }

    private static func inventory(_ bytes: [UInt8], _ state: String) throws {
        // A name without an ending is tried as YAML and as INI; `.ini` as INI alone.
        let path = bytes.count % 2 == 0 ? "\(state)/hosts" : "\(state)/hosts.ini"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        write(descriptor, bytes, bytes.count)
        close(descriptor)
        let (tree, warnings) = try InventoryLoader.load(InventorySources(paths: [path]))
        for warning in warnings { check(warning) }
        precondition(Set(tree.hostNames(in: "all")) == Set(tree.hostNames), "a host is not in 'all'")
        for host in tree.hostNames.prefix(20) { _ = try tree.variables(of: host).merged }
        _ = try InventoryListing(tree).listText()
        _ = try tree.hostNames(matching: String(decoding: bytes.prefix(60), as: UTF8.self))
    }

    private static func yaml(_ bytes: [UInt8]) throws {
        let text = try YAMLReader.text(bytes, name: "input")
        var warnings: [Diagnostic] = []
        let nodes = try YAMLReader.readAll(
            text, file: SourceFile(name: "input", text: text), limits: .init(nodes: 20_000), warnings: &warnings)
        for warning in warnings { check(warning) }
        for node in nodes {
            let value = try node.value()
            let written = try YAMLWriter(flow: .block).text(value)
            let again = try YAMLReader.read(written, file: SourceFile(name: "written", text: written))?.value() ?? .null
            // What was read can be written, and reads as the same again; not-a-number is not even itself.
            precondition(
                again == value || value.pythonRepresentation.contains("nan"), "written and read again it differs")
        }
    }

    private static func vault(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        _ = try VaultEnvelope(text).text
        // Few inputs get here; the key's derivation makes them slow.
        let secrets = VaultSecrets([.init(label: "default", "password")])
        _ = try secrets.open(text)
    }

    /// Words of the target's language, which chance alone would seldom write.
    var words: [String] {
        switch self {
        case .template:
            [
                "{{ ", " }}", "{% ", " %}", "{#", "#}", "{%-", "-%}", "{{-", "-}}", "for x in list", "endfor", "if a",
                "elif", "else", "endif", "set x = ", "endset", "macro m(q) ", "endmacro", "m(1)", "call m()",
                "endcall", "filter upper", "endfilter", "block z", "endblock", "raw", "endraw", "with y=1", "endwith",
                "do list.append(1)", "break", "continue", "import", "include 'x'", "extends 'x'", "loop.index",
                "loop(list)", "recursive", "namespace(n=1)", "range(9999999999)", "lazy", "secret", "waiting",
                "missing", "b.c[1]", "b['é']", " is defined", " is not none", " in ", " not in ", " and ", " or ",
                "not ", "**", "//", "%", "~", "==", "!=", "<=", "[", "]", "(", ")", "{", "}", "'", "\"", "\\", "\\x",
                "\\u12", ":", ",", ".", "|", "=", "1", "-1", "0x", "1e999", "9223372036854775807", "1.5", "none",
                "true", "*list", "**b", "[::-1]", "[:9999999999]", " | default(1)", " | map('upper')", " | join",
                " | int", " | list", " | sort", " | regex_replace('(a+)+', '\\\\1')", " | combine(b, recursive=true)",
                " | to_json", " | from_json", " | from_yaml", " | to_nice_yaml", " | selectattr('c')", " | batch(3)",
                " | groupby('c')", " | format(1)", " | random(seed=1)", " | b64encode", " | zip(list)", " | product",
                " | ipaddr", " | dict2items", " | items2dict", " | flatten", " | json_query('[*]')", " | hash('md5')",
                "é", "日", "\u{0}", "\n", "\r\n", "#jinja2: trim_blocks: False\n", "'%1000000000d' % 1",
                "'x' * 99999999",
            ]
        case .inventory:
            [
                "[", "]", "[web]\n", "[web:vars]\n", "[web:children]\n", "[all:vars]\n", ":", "=", "'", "\"", "#", ";",
                "\n", "\t", " ", "[a:f]", "[01:50:2]", "[1:99999999]", "[z:a]", "[::1]:22", "host ansible_port=22",
                "\\", "{'a': [1, 2]}", "{", "(", ",", "0x1F", "1e9", "None", "True", "é", "😀", "\u{0}", "-", "~", "*",
                "!", "&", "99999999999999999999", "ansible_group_priority=10", "all:\n  hosts:\n    x:\n",
                "  children:\n", "  vars:\n    a: 1\n", "localhost", "@file", "web[0:1]", "b'x'", "'''", "1_000",
                "\r\n",
            ]
        case .yaml:
            [
                "- ", ": ", "? ", "\n", "\n  ", "\t", "&a ", "*a", "<<: *a", "<<: [*a, *b]", "!x ", "!!int ",
                "!!binary ", "!!set ", "!!omap ", "!unsafe ", "!vault ", "!!timestamp ", "[", "]", "{", "}", ",", "|\n",
                ">-\n", "|2+\n", "#", "---\n", "...\n", "%YAML 1.1\n", "%TAG ! x\n", "\"", "'", "\\", "\\x41",
                "\\U0001F600", "\u{85}", "\u{2028}", "\u{FEFF}", "\r\n", "\r", "@", "`", "0x1F", "0o17", "017", "1:30",
                "1_000", ".inf", ".nan", "~", "null", "yes", "off", "2001-12-14t21:59:43.10-05:00", "1e3",
                "99999999999999999999",
                "{{ a }}", "{% if %}", "é", "😀", "\u{0}", "a: 1\na: 2\n", "=",
            ]
        case .vault:
            [
                "$ANSIBLE_VAULT;1.1;AES256\n", "$ANSIBLE_VAULT;1.2;AES256;dev\n", "$ANSIBLE_VAULT;", "1.3", ";", "\n",
                "AES", "3", "33", "0a", "ff", "6162630a", "g", " ", "\r\n", "\u{0}", "é",
            ]
        }
    }
}
