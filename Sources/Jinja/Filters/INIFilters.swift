internal import Diagnostics
internal import Values

/// `community.general`: INI text and dictionaries.
enum INIFilters {
    static let all: [Filter] = [
        Filter("from_ini") { call throws(Diagnostic) in
            guard case .string(let text) = call.input else { throw call.wrongInput("text") }
            let document = try INIText().document(text.string)
            var result = ValueMap()
            for section in document.sections { result[section.name] = map(document.entries(of: section.name) ?? []) }
            if !document.defaults.isEmpty { result["DEFAULT"] = map(document.defaults) }
            return .map(result)
        },
        Filter("to_ini", write),
    ]

    private static func map(_ section: INIText.Section) -> Value {
        .map(ValueMap(section.map { (.string($0.key), $0.value.map { .string($0) } ?? .null) }))
    }

    private static func write(_ call: Call) throws(Diagnostic) -> Value {
        let map = try call.map()
        guard !map.isEmpty else { throw call.failure("'to_ini' cannot write an empty dictionary") }
        var defaults = ""
        var sections = ""
        for (name, entries) in map {
            guard case .map(let entries) = entries else {
                throw call.failure(
                    "'to_ini' needs a dictionary a section, but '\(name.text)' is \(ErrorText.describe(entries))")
            }
            var text = "[\(PythonPrint.text(name.value))]\n"
            for (key, value) in entries {
                guard !value.isNull else { throw call.failure("'to_ini': '\(key.text)' has no value") }
                let lines = PythonPrint.text(value).replacing("\n", with: "\n\t")
                text += "\(PythonPrint.text(key.value)) = \(lines)\n"
            }
            if name.text == "DEFAULT" {
                if !entries.isEmpty { defaults = text + "\n" }
            } else {
                sections += text + "\n"
            }
        }
        return .string(String((defaults + sections).dropLast()))
    }
}
