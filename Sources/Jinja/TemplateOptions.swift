/// How a template's text is read: its delimiters and what happens to the white space around its tags.
///
/// The defaults are the ones Ansible gives to values in playbooks; `.file` is what its template module starts
/// from.
public struct TemplateOptions: Sendable, Hashable {
    public var blockStart = "{%"
    public var blockEnd = "%}"
    public var variableStart = "{{"
    public var variableEnd = "}}"
    public var commentStart = "{#"
    public var commentEnd = "#}"
    public var lineStatementPrefix: String?
    public var lineCommentPrefix: String?
    /// Whether the newline right after a block or comment tag is dropped.
    public var trimBlocks = true
    /// Whether blanks before a block or comment tag that stands first on its line are dropped.
    public var lstripBlocks = false
    /// Whether the result, if it is text, ends with as many newlines as the template does.
    public var keepTrailingNewline = true
    /// What newlines of the template's text become: `\n`, `\r\n` or `\r`.
    public var newlineSequence = "\n"
    /// Whether a backslash in a string within `{{ }}` stands for itself, so that what YAML has already
    /// unescaped is not unescaped again. Strings within `{% %}` always know escapes.
    public var literalBackslashes = true

    /// Whether a string within an expression that is itself a template is evaluated, as ansible-core still does
    /// in conditions: `"{{ a }}" == 'x'`.
    var expandsStrings = false

    public init() {}

    /// The options of a template that is a value in a playbook or variables file.
    public static let value = TemplateOptions()

    /// The options of a condition.
    static let condition: TemplateOptions = {
        var options = TemplateOptions.file
        options.expandsStrings = true
        return options
    }()

    /// The options of a template file, where backslashes are escapes everywhere.
    public static let file: TemplateOptions = {
        var options = TemplateOptions()
        options.literalBackslashes = false
        return options
    }()
}
