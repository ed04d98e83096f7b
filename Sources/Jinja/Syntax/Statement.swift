internal import Values

/// What a template does, piece by piece.
enum Statement: Sendable {
    case text(String)
    case print(Expression, offset: Int)
    indirect case conditional([Branch], otherwise: [Statement])
    indirect case loop(Loop)
    case set(AssignmentTarget, Expression, offset: Int)
    indirect case setBlock(AssignmentTarget, filter: Expression?, body: [Statement], offset: Int)
    case macro(MacroDefinition)
    indirect case callBlock(MacroDefinition, Expression, offset: Int)
    indirect case filterBlock(Expression, body: [Statement])
    indirect case with([(target: AssignmentTarget, value: Expression)], body: [Statement], offset: Int)
    case include(Inclusion)
    case importModule(Expression, as: Expression.Name, withContext: Bool, offset: Int)
    case importNames(Expression, names: [ImportedName], withContext: Bool, offset: Int)
    case extends(Expression, offset: Int)
    case block(BlockUse)
    case perform(Expression)
    case `break`
    case `continue`
    /// Statements in a scope of their own.
    indirect case group([Statement])

    struct Branch: Sendable {
        var condition: Expression
        var body: [Statement]
    }

    struct Loop: Sendable {
        var target: AssignmentTarget
        var iterable: Expression
        var filter: Expression?
        var isRecursive: Bool
        var body: [Statement]
        var otherwise: [Statement]
        var loopSlot: Int
        var offset: Int
    }

    struct Inclusion: Sendable {
        var template: Expression
        var ignoresMissing: Bool
        var withContext: Bool
        var offset: Int
    }

    struct ImportedName: Sendable {
        var name: String
        var local: Expression.Name
    }

    struct BlockUse: Sendable {
        var name: String
        var isScoped: Bool
        var isRequired: Bool
        var offset: Int
    }
}

/// A macro as it is written; also the body of a call block.
final class MacroDefinition: Sendable {
    struct Parameter: Sendable {
        var name: Expression.Name
        var defaultValue: Expression?
    }

    let name: Expression.Name
    let parameters: [Parameter]
    let body: [Statement]
    /// Slots of the names a macro finds its surplus in, if its body speaks of them.
    let varargsSlot: Int?
    let kwargsSlot: Int?
    let callerSlot: Int?
    let offset: Int

    init(
        name: Expression.Name, parameters: [Parameter], body: [Statement], varargsSlot: Int?, kwargsSlot: Int?,
        callerSlot: Int?, offset: Int
    ) {
        self.name = name
        self.parameters = parameters
        self.body = body
        self.varargsSlot = varargsSlot
        self.kwargsSlot = kwargsSlot
        self.callerSlot = callerSlot
        self.offset = offset
    }
}

/// A template's text, parsed: made once, evaluated often, from any thread.
final class CompiledTemplate: Sendable {
    let text: String
    let body: [Statement]
    let blocks: [String: [Statement]]
    /// The names it speaks of, by slot.
    let names: [String]
    /// Which of them the template itself may give a value; the others come from the scope only.
    let isAssigned: [Bool]
    /// Where each name is first read.
    let firstUse: [Int]
    let options: TemplateOptions

    init(
        text: String, body: [Statement], blocks: [String: [Statement]], names: [String], isAssigned: [Bool],
        firstUse: [Int], options: TemplateOptions
    ) {
        self.text = text
        self.body = body
        self.blocks = blocks
        self.names = names
        self.isAssigned = isAssigned
        self.firstUse = firstUse
        self.options = options
    }
}
