import Diagnostics
import Jinja
import Values

/// Lookups in files that hold a table or sections.
extension Lookups {
    /// The cell beside a key in a CSV file.
    static let csvFile: Function = { (terms, options, context) throws(Diagnostic) in
        guard !terms.isEmpty else { throw Diagnostic(.badValue, "csvfile needs a key to look for") }
        var options = options
        var result: [Value] = []
        for term in terms {
            let key = try options.take(inline: term, ["file", "col", "keycol", "delimiter", "encoding", "default"])
            guard !key.isEmpty else { throw Diagnostic(.badValue, "csvfile needs a key to look for") }
            var reader = CSVText()
            let delimiter = options.text("delimiter") ?? "TAB"
            let signs = Array((delimiter == "TAB" ? "\t" : delimiter).unicodeScalars)
            guard signs.count == 1 else { throw options.wrong("delimiter", "one character or TAB", .string(delimiter)) }
            reader.delimiter = signs[0]
            let name = options.text("file") ?? "ansible.csv"
            let source = try text(of: name, options, context)
            let rows = try hiding(source, name) { () throws(Diagnostic) in try reader.rows(source.string) }
            let (column, keyColumn) = (try options.int("col", default: 1), try options.int("keycol", default: 0))
            func cell(_ row: [String], _ place: Int) throws(Diagnostic) -> String {
                let index = place < 0 ? place + row.count : place
                guard row.indices.contains(index) else {
                    throw Diagnostic(
                        .badValue, "a row of '\(name)' has \(row.count) columns, so none is number \(place)",
                        remedy: "Columns are counted from 0; check the delimiter, which is '\(delimiter)'.")
                }
                return row[index]
            }
            var found: Value?
            for row in rows where !row.isEmpty {
                guard try cell(row, keyColumn) == key else { continue }
                found = .string(Text(try cell(row, column), marks: source.marks))
                break
            }
            if let value = found ?? options["default"], !value.isNull { result += value.elements ?? [value] }
        }
        return result
    }

    /// A key's value in a section of an INI file, or in a file of properties.
    static let iniFile: Function = { (terms, options, context) throws(Diagnostic) in
        var options = options
        var result: [Value] = []
        for term in terms {
            let names: Set = [
                "file", "section", "type", "re", "default", "encoding", "case_sensitive", "allow_no_value",
                "interpolation",
            ]
            let key = try options.take(inline: term, names)
            var reader = INIText()
            let mayStandAlone = try options.bool("allow_none")
            reader.allowsKeysAlone = try options.bool("allow_no_value", default: mayStandAlone)
            reader.foldsCase = try !options.bool("case_sensitive")
            let name = options.text("file") ?? "ansible.ini"
            let isPlain = try options.choice("type", ["ini", "properties"]) == "properties"
            let section = isPlain ? "java_properties" : options.text("section") ?? "global"
            let source = try text(of: name, options, context)
            let document = try hiding(source, name) { () throws(Diagnostic) in
                try reader.document(isPlain ? "[java_properties]\n" + source.string : source.string)
            }
            guard let entries = document.entries(of: section) else {
                throw Diagnostic(
                    .badValue, "'\(name)' has no section '\(section)'",
                    remedy: NearestNames.hint(section, among: document.sections.map(\.name))
                        ?? "Its sections are \(document.sections.map(\.name).joined(separator: ", ")).")
            }
            let interpolates = try options.bool("interpolation", default: true)
            func value(_ raw: String?) throws(Diagnostic) -> Value {
                guard let raw else { return .null }
                let text = try hiding(source, name) { () throws(Diagnostic) in
                    interpolates ? try INIReference.resolved(raw, in: entries, reader.foldsCase) : raw
                }
                return .string(Text(text, marks: source.marks))
            }
            if try options.bool("re") {
                let matching = try matchingNames(entries.map(\.key), key, anchored: true)
                for entry in entries where matching.contains(entry.key) { result.append(try value(entry.value)) }
                continue
            }
            let wanted = reader.foldsCase ? key.lowercased() : key
            if let entry = entries.first(where: { $0.key == wanted }) {
                let found = try value(entry.value)
                if !found.isNull { result.append(found) }
            } else {
                let standard = options["default"] ?? ""
                if !standard.isNull { result += standard.elements ?? [standard] }
            }
        }
        return result
    }

    /// A file's text in the encoding asked for, its lines ended by newlines alone.
    private static func text(
        of name: String, _ options: LookupOptions, _ context: LookupContext
    ) throws(Diagnostic) -> Text {
        guard let path = context.find(name, kind: "files") else { throw missing(name, "files", context) }
        let (content, wasSealed) = try context.readFile(path)
        let text = try TextEncoding.text(content, options.text("encoding") ?? "utf-8")
        return Text(
            text.replacing("\r\n", with: "\n").replacing("\r", with: "\n"), marks: wasSealed ? .secret : [])
    }

    /// Does what may find something wrong in a file; of a sealed one, the error shows nothing.
    private static func hiding<Result>(
        _ source: Text, _ name: String, _ work: () throws(Diagnostic) -> Result
    ) throws(Diagnostic) -> Result {
        do throws(Diagnostic) {
            return try work()
        } catch {
            guard source.isSecret else { throw error }
            throw Diagnostic(
                error.code, "'\(name)' is not as it should be; what is wrong is not shown, since it is sealed",
                remedy: "`swiftprov vault view` shows the file.")
        }
    }

    /// The names that a regular expression matches.
    static func matchingNames(
        _ names: [String], _ pattern: String, anchored: Bool = false
    ) throws(Diagnostic) -> Set<String> {
        let test = Text("names | select(test, pattern) | list")
        let values: ValueMap = [
            "names": .list(names.map { .string($0) }), "pattern": .string(pattern),
            "test": .string(anchored ? "match" : "search"),
        ]
        let engine = TemplateEnvironment()
        let found = try engine.evaluateExpression(test, in: MapScope(values, environment: engine))
        return Set(found.elements?.compactMap(\.stringValue) ?? [])
    }
}

extension LookupOptions {
    /// Takes the options that a term holds, for this term and those after it, and gives the rest of it.
    mutating func take(inline term: Value, _ names: Set<String>) throws(Diagnostic) -> String {
        let parsed = InlineTerm(term.pythonText, options: names)
        for (name, value) in parsed.options { set(name, .string(value)) }
        return parsed.text
    }
}

/// `%(name)s` in the values of an INI file.
private enum INIReference {
    private static let deepest = 10

    static func resolved(
        _ text: String, in entries: INIText.Section, _ foldsCase: Bool, depth: Int = 0
    ) throws(Diagnostic) -> String {
        guard depth < deepest else { throw Diagnostic(.badValue, "'%(…)s' in an INI file leads back to itself") }
        var result = ""
        var rest = text[...]
        while let percent = rest.firstIndex(of: "%") {
            result += rest[..<percent]
            rest = rest[rest.index(after: percent)...]
            if rest.first == "%" {
                result += "%"
                rest = rest.dropFirst()
                continue
            }
            guard rest.first == "(", let close = rest.firstIndex(of: ")"), rest[close...].dropFirst().first == "s"
            else {
                throw Diagnostic(
                    .badValue, "'%' in the INI value '\(text)' is followed by neither '%' nor '(name)s'",
                    remedy: "Read it as it is with interpolation=false.")
            }
            let written = String(rest[rest.index(after: rest.startIndex)..<close])
            let name = foldsCase ? written.lowercased() : written
            guard let value = entries.first(where: { $0.key == name })?.value else {
                throw Diagnostic(.badValue, "'%(\(written))s' in an INI file names no key of its section")
            }
            result += try resolved(value, in: entries, foldsCase, depth: depth + 1)
            rest = rest[rest.index(close, offsetBy: 2)...]
        }
        return result + rest
    }
}
