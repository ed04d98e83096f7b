import Diagnostics
import Values
import YAML

/// How a task's map becomes a `TaskNode`.
extension PlaybookParser {
    mutating func task(
        _ node: YAMLNode, _ pairs: [(key: YAMLNode, value: YAMLNode)], _ place: KeywordPlace
    ) -> TaskNode? {
        guard var action = action(of: node, pairs, place) else { return nil }
        if let args = pairs.first(where: { $0.key.scalarText == "args" })?.value { merge(args, into: &action) }
        var task = TaskNode(keywords: Keywords(), action: action, location: node.location)
        for (key, value) in pairs {
            guard let word = key.scalarText else {
                unknownKeyword(key, place)
                continue
            }
            if action.isInclude, isFutile(key, word, place) { continue }
            if word == action.writtenName || ["action", "local_action", "args"].contains(word) {
                if word == "local_action" {
                    task.keywords.settings[.delegateTo] = Field("localhost", at: key.location)
                }
                continue
            }
            read(word, key, value, place, into: &task)
        }
        if let control = pairs.first(where: { $0.key.scalarText == "loop_control" })?.value {
            loopControl(control, into: &task)
        }
        return task
    }

    private mutating func read(
        _ word: String, _ key: YAMLNode, _ value: YAMLNode, _ place: KeywordPlace, into task: inout TaskNode
    ) {
        switch word {
        case "loop": setLoop(TaskNode.Loop(lookup: nil, items: field(value)), key, &task)
        case "loop_control": break
        case "register": register(value, &task)
        case "until": task.until = conditions(value)
        case "retries": task.retries = field(value)
        case "delay": task.delay = field(value)
        case "changed_when": task.changedWhen = conditions(value)
        case "failed_when": task.failedWhen = conditions(value)
        case "notify": task.notify = value.isNull ? [] : (value.items ?? [value]).map { field($0) }
        case "async": task.asynchronous = field(value)
        case "poll": task.poll = field(value)
        case "listen" where place == .handler:
            task.listen = (value.items ?? [value]).map { field($0) }
        case _ where word.hasPrefix("with_"):
            setLoop(TaskNode.Loop(lookup: String(word.dropFirst(5)), items: field(value)), key, &task)
        default:
            if !common(key, value, place, into: &task.keywords) { unknownKeyword(key, place) }
        }
    }

    /// Whether a keyword says nothing to an include, which carries out nothing itself; told of, if so.
    private mutating func isFutile(_ key: YAMLNode, _ word: String, _ place: KeywordPlace) -> Bool {
        let isKnown = place.keywords.contains(word) && !KeywordPlace.ofIncludes.contains(word)
        guard isKnown, !(place == .handler && word == "listen") else { return false }
        report(
            .unknownKeyword, "'\(word)' means nothing to an include", at: key.location,
            remedy: KeywordPlace.block.keywords.contains(word)
                ? "Write it below 'apply:', and it counts for every task that comes in."
                : "Write it at the tasks that come in.")
        return true
    }

    private mutating func register(_ node: YAMLNode, _ task: inout TaskNode) {
        let name = node.scalarText ?? ""
        guard name.isVariableName else {
            report(
                .badValue, "'\(name)' cannot be a variable's name", at: node.location,
                remedy: "Names are letters, digits and underscores, and begin with no digit.")
            return
        }
        task.register = Located(name, at: node.location)
    }

    private mutating func setLoop(_ loop: TaskNode.Loop, _ key: YAMLNode, _ task: inout TaskNode) {
        if task.loop != nil {
            report(.syntax, "a task can have one loop only", at: key.location, remedy: "Take one of them out.")
        }
        task.loop = loop
    }

    private mutating func loopControl(_ node: YAMLNode, into task: inout TaskNode) {
        guard var loop = task.loop else {
            report(.syntax, "'loop_control' without a loop", at: node.location, severity: .warning)
            return
        }
        guard let pairs = node.pairs else {
            report(.syntax, "'loop_control' must be a map, not \(node.kindName)", at: node.location)
            return
        }
        for (key, value) in pairs {
            switch key.scalarText {
            case "loop_var":
                loop.variable = value.scalarText ?? "item"
                loop.variableLocation = value.location
            case "index_var": loop.indexVariable = value.scalarText
            case "label": loop.label = field(value)
            case "pause": loop.pause = field(value)
            case "extended": loop.extended = field(value)
            case "extended_allitems": loop.allItems = field(value)
            case "break_when": loop.breakWhen = conditions(value)
            default:
                report(
                    .unknownKeyword, "'\(key.scalarText ?? "?")' is not a key of loop_control", at: key.location,
                    remedy: NearestNames.hint(
                        key.scalarText ?? "",
                        among: [
                            "loop_var", "index_var", "label", "pause", "extended", "extended_allitems", "break_when",
                        ]))
            }
        }
        task.loop = loop
    }

    // MARK: The action

    /// The one key that is no keyword, or what `action`/`local_action` say.
    private mutating func action(
        of node: YAMLNode, _ pairs: [(key: YAMLNode, value: YAMLNode)], _ place: KeywordPlace
    ) -> TaskNode.Action? {
        let known = place.keywords
        let candidates = pairs.filter { pair in
            guard let word = pair.key.scalarText else { return false }
            return !known.contains(word) && !word.hasPrefix("with_")
        }
        if let old = pairs.first(where: { ["action", "local_action"].contains($0.key.scalarText) }) {
            if let other = candidates.first {
                conflicting(other.key, old.key, place)
            }
            return classicAction(old.value)
        }
        let modules = candidates.filter { isModule($0.key.scalarText ?? "") }
        guard let chosen = modules.first ?? candidates.first else {
            report(
                .syntax, "a task without a module", at: node.location,
                remedy: "Say what it does, such as 'ansible.builtin.command: uptime'.")
            return nil
        }
        for other in candidates where other.key.location != chosen.key.location {
            if isModule(other.key.scalarText ?? "") {
                conflicting(other.key, chosen.key, place)
            } else {
                unknownKeyword(other.key, place)
            }
        }
        // A lone unknown key that is nearly a keyword is rather a slip of the pen than a module we do not know.
        var action = TaskNode.Action(name: chosen.key.scalarText ?? "", location: chosen.key.location)
        arguments(chosen.value, into: &action)
        return action
    }

    private mutating func conflicting(_ one: YAMLNode, _ other: YAMLNode, _ place: KeywordPlace) {
        report(
            .syntax,
            "two actions in one task: '\(other.scalarText ?? "")' and '\(one.scalarText ?? "")'", at: one.location,
            remedy: NearestNames.hint(one.scalarText ?? "", among: place.keywords) ?? "Make two tasks of them.")
    }

    /// `action: copy src=a dest=b` or `action: {module: copy, …}`.
    private mutating func classicAction(_ node: YAMLNode) -> TaskNode.Action? {
        if let text = node.scalarText { return namedAction(text, at: node.location) }
        guard let name = node["module"]?.scalarText else {
            report(.syntax, "'action' needs a module's name", at: node.location)
            return nil
        }
        var action = namedAction(name, at: node.location)
        for (key, value) in node.pairs ?? [] where key.scalarText != "module" {
            argument(key.scalarText ?? "", key, value, into: &action)
        }
        return action
    }

    /// A module's name, which may be a template, and what stands after it.
    private mutating func namedAction(_ text: String, at place: SourceLocation) -> TaskNode.Action {
        let (name, rest) = FreeForm.firstWord(of: text)
        var action = TaskNode.Action(name: name, location: place)
        let written = templated(name, at: place)
        if written.holdsTemplate { action.templatedName = Field(written, at: place) }
        if !rest.isEmpty { freeForm(rest, at: place, into: &action) }
        return action
    }

    private mutating func arguments(_ node: YAMLNode, into action: inout TaskNode.Action) {
        if node.isNull { return }
        if let text = node.scalarText {
            // `set_fact: "{{ map }}"`: the whole map comes from a template.
            let trimmed = text.trimmed
            let isAssignment =
                action.shortName == "set_fact" && !FreeForm.read(trimmed, known: nil, templates: true).options.isEmpty
            if FreeForm.rawOptions[action.shortName] == nil, trimmed.hasPrefix("{{"), trimmed.hasSuffix("}}"),
                !isAssignment
            {
                action.dynamicArguments = field(node)
                return
            }
            freeForm(text, at: node.location, into: &action)
            return
        }
        guard node.pairs != nil else {
            // `meta`-like actions never take lists; a list is a slip in nearly every case.
            report(
                .badValue, "arguments of '\(action.name)' must be a map or text, not \(node.kindName)",
                at: node.location)
            return
        }
        merge(node, into: &action)
    }

    private mutating func merge(_ node: YAMLNode, into action: inout TaskNode.Action) {
        guard let pairs = node.pairs else {
            if node.scalarText != nil {
                action.dynamicArguments = field(node)
            } else {
                report(.badValue, "'args' must be a map, not \(node.kindName)", at: node.location)
            }
            return
        }
        for (key, value) in pairs {
            guard let word = key.scalarText else {
                report(.badValue, "an argument's name must be text, not \(key.kindName)", at: key.location)
                continue
            }
            argument(word, key, value, into: &action)
        }
    }

    private mutating func argument(
        _ word: String, _ key: YAMLNode, _ value: YAMLNode, into action: inout TaskNode.Action
    ) {
        let mayApply = action.isInclude || action.isBuiltin("import_tasks") || action.isBuiltin("import_role")
        if word == "apply", mayApply { return apply(key, value, to: &action) }
        action.arguments[word] = Self.expressions[action.shortName] == word ? expressions(value) : self.value(value)
        action.places[word] = key.location
    }

    /// The modules' arguments that hold bare expressions.
    private static let expressions = ["assert": "that", "debug": "var"]

    /// Expressions without braces keep their places as templates do, for what is wrong in them.
    private mutating func expressions(_ node: YAMLNode) -> Value {
        if let items = node.items { return .list(items.map { expressions($0) }) }
        guard case .string(var text) = value(node) else { return value(node) }
        text.origin = node.location
        return .string(text)
    }

    /// `apply` of an include: the keywords of a block around what it brings in.
    private mutating func apply(_ key: YAMLNode, _ node: YAMLNode, to action: inout TaskNode.Action) {
        guard action.isInclude else {
            report(
                .unknownArgument, "'apply' is for includes, not for '\(action.name)'", at: key.location,
                remedy: "Write its keywords at the import: all it brings in inherits them.")
            return
        }
        if node.isNull { return }
        guard let pairs = node.pairs else {
            report(
                .badValue, "'apply' must be a map of keywords, not \(node.kindName)", at: node.location,
                remedy: "Write 'NAME: VALUE' below it; the values may be templates.")
            return
        }
        var applied = TaskNode.Action.Applied()
        for (key, value) in pairs {
            if key.scalarText == "notify" {
                applied.notify = value.isNull ? [] : (value.items ?? [value]).map { field($0) }
            } else if !common(key, value, .block, into: &applied.keywords) {
                unknownKeyword(key, .block)
            }
        }
        action.applied = applied
    }

    private mutating func freeForm(_ text: String, at place: SourceLocation, into action: inout TaskNode.Action) {
        let raw = FreeForm.rawOptions[action.shortName]
        let reading = FreeForm.read(text, known: raw, templates: action.shortName == "set_fact")
        for (name, value) in reading.options {
            if name == "apply", action.isInclude {
                report(.badValue, "'apply' must be a map of keywords, not text", at: place)
                continue
            }
            let isExpression = Self.expressions[action.shortName] == name
            action.arguments[name] = templated(value, at: place, isExpression: isExpression)
            action.places[name] = place
        }
        if !reading.rest.isEmpty {
            if raw == nil, isModule(action.name) {
                report(
                    .unknownArgument, "'\(reading.rest)' is not an argument of '\(action.name)'", at: place,
                    remedy: "Write arguments as 'name=value', or as a map below the module's name.")
                return
            }
            if case .string(let rest) = templated(reading.rest, at: place) { action.freeForm = rest }
        }
    }

    /// Text taken out of a scalar: a template if it holds delimiters; that and expressions are placed at the scalar.
    private func templated(_ text: String, at place: SourceLocation, isExpression: Bool = false) -> Value {
        let isTemplate = text.contains("{{") || text.contains("{%") || text.contains("{#")
        return .string(
            Text(text, marks: isTemplate ? .template : [], origin: isTemplate || isExpression ? place : nil))
    }

    // MARK: Shared keywords

    /// Takes in a keyword that plays, roles, blocks and tasks share. Returns false if it is none of them here.
    mutating func common(_ key: YAMLNode, _ value: YAMLNode, _ place: KeywordPlace, into keywords: inout Keywords)
        -> Bool
    {
        guard let word = key.scalarText, place.keywords.contains(word) else { return false }
        switch word {
        case "name": keywords.name = field(value)
        case "tags":
            keywords.tags += (value.items ?? [value]).filter { !$0.isNull }.map { field($0) }
        case "when": keywords.when = conditions(value)
        case "vars":
            if value.isNull { return true }
            guard value.pairs != nil else {
                report(.badValue, "'vars' must be a map of names to values, not \(value.kindName)", at: value.location)
                return true
            }
            keywords.vars = self.value(value).mapValue ?? [:]
            for (name, _) in value.pairs ?? [] {
                let written = name.scalarText ?? "?"
                // `off`, `no` and `null` without quotes are no names but values of YAML.
                if written.isVariableName, case .string = self.value(name) { continue }
                report(
                    .badValue, "'\(written)' cannot be a variable's name", at: name.location,
                    remedy: written.isVariableName ? "YAML reads it as a value; choose another name." : nil)
            }
        case "environment":
            keywords.environment = value.isNull ? [] : (value.items ?? [value]).map { field($0) }
        default:
            guard let setting = Keywords.Setting(rawValue: word) else { return false }
            if setting == .debugger {
                unsupported(key, "Run with -vvv, or stop before a task with --step.")
            }
            keywords.settings[setting] = field(value)
        }
        return true
    }

    /// The conditions of a `when`, which may be one or a list of which all must hold.
    private mutating func conditions(_ node: YAMLNode) -> [Field] {
        (node.items ?? [node]).map { item in
            // A bare expression is evaluated though it has no braces: it keeps its place like a template.
            if let text = item.scalarText, case .string(var written) = value(item) {
                written.marks.insert(.template)
                written.origin = item.location
                written.string = text
                return Field(.string(written), at: item.location)
            }
            return field(item)
        }
    }
}

extension TaskNode.Action {
    /// The key it was written under.
    fileprivate var writtenName: String { name }
}

extension String {
    /// Whether it may name a variable.
    package var isVariableName: Bool {
        // Templates read these as something else.
        if ["true", "false", "none", "True", "False", "None", "not"].contains(self) { return false }
        guard let first = utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
        return utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
        }
    }

    /// Whether this names a variable or something within one: `a`, `a.b`, `a.b[0]`.
    package var isVariablePath: Bool {
        let parts = split(whereSeparator: { $0 == "." || $0 == "[" }).map { $0.hasSuffix("]") ? $0.dropLast() : $0 }
        guard let first = parts.first, String(first).isVariableName, !hasPrefix("["), !contains("..") else {
            return false
        }
        return parts.dropFirst().allSatisfy {
            $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        }
    }

    /// The text without white space at its ends.
    package var trimmed: String {
        var slice = self[...]
        while let first = slice.first, first.isWhitespace { slice = slice.dropFirst() }
        while let last = slice.last, last.isWhitespace { slice = slice.dropLast() }
        return String(slice)
    }
}
