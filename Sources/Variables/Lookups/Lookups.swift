import Diagnostics
import Glibc
import Inventory
import Jinja
import Values

/// The lookups themselves, by name.
enum Lookups {
    typealias Lookup =
        @Sendable (_ terms: [Value], _ options: ValueMap, _ context: LookupContext) throws(Diagnostic)
        -> [Value]

    static let all: [String: Lookup] = [
        "items": items, "list": { (terms, _, _) throws(Diagnostic) in terms }, "flattened": flattened, "dict": dict,
        "sequence": sequence, "indexed_items": indexedItems, "nested": nested, "cartesian": nested,
        "together": together, "subelements": subelements, "random_choice": randomChoice, "env": environment,
        "vars": variables, "varnames": variableNames, "file": file, "lines": lines, "pipe": pipe,
        "template": template, "fileglob": fileGlob, "first_found": firstFound,
        "inventory_hostnames": inventoryHostNames, "unvault": file,
        "hashi_vault": hashiVault, "vault_read": hashiVaultRead, "vault_kv1_get": hashiVaultVersion1,
        "vault_kv2_get": hashiVaultVersion2,
    ]

    // MARK: Lists

    /// One level flattened, as `with_items` always did.
    private static let items: Lookup = { (terms, _, _) throws(Diagnostic) in
        terms.flatMap { $0.elements ?? [$0] }
    }

    private static let flattened: Lookup = { (terms, _, _) throws(Diagnostic) in
        func flat(_ value: Value) -> [Value] {
            if let items = value.elements { return items.flatMap(flat) }
            return value.isNull ? [] : [value]
        }
        return terms.flatMap(flat)
    }

    private static let dict: Lookup = { (terms, _, _) throws(Diagnostic) in
        var result: [Value] = []
        for term in terms.flatMap({ $0.elements ?? [$0] }) {
            guard let map = term.mapValue else {
                throw Diagnostic(
                    .badValue, "with_dict needs a map, not \(term.typeName)",
                    remedy: "For a list use 'loop' or 'with_items'.")
            }
            for (key, value) in map { result.append(["key": key.value, "value": value]) }
        }
        return result
    }

    private static let indexedItems: Lookup = { (terms, _, _) throws(Diagnostic) in
        terms.flatMap { $0.elements ?? [$0] }.enumerated().map { .list([.int($0.offset), $0.element]) }
    }

    private static let nested: Lookup = { (terms, _, _) throws(Diagnostic) in
        guard !terms.isEmpty else {
            throw Diagnostic(.badValue, "with_nested needs at least one list")
        }
        return terms.map { $0.elements ?? [$0] }
            .reduce([[]] as [[Value]]) { rows, list in rows.flatMap { row in list.map { row + [$0] } } }
            .map { .list($0) }
    }

    private static let together: Lookup = { (terms, _, _) throws(Diagnostic) in
        let lists = terms.map { $0.elements ?? [$0] }
        let longest = lists.map(\.count).max() ?? 0
        return (0..<longest).map { index in .list(lists.map { index < $0.count ? $0[index] : .null }) }
    }

    private static let subelements: Lookup = { (terms, _, _) throws(Diagnostic) in
        guard terms.count >= 2, let path = terms[1].stringValue else {
            throw Diagnostic(.badValue, "subelements needs a list and the name of a list inside")
        }
        let skipsMissing = terms.count > 2 && (terms[2].mapValue?["skip_missing"]?.isTruthy ?? false)
        let parents = terms[0].elements ?? terms[0].mapValue?.values ?? []
        var result: [Value] = []
        for parent in parents {
            var found: Value? = parent
            for step in path.split(separator: ".") { found = found?.mapValue?[String(step)] }
            guard let children = found?.elements else {
                if skipsMissing { continue }
                throw Diagnostic(
                    .badValue, "no list '\(path)' in \(parent.pythonRepresentation)",
                    remedy: "Add '{skip_missing: true}' to pass over elements without it.")
            }
            result += children.map { .list([parent, $0]) }
        }
        return result
    }

    private static let randomChoice: Lookup = { (terms, _, _) throws(Diagnostic) in
        let choices = terms.flatMap { $0.elements ?? [$0] }
        return choices.randomElement().map { [$0] } ?? []
    }

    // MARK: Variables and environment

    private static let environment: Lookup = { (terms, options, _) throws(Diagnostic) in
        var result: [Value] = []
        for term in terms {
            let name = String(term.pythonText.prefix { !$0.isWhitespace })
            if let value = getenv(name) {
                result.append(.string(String(cString: value)))
            } else if let fallback = options["default"] {
                result.append(fallback)
            } else {
                result.append("")
            }
        }
        return result
    }

    private static let variables: Lookup = { (terms, options, context) throws(Diagnostic) in
        var result: [Value] = []
        for term in terms {
            if let scope = context.scope, let value = try scope.lookup(term.pythonText) {
                result.append(try scope.evaluate(value))
            } else if let fallback = options["default"] {
                result.append(fallback)
            } else {
                throw Diagnostic(
                    .undefined, "no variable '\(term.pythonText)'",
                    remedy: NearestNames.hint(term.pythonText, among: context.scope?.names ?? [])
                        ?? "Give lookup('vars', …) a 'default='.")
            }
        }
        return result
    }

    private static let variableNames: Lookup = { (terms, _, context) throws(Diagnostic) in
        let names = Set(context.scope?.names ?? []).sorted()
        var result: [Value] = []
        for term in terms {
            let test = Text("names | select('search', pattern) | list")
            let values: ValueMap = ["names": .list(names.map { .string($0) }), "pattern": .string(term.pythonText)]
            let engine = TemplateEnvironment()
            result += try engine.evaluateExpression(test, in: MapScope(values, environment: engine)).elements ?? []
        }
        return result
    }

    private static let inventoryHostNames: Lookup = { (terms, _, context) throws(Diagnostic) in
        guard let inventory = context.variables?.inventory else { return [] }
        let pattern = terms.flatMap { $0.elements ?? [$0] }.map(\.pythonText).joined(separator: ":")
        return try inventory.hostNames(matching: pattern).map { .string($0) }
    }
}
