import Diagnostics
import Glibc
import Jinja
import Values

/// Lookups that read files or run programs of the control machine.
extension Lookups {
    static let file: Function = { (terms, options, context) throws(Diagnostic) in
        var result: [Value] = []
        for term in terms {
            let name = term.pythonText
            guard let path = context.find(name, kind: "files") else {
                throw missing(name, "files", context)
            }
            var text = try context.text(of: path)
            if try options.bool("rstrip", default: true) { text.string = strippedAtEnd(text.string) }
            if try options.bool("lstrip") { text.string = String(text.string.drop(while: \.isWhitespace)) }
            result.append(.string(text))
        }
        return result
    }

    static let unvault: Function = { (terms, _, context) throws(Diagnostic) in
        var result: [Value] = []
        for term in terms {
            let name = term.pythonText
            guard let path = context.find(name, kind: "files") else { throw missing(name, "files", context) }
            result.append(.string(try context.text(of: path)))
        }
        return result
    }

    static let lines: Function = { (terms, _, context) throws(Diagnostic) in
        var result: [Value] = []
        for term in terms {
            var output = try ControlCommand.output(of: term.pythonText, in: context.playDirectory)
            // The last line's end begins no further line.
            if output.hasSuffix("\n") { output.removeLast() }
            if output.isEmpty { continue }
            result += output.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map {
                .string(String($0))
            }
        }
        return result
    }

    static let pipe: Function = { (terms, _, context) throws(Diagnostic) in
        var result: [Value] = []
        for term in terms {
            let output = try ControlCommand.output(of: term.pythonText, in: context.playDirectory)
            result.append(.string(strippedAtEnd(output)))
        }
        return result
    }

    static let template: Function = { (terms, options, context) throws(Diagnostic) in
        var rules = TemplateOptions.file
        rules.trimBlocks = try options.bool("trim_blocks", default: true)
        rules.variableStart = options.text("variable_start_string") ?? rules.variableStart
        rules.variableEnd = options.text("variable_end_string") ?? rules.variableEnd
        rules.commentStart = options.text("comment_start_string") ?? rules.commentStart
        rules.commentEnd = options.text("comment_end_string") ?? rules.commentEnd
        var result: [Value] = []
        for term in terms {
            let name = term.pythonText
            guard let path = context.find(name, kind: "templates") else { throw missing(name, "templates", context) }
            guard let scope = context.scope else { break }
            var text = try context.text(of: path)
            let source = SourceFile(name: path, text: text.string, isSecret: text.isSecret)
            text.origin = SourceLocation(file: source, line: 1, column: 1)
            text.marks.insert(.template)
            let folders = context.searchPath.flatMap { ["\($0)/templates", $0] }
            let file = TemplateFile(name: name, path: path, folders: [TemplateFile.folder(of: path)] + folders)
            let extra = options["template_vars"]?.mapValue ?? [:]
            do throws(Diagnostic) {
                result.append(try scope.inside(file, extra: extra).renderValue(text, options: rules))
            } catch {
                guard let unknown = UnknownAnswer.unknown(in: error) else { throw error }
                result.append(.unknown(unknown))
            }
        }
        return result
    }

    /// Files that match, from the first directory that has any.
    static let fileGlob: Function = { (terms, _, context) throws(Diagnostic) in
        var result: [Value] = []
        for term in terms {
            let pattern = term.pythonText
            var candidates: [String]
            if let slash = pattern.lastIndex(of: "/"), !pattern.hasPrefix("/") {
                // Of a pattern with a directory, the directory is what is sought.
                let folder = context.find(String(pattern[..<slash]), kind: "files")
                candidates = folder.map { ["\($0)\(pattern[slash...])"] } ?? []
            } else {
                candidates = FileSearch.candidates(pattern, kind: "files", in: context.searchPath)
            }
            for candidate in candidates {
                let found = glob(candidate)
                guard !found.isEmpty else { continue }
                result += found.map { .string($0) }
                break
            }
        }
        return result
    }

    static let firstFound: Function = { (terms, options, context) throws(Diagnostic) in
        var files: [String] = []
        var skips = try options.bool("skip")
        let paths = FirstFound.parts(options["paths"], ",:;")
        func add(_ term: Value, _ paths: [String]) throws(Diagnostic) {
            if let items = term.elements {
                for item in items { try add(item, paths) }
            } else if let map = term.mapValue {
                let own = LookupOptions("first_found", map)
                for key in map.keys where !["files", "paths", "skip"].contains(key.text) {
                    throw own.unknown(key.text, among: ["files", "paths", "skip"])
                }
                skips = try own.bool("skip", default: skips)
                let folders = own["paths"] == nil ? paths : FirstFound.parts(own["paths"], ",:;")
                files += FirstFound.joined(FirstFound.parts(own["files"], ",;"), folders)
            } else if term.text != nil {
                files += FirstFound.joined(FirstFound.parts(term, ",;"), paths)
            } else {
                throw Diagnostic(.badValue, "first_found needs names of files, not \(term.shown)")
            }
        }
        let asked = terms.isEmpty ? FirstFound.parts(options["files"], ",;").map { .string($0) } : terms
        for term in asked { try add(term, paths) }
        for name in files {
            // A loop looks where its task's files are; a lookup beside the play or role.
            if let path = context.find(name, kind: context.fileKind ?? "") {
                return [.string(FileSearch.normal(path))]
            }
        }
        if skips { return [] }
        throw Diagnostic(
            .missingFile, "none of these files was found: \(files.joined(separator: ", "))",
            remedy: "Looked in \(context.searchPath.joined(separator: ", ")); 'skip: true' goes on without.")
    }

    private enum FirstFound {
        /// Names given as a list, or in one text between signs.
        static func parts(_ value: Value?, _ separators: String) -> [String] {
            guard let value, !value.isNull else { return [] }
            return (value.elements ?? [value]).flatMap {
                $0.pythonText.split(whereSeparator: { separators.contains($0) }).map(String.init)
            }
        }

        static func joined(_ names: [String], _ folders: [String]) -> [String] {
            folders.isEmpty
                ? names : folders.flatMap { folder in names.map { $0.hasPrefix("/") ? $0 : "\(folder)/\($0)" } }
        }
    }

    static func missing(_ name: String, _ kind: String, _ context: LookupContext) -> Diagnostic {
        let places = FileSearch.candidates(name, kind: kind, in: context.searchPath)
        return Diagnostic(
            .missingFile, "no file '\(name)'", remedy: "Looked for \(places.joined(separator: ", ")).")
    }

    static func strippedAtEnd(_ text: String) -> String {
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
}
