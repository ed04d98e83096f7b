public import Diagnostics
internal import Synchronization
public import Values

/// Compiles and evaluates templates. One serves a whole run, from any thread: what is compiled is kept.
public final class TemplateEnvironment: Sendable {
    /// Functions that templates may call, such as `lookup`.
    public let functions: [String: any ValueObject]
    /// Reads the template file of a name, for `include`, `import` and `extends`.
    public let loader: (@Sendable (String) throws(Diagnostic) -> (text: String, name: String))?
    public let limits: TemplateLimits
    /// Whether there is a module of that name, for the test `community.general.a_module`.
    public let isModule: @Sendable (String) -> Bool
    private let cache = Mutex<[CacheKey: CompiledTemplate]>([:])

    private struct CacheKey: Hashable {
        var text: String
        var options: TemplateOptions
        var isExpression: Bool
    }

    /// How many compiled templates are kept before the cache starts anew.
    private static let cacheSize = 20_000

    /// - Parameters:
    ///   - functions: Functions by name, beside the ones every template knows. Variables hide them.
    ///   - loader: Reads a template file by the name given to `include` and the like. It throws a diagnostic
    ///     with the code `.missingFile` if there is none, which `ignore missing` asks for.
    ///   - limits: Bounds on what one evaluation may use.
    ///   - isModule: Whether there is a module of that name.
    public init(
        functions: [String: any ValueObject] = [:],
        loader: (@Sendable (String) throws(Diagnostic) -> (text: String, name: String))? = nil,
        limits: TemplateLimits = TemplateLimits(), isModule: @escaping @Sendable (String) -> Bool = { _ in false }
    ) {
        self.functions = functions
        self.loader = loader
        self.limits = limits
        self.isModule = isModule
    }

    /// The same bounds and functions with another way to read template files, or with more functions.
    public func with(
        functions more: [String: any ValueObject] = [:],
        loader: (@Sendable (String) throws(Diagnostic) -> (text: String, name: String))? = nil
    ) -> TemplateEnvironment {
        TemplateEnvironment(
            functions: functions.merging(more) { _, new in new }, loader: loader ?? self.loader, limits: limits,
            isModule: isModule)
    }

    /// Whether a text holds template delimiters, or the header that declares others.
    public static func isTemplate(_ string: String) -> Bool {
        var previous: UInt8 = 0
        for byte in string.utf8 {
            if previous == UInt8(ascii: "{"),
                byte == UInt8(ascii: "{") || byte == UInt8(ascii: "%") || byte == UInt8(ascii: "#")
            {
                return true
            }
            previous = byte
        }
        return string.hasPrefix(TemplateHeader.mark)
    }

    func compiled(
        _ text: String, options: TemplateOptions, isExpression: Bool, origin: SourceLocation?, isSecret: Bool = false
    ) throws(Diagnostic) -> CompiledTemplate {
        let key = CacheKey(text: text, options: options, isExpression: isExpression)
        if let known = cache.withLock({ $0[key] }) { return known }
        do throws(SyntaxFault) {
            let template =
                isExpression
                ? try Parser.expression(text, options: options) : try Parser.template(text, options: options)
            cache.withLock { cache in
                if cache.count >= Self.cacheSize { cache.removeAll() }
                cache[key] = template
            }
            return template
        } catch {
            throw Diagnostic(
                .syntax, isSecret ? "the template has a syntax error" : error.summary,
                at: PlaceFinder.place(of: error.offset, in: text, origin: origin, isSecret: isSecret),
                remedy: error.remedy)
        }
    }
}
