internal import Diagnostics
internal import Values

/// The `loop` variable.
final class LoopObject: TemplateObject, @unchecked Sendable {
    // Unchecked: it lives within one evaluation, on one thread.
    private unowned let evaluator: Evaluator
    private let loop: Statement.Loop
    private let frame: Frame
    private let items: [Value]
    private let depth: Int
    @exclusivity(unchecked) var index = 0
    private var lastChanged: [Value]?

    init(_ evaluator: Evaluator, _ loop: Statement.Loop, _ frame: Frame, _ items: [Value], depth: Int) {
        self.evaluator = evaluator
        self.loop = loop
        self.frame = frame
        self.items = items
        self.depth = depth
    }

    var typeName: String { "loop" }
    var text: String { "<LoopContext \(index + 1)/\(items.count)>" }

    /// What can be told of the loop's state.
    enum Part: String, Sendable {
        case index, index0, revindex, revindex0, first, last, length, depth, depth0
    }

    func value(of part: Part) -> Value {
        switch part {
        case .index: .int(index + 1)
        case .index0: .int(index)
        case .revindex: .int(items.count - index)
        case .revindex0: .int(items.count - index - 1)
        case .first: .bool(index == 0)
        case .last: .bool(index == items.count - 1)
        case .length: .int(items.count)
        case .depth: .int(depth + 1)
        case .depth0: .int(depth)
        }
    }

    func member(_ key: ValueMap.Key) throws(Diagnostic) -> Value? {
        if let part = Part(rawValue: key.text) { return value(of: part) }
        switch key.text {
        case "previtem":
            if index > 0 { return items[index - 1] }
            return .undefined(Undefined("there is no previous item"))
        case "nextitem":
            if index + 1 < items.count { return items[index + 1] }
            return .undefined(Undefined("there is no next item"))
        default: return nil
        }
    }

    var methods: [String] { ["cycle", "changed"] }

    func callMethod(_ call: MethodCall) throws(Diagnostic) -> Value? {
        switch call.name {
        case "cycle":
            guard !call.positional.isEmpty else {
                throw Diagnostic(.template, "loop.cycle() needs values to cycle through")
            }
            return call.positional[index % call.positional.count]
        case "changed":
            let isChanged = lastChanged != call.positional
            lastChanged = call.positional
            return .bool(isChanged)
        default: return nil
        }
    }

    /// `loop(children)` in a recursive loop: runs the loop's body over them.
    func call(_ positional: [Value], _ named: ValueMap) throws(Diagnostic) -> Value {
        guard loop.isRecursive else {
            throw Diagnostic(
                .template, "the loop is not recursive", remedy: "Write 'recursive' at the end of its for tag.")
        }
        guard let children = positional.first else { throw Diagnostic(.template, "loop() needs the list to walk") }
        try evaluator.session.enterMacro()
        defer { evaluator.session.leaveMacro() }
        var output = Output(isSecret: evaluator.isSecret)
        _ = try evaluator.run(loop, over: children, frame, depth: depth + 1, &output)
        return output.value
    }
}
