internal import Values

/// What a template does, piece by piece. As in an `Expression`, every case holds one reference.
enum Statement: Sendable {
    case text(PlainText)
    case print(Print)
    case conditional(Conditional)
    case loop(Loop)
    case set(Assignment)
    case setBlock(BlockAssignment)
    case macro(MacroDefinition)
    case callBlock(CallBlock)
    case filterBlock(FilterBlock)
    case with(With)
    case include(Inclusion)
    case importModule(ModuleImport)
    case importNames(NamesImport)
    case extends(Extension)
    case block(BlockUse)
    case perform(Print)
    case `break`
    case `continue`
    /// Statements in a scope of their own.
    case group(Body)

    /// Text of the template's own, as the bytes that are copied into what is printed.
    final class PlainText: @unchecked Sendable {
        // Unchecked: the bytes are written here and never again.
        let bytes: UnsafeBufferPointer<UInt8>

        init(_ text: String) {
            let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count)
            _ = copy.initialize(from: text.utf8)
            bytes = UnsafeBufferPointer(copy)
        }

        deinit { bytes.deallocate() }
    }

    /// An expression whose value is printed, or with `do` dropped.
    final class Print: Sendable {
        /// The text that stands before it, if any.
        let before: Unowned<PlainText>?
        private let textBefore: PlainText?
        let value: Expression
        /// The value, if it is a call: it may be of a macro, which prints for itself.
        let call: Unowned<Expression.Call>?
        let offset: Int
        init(_ value: Expression, offset: Int, after before: PlainText? = nil) {
            textBefore = before
            self.before = before.map { Unowned(node: $0) }
            self.value = value
            if case .call(let node) = value { call = Unowned(node: node) } else { call = nil }
            self.offset = offset
        }
    }

    final class Conditional: Sendable {
        final class Branch: Sendable {
            let condition: Expression
            let body: Body
            init(_ condition: Expression, _ body: Body) {
                self.condition = condition
                self.body = body
            }
        }

        private let owned: [Branch]
        let branches: [Unowned<Branch>]
        let otherwise: Body
        init(_ branches: [Branch], otherwise: Body) {
            owned = branches
            self.branches = branches.map { Unowned(node: $0) }
            self.otherwise = otherwise
        }
    }

    final class Loop: Sendable {
        let target: AssignmentTarget
        let iterable: Expression
        let filter: Expression?
        let isRecursive: Bool
        let body: Body
        let otherwise: Body
        let loopSlot: Int
        /// How many names the loop itself sets in each turn, `loop` among them.
        let ownNames: Int
        let offset: Int

        init(
            target: AssignmentTarget, iterable: Expression, filter: Expression?, isRecursive: Bool, body: Body,
            otherwise: Body, loopSlot: Int, offset: Int
        ) {
            self.target = target
            self.iterable = iterable
            self.filter = filter
            self.isRecursive = isRecursive
            self.body = body
            self.otherwise = otherwise
            self.loopSlot = loopSlot
            ownNames = Set([loopSlot] + target.slots).count
            self.offset = offset
        }
    }

    final class Assignment: Sendable {
        let target: AssignmentTarget
        let value: Expression
        let offset: Int
        init(_ target: AssignmentTarget, _ value: Expression, offset: Int) {
            self.target = target
            self.value = value
            self.offset = offset
        }
    }

    final class BlockAssignment: Sendable {
        let target: AssignmentTarget
        let filter: Expression?
        let body: Body
        let offset: Int
        init(_ target: AssignmentTarget, filter: Expression?, body: Body, offset: Int) {
            self.target = target
            self.filter = filter
            self.body = body
            self.offset = offset
        }
    }

    final class CallBlock: Sendable {
        let definition: MacroDefinition
        let call: Expression.Call
        init(_ definition: MacroDefinition, _ call: Expression.Call) {
            self.definition = definition
            self.call = call
        }
    }

    final class FilterBlock: Sendable {
        let chain: Expression
        let body: Body
        init(_ chain: Expression, body: Body) {
            self.chain = chain
            self.body = body
        }
    }

    final class With: Sendable {
        let bindings: [Assignment]
        let body: Body
        init(_ bindings: [Assignment], body: Body) {
            self.bindings = bindings
            self.body = body
        }
    }

    final class Inclusion: Sendable {
        let template: Expression
        let ignoresMissing: Bool
        let withContext: Bool
        let offset: Int
        init(template: Expression, ignoresMissing: Bool, withContext: Bool, offset: Int) {
            self.template = template
            self.ignoresMissing = ignoresMissing
            self.withContext = withContext
            self.offset = offset
        }
    }

    final class ModuleImport: Sendable {
        let template: Expression
        let name: Expression.Name
        let withContext: Bool
        let offset: Int
        init(_ template: Expression, as name: Expression.Name, withContext: Bool, offset: Int) {
            self.template = template
            self.name = name
            self.withContext = withContext
            self.offset = offset
        }
    }

    final class NamesImport: Sendable {
        struct Name: Sendable {
            var name: String
            var local: Expression.Name
        }

        let template: Expression
        let names: [Name]
        let withContext: Bool
        let offset: Int
        init(_ template: Expression, names: [Name], withContext: Bool, offset: Int) {
            self.template = template
            self.names = names
            self.withContext = withContext
            self.offset = offset
        }
    }

    final class Extension: Sendable {
        let template: Expression
        let offset: Int
        init(_ template: Expression, offset: Int) {
            self.template = template
            self.offset = offset
        }
    }

    final class BlockUse: Sendable {
        let name: String
        let isScoped: Bool
        let isRequired: Bool
        let offset: Int
        init(name: String, isScoped: Bool, isRequired: Bool, offset: Int) {
            self.name = name
            self.isScoped = isScoped
            self.isRequired = isRequired
            self.offset = offset
        }
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
    let body: Body
    /// Slots of the names a macro finds its surplus in, if its body speaks of them.
    let varargsSlot: Int?
    let kwargsSlot: Int?
    let callerSlot: Int?
    /// Whether it takes its parameters and nothing else.
    let isSimple: Bool
    let offset: Int

    init(
        name: Expression.Name, parameters: [Parameter], body: Body, varargsSlot: Int?, kwargsSlot: Int?,
        callerSlot: Int?, offset: Int
    ) {
        self.name = name
        self.parameters = parameters
        self.body = body
        self.varargsSlot = varargsSlot
        self.kwargsSlot = kwargsSlot
        self.callerSlot = callerSlot
        self.offset = offset
        isSimple = varargsSlot == nil && kwargsSlot == nil && callerSlot == nil
    }
}

/// A template's text, parsed: made once, evaluated often, from any thread.
final class CompiledTemplate: Sendable {
    let text: String
    let body: Body
    let blocks: [String: Body]
    /// The names it speaks of, by slot.
    let names: [String]
    /// Which of them the template itself may give a value; the others come from the scope only.
    let isAssigned: [Bool]
    /// Where each name is first read.
    let firstUse: [Int]
    let options: TemplateOptions

    init(
        text: String, body: Body, blocks: [String: Body], names: [String], isAssigned: [Bool],
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
