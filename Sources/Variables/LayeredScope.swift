public import Diagnostics
public import Jinja
public import Values

/// The variables that one host sees at one task, evaluated when they are used and remembered.
///
/// The strongest layer that holds a name gives it. A value that is a template is evaluated in this same scope;
/// what it gives is remembered until the scope ends, and where the run's memory may keep it, beyond that.
///
/// Not locked: it belongs to one task on one host, and all of a run's evaluation happens on the loop's thread.
public final class LayeredScope: Scope, @unchecked Sendable {
    public let engine: TemplateEnvironment
    /// Where lookups and file searches of this scope begin, the nearest directory first.
    public let searchPath: [String]
    let lookups: LookupContext
    /// Where templates bring in others from, while a template's file is rendered.
    let templateFolders: [String]?
    private var layers: [Layer]
    /// Whether maps of one name in several layers are merged (`hash_behaviour = merge`) instead of the strongest winning.
    private let mergesMaps: Bool
    /// Names whose values the run itself gives: `inventory_hostname`, `hostvars` … They win over everything.
    private let magic: (String) throws(Diagnostic) -> Value?
    private let magicNames: [String]
    /// Whether a lookup is an error here: it may do things, and be slow.
    public var refusesLookups = false
    private var evaluated: [String: Evaluated] = [:]
    /// The run's memory of what the host's variables gave; nil where no host is chosen.
    private var memory: ScopeMemory?
    /// The names being evaluated, outermost first: one that turns up again is a cycle.
    private var active: [String] = []

    /// A value, and what the run's memory keeps of it. What is neither kept nor steady is volatile: whatever is made of it
    /// is not kept either.
    private struct Evaluated {
        let value: Value
        var kept: KeptValue?
        var isSteady = false
    }

    /// - Parameter layers: The strongest first.
    init(
        engine: TemplateEnvironment, lookups: LookupContext, layers: [Layer], searchPath: [String], mergesMaps: Bool,
        magicNames: [String], magic: @escaping (String) throws(Diagnostic) -> Value?, memory: ScopeMemory?,
        templateFolders: [String]? = nil
    ) {
        self.templateFolders = templateFolders
        self.memory = memory
        self.engine = engine
        self.lookups = lookups
        self.searchPath = searchPath
        self.mergesMaps = mergesMaps
        self.layers = layers
        self.magic = magic
        self.magicNames = magicNames
    }

    /// Puts variables above all others but the magic ones, such as a loop's item.
    public func push(_ layer: Layer) {
        layers.insert(layer, at: 0)
        evaluated.removeAll(keepingCapacity: true)
        memory?.hide(layer.values)
    }

    /// The same scope with variables above all others but the magic ones; this one stays as it is.
    ///
    /// - Parameter templateFolders: Where templates bring in others from; nil for where they do so far.
    func with(_ layer: Layer, templateFolders: [String]? = nil) -> LayeredScope {
        var memory = memory
        memory?.hide(layer.values)
        return LayeredScope(
            engine: engine, lookups: lookups, layers: [layer] + layers, searchPath: searchPath,
            mergesMaps: mergesMaps, magicNames: magicNames, magic: magic, memory: memory,
            templateFolders: templateFolders ?? self.templateFolders)
    }

    /// Whether the task only foresees what it would do.
    var isCheckMode: Bool { ((try? magic("ansible_check_mode")) ?? nil)?.boolValue ?? false }

    /// The value as it was written, before evaluation, and the layer that gives it.
    public func raw(_ name: String) -> (value: Value, layer: String)? {
        var maps: [ValueMap] = []
        var strongest: String?
        for layer in layers {
            guard let value = layer.values[name] else { continue }
            guard mergesMaps else { return (value, layer.name) }
            guard case .map(let map) = value else {
                // What is no map ends the merge: it was replaced by the maps above it.
                if maps.isEmpty { return (value, layer.name) }
                break
            }
            maps.append(map)
            strongest = strongest ?? layer.name
        }
        guard let strongest else { return nil }
        return (.map(maps.reversed().reduce(ValueMap()) { $0.deeplyMerging($1) }), strongest)
    }

    public func lookup(_ name: String) throws(Diagnostic) -> Value? {
        if let known = evaluated[name] { return read(name, known) }
        if let kept = memory?.recall(name) {
            let known = Evaluated(value: kept.value, kept: kept)
            evaluated[name] = known
            return read(name, known)
        }
        if let value = try magic(name) {
            let known = Evaluated(value: value, isSteady: MagicVariables.isSteady(name))
            evaluated[name] = known
            return read(name, known)
        }
        guard let (value, _) = raw(name) else {
            memory?.read(name, nil, by: self)
            return nil
        }
        guard case .string(let text) = value, text.isTemplate else {
            memory?.read(name, nil, by: self)
            return value
        }
        if let start = active.firstIndex(of: name) {
            let cycle = (active[start...] + [name]).joined(separator: " → ")
            throw Diagnostic(
                .recursion, "'\(name)' is made of itself: \(cycle)", at: text.origin,
                remedy: "Give one of these variables a value that does not use the others.")
        }
        active.append(name)
        defer { active.removeLast() }
        if let memory { memory.run.begin(self, memory.host) }
        let result: Value
        do throws(Diagnostic) {
            result = try resolve(text)
        } catch {
            // What it read before is not noted for who meets the error with `default`, so that is not kept either.
            _ = memory?.end(name, nil)
            noteVolatile()
            throw error
        }
        let known = Evaluated(value: result, kept: memory?.end(name, result))
        evaluated[name] = known
        return read(name, known)
    }

    /// The value of a name, after noting for whoever is being evaluated that it read it.
    private func read(_ name: String, _ known: Evaluated) -> Value {
        guard memory != nil else { return known.value }
        if known.kept == nil, !known.isSteady { noteVolatile() } else { memory?.read(name, known.kept, by: self) }
        return known.value
    }

    public func noteVolatile() { memory?.run.noteVolatile() }

    public func resolve(_ text: Text) throws(Diagnostic) -> Value {
        guard active.count < Self.deepestNesting else {
            throw Diagnostic(
                .recursion, "templates are nested more than \(Self.deepestNesting) deep", at: text.origin,
                remedy: "A list or map here holds itself: \(active.suffix(4).joined(separator: " → ")).")
        }
        return try lookups.within(self) { () throws(Diagnostic) in try engine.evaluateLazily(text, in: self) }
    }

    /// The value with every template within evaluated, down to the last leaf.
    ///
    /// - Throws: `Diagnostic` with code `.undefined` if a name in it has no value.
    public func evaluate(_ value: Value) throws(Diagnostic) -> Value {
        try lookups.within(self) { () throws(Diagnostic) in try deep(value) }
    }

    /// Whether a condition such as `when:` holds.
    public func condition(_ value: Value) throws(Diagnostic) -> ConditionOutcome {
        try lookups.within(self) { () throws(Diagnostic) in try engine.condition(value, in: self) }
    }

    /// What a bare expression gives.
    public func expression(_ text: Text) throws(Diagnostic) -> Value {
        try lookups.within(self) { () throws(Diagnostic) in
            try deep(try engine.evaluateExpression(text, in: self))
        }
    }

    /// A whole template file's text, rendered.
    public func render(_ text: Text, options: TemplateOptions) throws(Diagnostic) -> Text {
        try lookups.within(self) { () throws(Diagnostic) in try engine.render(text, options: options, in: self) }
    }

    /// What a template file gives, in the type that a lone expression has.
    func renderValue(_ text: Text, options: TemplateOptions) throws(Diagnostic) -> Value {
        try lookups.within(self) { () throws(Diagnostic) in
            try deep(try engine.renderValue(text, options: options, in: self))
        }
    }

    public var names: [String] { magicNames + layers.flatMap { $0.values.keys.map(\.text) } }

    /// The names that `vars` and `hostvars` show, in their order: those with a value, and neither the view itself nor
    /// `omit`.
    var shownNames: [ValueMap.Key] {
        let magic = magicNames.filter { name in
            guard name != "vars", name != "omit" else { return false }
            return !MagicVariables.mayBeAbsent(name) || (try? self.magic(name)) ?? nil != nil
        }
        return Set(magic + layers.flatMap { $0.values.keys.map(\.text) }).sorted().map { .string($0) }
    }

    /// The value with every template within evaluated.
    public func deep(_ value: Value) throws(Diagnostic) -> Value {
        switch value {
        case .string(let text) where text.isTemplate:
            return try deep(try resolve(text))
        case .list(let items) where value.holdsTemplate:
            var result: [Value] = []
            result.reserveCapacity(items.count)
            for item in items { result.append(try deep(item)) }
            return .list(result)
        case .tuple(let items):
            var result: [Value] = []
            for item in items { result.append(try deep(item)) }
            return .list(result)
        case .map(let map) where value.holdsTemplate:
            return .map(try map.mapValues { (item) throws(Diagnostic) in try deep(item) })
        case .undefined(let undefined):
            throw undefined.diagnostic
        default:
            return value
        }
    }

    private static let deepestNesting = 200
}
