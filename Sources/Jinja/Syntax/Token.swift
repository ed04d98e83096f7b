internal import Values

/// A piece of a template's text as the parser sees it.
struct Token: Sendable {
    enum Kind: Sendable, Equatable {
        /// Text outside of all tags, ready to print.
        case data(String)
        case variableBegin
        case variableEnd
        case blockBegin
        case blockEnd
        case name(String)
        case string(String)
        case integer(WholeNumber)
        case float(Double)
        case symbol(Symbol)
        case end
    }

    enum Symbol: String, Sendable, CaseIterable {
        case power = "**"
        case floorDivide = "//"
        case equal = "=="
        case notEqual = "!="
        case greaterOrEqual = ">="
        case lessOrEqual = "<="
        case plus = "+"
        case minus = "-"
        case divide = "/"
        case multiply = "*"
        case modulo = "%"
        case tilde = "~"
        case leftBracket = "["
        case rightBracket = "]"
        case leftParenthesis = "("
        case rightParenthesis = ")"
        case leftBrace = "{"
        case rightBrace = "}"
        case greater = ">"
        case less = "<"
        case assign = "="
        case dot = "."
        case colon = ":"
        case pipe = "|"
        case comma = ","
        case semicolon = ";"
    }

    var kind: Kind
    /// The byte offset of its first character in the template.
    var offset: Int

    /// How an error message names it.
    var description: String {
        switch kind {
        case .data: "text"
        case .variableBegin: "the start of a print tag"
        case .variableEnd: "the end of the print tag"
        case .blockBegin: "the start of a block tag"
        case .blockEnd: "the end of the block tag"
        case .name(let name): "'\(name)'"
        case .string(let string): "the string '\(string.prefix(40))'"
        case .integer(let whole): "'\(whole.text)'"
        case .float(let double): "'\(double)'"
        case .symbol(let symbol): "'\(symbol.rawValue)'"
        case .end: "the end of the template"
        }
    }
}
