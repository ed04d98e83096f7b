internal import Values

/// An expression's syntax tree. Offsets are bytes into the template's text.
///
/// Every case holds one reference, so that walking the tree copies a word a node, and what can be told from the
/// syntax alone (which filter a name means, what a member's name could be a method of) is told once, here.
enum Expression: Sendable {
    case constant(Constant)
    /// A string that is itself a template and is evaluated as one.
    case embedded(Embedded)
    case name(Name)
    case list([Expression])
    case tuple([Expression])
    case map([MapEntry])
    case attribute(Attribute)
    case item(Item)
    /// The text that a filter block's first filter works on.
    case blockText
    case slice(Slice)
    case call(Call)
    case filter(FilterUse)
    case test(TestUse)
    case not(Operand)
    case negate(Operand)
    case positive(Operand)
    /// Operators of one precedence, from left to right: kept flat so that a long chain is not a deep tree.
    case arithmetic(Arithmetic)
    case concatenate([Expression])
    case compare(Comparisons)
    case and([Expression])
    case or([Expression])
    case conditional(Conditional)

    /// Whether it only looks up what is there already, as `a.b[0]` does, and makes nothing new.
    var isPath: Bool {
        switch self {
        case .constant, .name: true
        case .attribute(let node): node.target.isPath
        case .item(let node): node.target.isPath
        default: false
        }
    }

    final class Constant: Sendable {
        let value: Value
        init(_ value: Value) { self.value = value }
    }

    final class Embedded: Sendable {
        let text: String
        let offset: Int
        init(_ text: String, offset: Int) {
            self.text = text
            self.offset = offset
        }
    }

    /// A name and the slot the template keeps its value in.
    final class Name: Sendable {
        let text: String
        let slot: Int
        let offset: Int
        init(text: String, slot: Int, offset: Int) {
            self.text = text
            self.slot = slot
            self.offset = offset
        }
    }

    struct MapEntry: Sendable {
        var key: Expression
        var value: Expression
        var offset: Int
    }

    final class Attribute: Sendable {
        let target: Expression
        /// The slot of the name whose attribute it is; -1 for that of anything else.
        let targetSlot: Int
        let name: ValueMap.Name
        /// What kinds of values have a method of this name.
        let method: MethodTraits
        /// What it is of the variable `loop`, if that has such a thing.
        let loopPart: LoopObject.Part?
        let offset: Int
        init(_ target: Expression, _ name: String, offset: Int) {
            self.target = target
            if case .name(let name) = target { targetSlot = name.slot } else { targetSlot = -1 }
            self.name = ValueMap.Name(name)
            method = MethodIndex.traits(of: name)
            loopPart = LoopObject.Part(rawValue: name)
            self.offset = offset
        }
    }

    final class Item: Sendable {
        let target: Expression
        let key: Expression
        let offset: Int
        init(_ target: Expression, _ key: Expression, offset: Int) {
            self.target = target
            self.key = key
            self.offset = offset
        }
    }

    final class Slice: Sendable {
        let target: Expression
        let start: Expression?
        let stop: Expression?
        let step: Expression?
        let offset: Int
        init(_ target: Expression, start: Expression?, stop: Expression?, step: Expression?, offset: Int) {
            self.target = target
            self.start = start
            self.stop = stop
            self.step = step
            self.offset = offset
        }
    }

    final class Call: Sendable {
        let target: Expression
        let arguments: CallArguments
        let offset: Int
        /// Whether it may be `super()`, which means the block above.
        let isSuper: Bool
        init(_ target: Expression, _ arguments: CallArguments, offset: Int) {
            self.target = target
            if case .name(let name) = target { isSuper = name.text == "super" } else { isSuper = false }
            self.arguments = arguments
            self.offset = offset
        }
    }

    /// The operand of `not`, `-` or `+`.
    final class Operand: Sendable {
        let operand: Expression
        let offset: Int
        init(_ operand: Expression, offset: Int) {
            self.operand = operand
            self.offset = offset
        }
    }

    final class Arithmetic: Sendable {
        struct Step: Sendable {
            var symbol: Token.Symbol
            var operand: Expression
            var offset: Int
        }

        let first: Expression
        let steps: [Step]
        init(_ first: Expression, _ steps: [Step]) {
            self.first = first
            self.steps = steps
        }
    }

    final class Comparisons: Sendable {
        enum Kind: String, Sendable {
            case equal = "=="
            case notEqual = "!="
            case less = "<"
            case lessOrEqual = "<="
            case greater = ">"
            case greaterOrEqual = ">="
            case `in` = "in"
            case notIn = "not in"

            /// The answer for whole numbers; nil if there is none.
            func compare(_ left: Int, _ right: Int) -> Bool? {
                switch self {
                case .equal: left == right
                case .notEqual: left != right
                case .less: left < right
                case .lessOrEqual: left <= right
                case .greater: left > right
                case .greaterOrEqual: left >= right
                case .in, .notIn: nil
                }
            }
        }

        struct Step: Sendable {
            var kind: Kind
            var operand: Expression
            var offset: Int
        }

        let first: Expression
        let steps: [Step]
        init(_ first: Expression, _ steps: [Step]) {
            self.first = first
            self.steps = steps
        }
    }

    final class Conditional: Sendable {
        let condition: Expression
        let then: Expression
        let otherwise: Expression?
        let offset: Int
        init(condition: Expression, then: Expression, otherwise: Expression?, offset: Int) {
            self.condition = condition
            self.then = then
            self.otherwise = otherwise
            self.offset = offset
        }
    }
}

/// The arguments of a call, a filter or a test.
struct CallArguments: Sendable {
    var positional: [Expression] = []
    var named: [(name: String, value: Expression)] = []
    /// `*list`
    var spread: Expression?
    /// `**map`
    var namedSpread: Expression?

    /// Their values, if all are constants given by place: the same ones for every call.
    private(set) var constants: [Value]? = []

    /// Whether there are none but positional ones.
    private(set) var areByPlace = true

    /// Whether all are paths: see `Expression.isPath`.
    private(set) var arePaths = true

    /// To be called once all are known.
    mutating func settle() {
        constants = nil
        areByPlace = named.isEmpty && spread == nil && namedSpread == nil
        arePaths =
            positional.allSatisfy(\.isPath) && named.allSatisfy(\.value.isPath) && spread == nil && namedSpread == nil
        guard areByPlace else { return }
        var values: [Value] = []
        for argument in positional {
            guard case .constant(let constant) = argument else { return }
            values.append(constant.value)
        }
        constants = values
    }
}

/// A filter and what it is applied to.
final class FilterUse: Sendable {
    let input: Expression
    let filter: Filter
    let arguments: CallArguments
    let offset: Int
    /// Whether the filter is there to meet what is missing, and never says what that is.
    let meetsMissing: Bool
    init(_ input: Expression, _ filter: Filter, _ arguments: CallArguments, offset: Int) {
        self.input = input
        self.filter = filter
        meetsMissing = filter.name == "default" || filter.name == "d"
        self.arguments = arguments
        self.offset = offset
    }
}

/// A test and what it is asked about.
final class TestUse: Sendable {
    let input: Expression
    let test: Test
    let arguments: CallArguments
    let isNegated: Bool
    let offset: Int
    /// Whether the test asks just for what is missing, and never says what that is.
    let meetsMissing: Bool
    init(_ input: Expression, _ test: Test, _ arguments: CallArguments, isNegated: Bool, offset: Int) {
        self.input = input
        self.test = test
        meetsMissing = test.name == "defined" || test.name == "undefined"
        self.arguments = arguments
        self.isNegated = isNegated
        self.offset = offset
    }
}

/// What an assignment or a loop writes to.
enum AssignmentTarget: Sendable {
    case name(Expression.Name)
    case tuple(Tuple)
    /// `ns.name`, where `ns` is a namespace.
    case member(Member)

    final class Tuple: Sendable {
        let targets: [AssignmentTarget]
        init(_ targets: [AssignmentTarget]) { self.targets = targets }
    }

    final class Member: Sendable {
        let owner: Expression.Name
        let name: String
        init(_ name: String, of owner: Expression.Name) {
            self.owner = owner
            self.name = name
        }
    }

    /// The slots of the names it sets.
    var slots: [Int] {
        switch self {
        case .name(let name): [name.slot]
        case .tuple(let tuple): tuple.targets.flatMap(\.slots)
        case .member: []
        }
    }
}
