internal import Values

extension ModuleManual {
    /// The manual as `swiftprov doc` prints it.
    public func rendered() -> String {
        var lines = ["\(name) - \(summary)", ""]
        if !description.isEmpty { lines += [description, ""] }
        lines.append("ARGUMENTS (= is required)")
        if arguments.isEmpty { lines.append("  none") }
        for argument in arguments { lines += argument.rendered(indent: "  ") }
        if takesAnyArgument { lines.append("  Any other name is taken as it comes.") }
        if let freeForm { lines.append("  Free text after the module's name is '\(freeForm)'.") }
        for names in exclusive { lines.append("  At most one of: \(names.joined(separator: ", ")).") }
        for names in oneOf { lines.append("  At least one of: \(names.joined(separator: ", ")).") }
        lines += ["", "CHECK MODE: \(check)", "DIFF MODE: \(diff)"]
        if !aliases.isEmpty { lines.append("ALSO CALLED: \(aliases.joined(separator: ", "))") }
        lines += ["", "EXAMPLE", ""]
        lines += example.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }
        return lines.joined(separator: "\n")
    }
}

extension Argument {
    fileprivate func rendered(indent: String) -> [String] {
        var facts = [kind.word]
        if let defaultValue { facts.append("default: \(defaultValue.pythonText)") }
        if !choices.isEmpty { facts.append("choices: \(choices.joined(separator: ", "))") }
        if !aliases.isEmpty { facts.append("aliases: \(aliases.joined(separator: ", "))") }
        var lines = ["\(indent)\(isRequired ? "=" : "-") \(name) (\(facts.joined(separator: "; ")))"]
        lines.append("\(indent)    \(refusal.map { "Not supported: \($0)" } ?? text)")
        if case .map(let inner) = kind { for argument in inner { lines += argument.rendered(indent: indent + "    ") } }
        if case .list(.map(let inner)) = kind {
            for argument in inner { lines += argument.rendered(indent: indent + "    ") }
        }
        return lines
    }
}

extension Argument.Kind {
    /// What the type is called.
    fileprivate var word: String {
        switch self {
        case .string: "text"
        case .int: "number"
        case .float: "decimal number"
        case .bool: "true or false"
        case .path: "path"
        case .bits, .bytes: "size"
        case .raw: "anything"
        case .json: "JSON"
        case .mode: "permissions"
        case .list(let kind): "list of \(kind.word)"
        case .map: "map"
        }
    }
}
