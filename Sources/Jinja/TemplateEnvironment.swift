public import Diagnostics
internal import Synchronization
public import Values

/// Compiles and evaluates templates. One serves a whole run, from any thread: what is compiled is kept.
public final class TemplateEnvironment: Sendable {
    /// Functions that templates may call, such as `lookup`.
    public let functions: [String: any ValueObject]
    /// Reads the template file of a name, for `include`, `import` and `extends`.
    public let loader: Loader?
    public let limits: TemplateLimits
    public typealias Loader = @Sendable (_ name: String) throws(Diagnostic) -> TemplateSource
    /// Whether there is a module of that name, for the test `community.general.a_module`.
    public let isModule: @Sendable (String) -> Bool
    /// Opens a vaulted value when it is used; the place is for its errors.
    public typealias Opener = @Sendable (_ sealed: String, _ place: SourceLocation?) throws(Diagnostic) -> String
    private let opener: Opener?
    private let cache = Mutex(Cache())

    private struct Cache {
        /// The options that were met: a template's key holds their place, which is quicker to hash than they are.
        var options: [TemplateOptions] = []
        var templates: [Key: CompiledTemplate] = [:]

        struct Key: Hashable {
            var text: String
            var options: Int
            var isExpression: Bool

            static func == (left: Key, right: Key) -> Bool {
                left.options == right.options && left.isExpression == right.isExpression
                    && left.text.hasSameBytes(as: right.text)
            }

            // The ends and the length tell templates apart nearly always, and a large one is not read through each
            // time it is looked up.
            func hash(into hasher: inout Hasher) {
                let count = text.utf8.count
                hasher.combine(count &* 2 &+ (isExpression ? 1 : 0))
                let isDone: Void? = text.utf8.withContiguousStorageIfAvailable { bytes in
                    hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes).prefix(64)))
                    guard count > 64 else { return }
                    hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes).suffix(48)))
                }
                if isDone == nil { for byte in text.utf8.prefix(64) { hasher.combine(byte) } }
            }
        }

        mutating func key(_ text: String, _ options: TemplateOptions, isExpression: Bool) -> Key {
            let known = self.options.firstIndex(of: options)
            if known == nil { self.options.append(options) }
            return Key(text: text, options: known ?? self.options.count - 1, isExpression: isExpression)
        }
    }

    /// How many compiled templates are kept before the cache starts anew.
    private static let cacheSize = 20_000

    /// - Parameters:
    ///   - functions: Functions by name, beside the ones every template knows. Variables hide them.
    ///   - loader: Reads a template file by the name given to `include` and the like. It throws a diagnostic
    ///     with the code `.missingFile` if there is none, which `ignore missing` asks for.
    ///   - limits: Bounds on what one evaluation may use.
    ///   - opener: Opens vaulted values; without it using one is an error.
    ///   - isModule: Whether there is a module of that name.
    public init(
        functions: [String: any ValueObject] = [:],
        loader: Loader? = nil,
        limits: TemplateLimits = TemplateLimits(),
        opener: Opener? = nil,
        isModule: @escaping @Sendable (String) -> Bool = { _ in false }
    ) {
        self.functions = functions
        self.loader = loader
        self.limits = limits
        self.opener = opener
        self.isModule = isModule
    }

    /// What is sealed in a text: data, and secret.
    func opened(_ text: Text) throws(Diagnostic) -> Text {
        guard let opener else {
            throw Diagnostic(.vault, "vaulted values cannot be opened here", at: text.origin)
        }
        return Text(try opener(text.string, text.origin), marks: .secret, origin: text.origin)
    }

    /// Whether a text holds template delimiters, or the header that declares others.
    public static func isTemplate(_ string: String) -> Bool {
        let isFound = string.utf8.withContiguousStorageIfAvailable { hasDelimiter($0) }
        return isFound ?? hasDelimiter(string.utf8) || string.utf8.starts(with: TemplateHeader.mark.utf8)
    }

    private static func hasDelimiter(_ bytes: some Sequence<UInt8>) -> Bool {
        var previous: UInt8 = 0
        for byte in bytes {
            if previous == UInt8(ascii: "{"),
                byte == UInt8(ascii: "{") || byte == UInt8(ascii: "%") || byte == UInt8(ascii: "#")
            {
                return true
            }
            previous = byte
        }
        return false
    }

    func compiled(
        _ text: String, options: TemplateOptions, isExpression: Bool, origin: SourceLocation?, isSecret: Bool = false
    ) throws(Diagnostic) -> CompiledTemplate {
        let (key, known) = cache.withLock { cache in
            let key = cache.key(text, options, isExpression: isExpression)
            return (key, cache.templates[key])
        }
        if let known { return known }
        do throws(SyntaxFault) {
            let template =
                isExpression
                ? try Parser.expression(text, options: options) : try Parser.template(text, options: options)
            cache.withLock { cache in
                if cache.templates.count >= Self.cacheSize { cache.templates.removeAll() }
                cache.templates[key] = template
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

/// A template's file, as it is brought in by `include`, `import` and `extends`.
public struct TemplateSource: Sendable {
    public var text: String
    /// What errors call it: its path.
    public var name: String
    /// Whether it was sealed by a vault: then what is made of it is secret.
    public var isSecret: Bool

    public init(text: String, name: String, isSecret: Bool = false) {
        self.text = text
        self.name = name
        self.isSecret = isSecret
    }
}
