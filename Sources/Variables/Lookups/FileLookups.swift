import Diagnostics
import Glibc
import Jinja
import Values

/// Lookups that read files or run programs of the control machine.
extension Lookups {
    static let file: Lookup = { (terms, options, context) throws(Diagnostic) in
        var result: [Value] = []
        for term in terms {
            let name = term.pythonText
            guard let path = context.find(name, kind: "files") else {
                throw missing(name, "files", context)
            }
            var text = String(decoding: try context.readFile(path), as: UTF8.self)
            if options["rstrip"]?.isTruthy ?? true { text = strippedAtEnd(text) }
            if options["lstrip"]?.isTruthy ?? false { text = String(text.drop(while: \.isWhitespace)) }
            result.append(.string(text))
        }
        return result
    }

    static let lines: Lookup = { (terms, _, _) throws(Diagnostic) in
        var result: [Value] = []
        for term in terms {
            let output = try run(term.pythonText)
            result += output.split(whereSeparator: \.isNewline).map { .string(String($0)) }
        }
        return result
    }

    static let pipe: Lookup = { (terms, _, _) throws(Diagnostic) in
        var result: [Value] = []
        for term in terms { result.append(.string(strippedAtEnd(try run(term.pythonText)))) }
        return result
    }

    static let template: Lookup = { (terms, options, context) throws(Diagnostic) in
        var result: [Value] = []
        for term in terms {
            let name = term.pythonText
            guard let path = context.find(name, kind: "templates") else { throw missing(name, "templates", context) }
            guard let scope = context.scope else { break }
            let source = String(decoding: try context.readFile(path), as: UTF8.self)
            let origin = SourceLocation(file: SourceFile(name: path, text: source), line: 1, column: 1)
            let text = Text(source, marks: .template, origin: origin)
            if let extra = options["template_vars"]?.mapValue { scope.push(Layer("template_vars", extra)) }
            result.append(.string(try scope.render(text, options: TemplateOptions())))
        }
        return result
    }

    static let fileGlob: Lookup = { (terms, _, context) throws(Diagnostic) in
        var result: [Value] = []
        for term in terms {
            let pattern = term.pythonText
            for candidate in FileSearch.candidates(pattern, kind: "files", in: context.scope?.searchPath ?? ["."]) {
                let found = glob(candidate)
                guard !found.isEmpty else { continue }
                result += found.map { .string($0) }
                break
            }
        }
        return result
    }

    static let firstFound: Lookup = { (terms, options, context) throws(Diagnostic) in
        var files: [String] = []
        var skips = options["skip"]?.isTruthy ?? false
        func add(_ names: [String], _ paths: [String]) {
            files += paths.isEmpty ? names : paths.flatMap { path in names.map { "\(path)/\($0)" } }
        }
        func strings(_ value: Value?) -> [String] {
            guard let value else { return [] }
            return value.elements?.map(\.pythonText)
                ?? value.pythonText.split(whereSeparator: { ",;:".contains($0) }).map(String.init)
        }
        for term in terms.flatMap({ $0.elements ?? [$0] }) {
            if let map = term.mapValue {
                skips = skips || (map["skip"]?.isTruthy ?? false)
                add(strings(map["files"]), strings(map["paths"]))
            } else {
                files.append(term.pythonText)
            }
        }
        add(strings(options["files"]), strings(options["paths"]))
        for name in files {
            for kind in ["files", "templates", "vars", "tasks", ""] {
                if let path = context.find(name, kind: kind) { return [.string(path)] }
            }
        }
        if skips { return [] }
        throw Diagnostic(
            .missingFile, "none of these files was found: \(files.joined(separator: ", "))",
            remedy:
                "Looked in \((context.scope?.searchPath ?? ["."]).joined(separator: ", ")); 'skip: true' goes on without."
        )
    }

    private static func missing(_ name: String, _ kind: String, _ context: LookupContext) -> Diagnostic {
        let places = FileSearch.candidates(name, kind: kind, in: context.scope?.searchPath ?? ["."])
        return Diagnostic(
            .missingFile, "no file '\(name)'", remedy: "Looked for \(places.joined(separator: ", ")).")
    }

    private static func strippedAtEnd(_ text: String) -> String {
        var slice = text[...]
        while let last = slice.last, last.isWhitespace { slice = slice.dropLast() }
        return String(slice)
    }

    private static func glob(_ pattern: String) -> [String] {
        var result = glob_t()
        defer { globfree(&result) }
        guard Glibc.glob(pattern, 0, nil, &result) == 0 else { return [] }
        return (0..<Int(result.gl_pathc)).compactMap { index in
            guard let path = result.gl_pathv[index].map({ String(cString: $0) }) else { return nil }
            var status = stat()
            return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? path : nil
        }
    }

    /// Runs a command line through the control machine's `sh` and gives its output.
    private static func run(_ line: String) throws(Diagnostic) -> String {
        guard let stream = popen(line, "r") else {
            throw Diagnostic(.commandFailed, "cannot start '\(line)': \(String(cString: strerror(errno)))")
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&buffer, 1, buffer.count, stream)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        let status = pclose(stream)
        guard status == 0 else {
            throw Diagnostic(.commandFailed, "'\(line)' ended with status \(status >> 8 & 0xff)")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
