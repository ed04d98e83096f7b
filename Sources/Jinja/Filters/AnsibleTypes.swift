internal import Diagnostics
internal import Values

/// `community.general`: the type of a value and of what it holds, such as `dict[str, int]`.
enum AnsibleTypes {
    static let filters: [Filter] = [
        Filter("reveal_ansible_type", ["alias"], .structural) { call throws(Diagnostic) in
            .string(name(call.input, try aliases(call, 0)))
        }
    ]

    static func aliases(_ call: Call, _ index: Int) throws(Diagnostic) -> ValueMap {
        guard let alias = call[index], !alias.isNull else { return [:] }
        guard case .map(let map) = alias else { throw call.wrongArgument(index, "a dictionary", alias) }
        return map
    }

    static func name(_ value: Value, _ aliases: ValueMap) -> String {
        func own(_ value: Value) -> String {
            aliases[value.typeName].map(PythonPrint.text) ?? value.typeName
        }
        func all(_ values: [Value]) -> String { Set(values.map(own)).sorted().joined(separator: "|") }
        let type = own(value)
        switch value {
        case .list(let items) where type == "list" && !items.isEmpty: return "\(type)[\(all(items))]"
        case .map(let map) where type == "dict" && !map.isEmpty:
            return "\(type)[\(all(map.keys.map(\.value))), \(all(map.values))]"
        default: return type
        }
    }
}
