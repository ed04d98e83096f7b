public import Diagnostics
import Glibc
public import Jinja
import Local
public import Values

/// A template's file that is being rendered: what it may ask of itself, and where it finds other templates.
public struct TemplateFile {
    /// As the task or lookup named it.
    public var name: String
    /// Where it was found.
    public var path: String
    /// Where the result goes, as the task has it; nil for a lookup.
    public var destination: Value?
    /// Where `include`, `import` and `extends` look for templates, the first place first.
    public var folders: [String]

    /// - Parameters:
    ///   - name: As it was asked for.
    ///   - path: Where it was found.
    ///   - destination: Where the result goes.
    ///   - folders: Where it finds other templates.
    init(name: String, path: String, destination: Value? = nil, folders: [String]) {
        self.name = name
        self.path = FileSearch.absolute(path)
        self.destination = destination
        var seen = Set<String>()
        self.folders = folders.filter { seen.insert($0).inserted }
    }

    /// The directory the file is in.
    static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    /// What only this template sees: `template_path` and its like, and `ansible_managed` where nobody gave it.
    ///
    /// - Parameters:
    ///   - managed: The setting `ansible_managed`, in which `{file}`, `{host}` and `{uid}` stand for these, and `%Y` and
    ///     its like for parts of the time the file was written; nil if the variable is given.
    ///   - owner: The name of a user.
    func variables(managed: String?, owner: (uid_t) -> Value) throws(Diagnostic) -> ValueMap {
        var information = stat()
        guard stat(path, &information) == 0 else {
            throw Diagnostic(.missingFile, "the template '\(path)' is gone")
        }
        let written = Value.localMoment(
            seconds: information.st_mtim.tv_sec, microseconds: information.st_mtim.tv_nsec / 1000)
        var values: ValueMap = [
            "template_host": .string(Text(Self.controlHost)), "template_path": .string(Text(name)),
            "template_fullpath": .string(Text(path)), "template_destpath": destination ?? .null,
            "template_mtime": written, "template_run_date": .localNow,
            "template_uid": owner(information.st_uid),
        ]
        if let managed { values["ansible_managed"] = .string(try Self.filledIn(managed, written)) }
        return values
    }

    private static let controlHost: String = {
        var name = utsname()
        uname(&name)
        return withUnsafeBytes(of: &name.nodename) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }()

    private static let environment = TemplateEnvironment()

    /// The setting's text as a template: what it holds of names is data of its own, and so evaluated no further.
    private static func filledIn(_ managed: String, _ written: Value) throws(Diagnostic) -> Text {
        guard managed.utf8.contains(where: { "{}%".utf8.contains($0) }) else { return Text(managed) }
        let names: ValueMap = [
            "managed": .string(Text(managed)), "written": written, "host": "{{ template_host }}",
            "uid": "{{ template_uid }}", "file": "{{ template_path }}",
        ]
        do throws(Diagnostic) {
            let text = try environment.evaluateExpression(
                Text("written.strftime(managed.format(host=host, uid=uid, file=file))"),
                in: MapScope(names, environment: environment))
            return Text(text.pythonText, marks: .template)
        } catch {
            throw Diagnostic(
                .template, "the setting 'ansible_managed' cannot be used: \(error.summary)",
                remedy: "It may hold {file}, {host} and {uid}, and parts of a date such as %Y.")
        }
    }
}

extension LayeredScope {
    /// A template's file as a task has it.
    ///
    /// - Parameters:
    ///   - name: As the task names it.
    ///   - path: Where it was found.
    ///   - destination: Where the result goes.
    public func templateFile(_ name: String, at path: String, destination: Value?) -> TemplateFile {
        let places = searchPath + [lookups.playDirectory, TemplateFile.folder(of: path)]
        return TemplateFile(
            name: name, path: path, destination: destination, folders: places.flatMap { ["\($0)/templates", $0] })
    }

    /// A template file's text, rendered.
    public func render(
        _ text: Text, options: TemplateOptions, of file: TemplateFile
    ) throws(Diagnostic) -> Text { try inside(file, extra: [:]).render(text, options: options) }

    /// What a template file sees.
    ///
    /// - Parameter extra: Variables above all others.
    func inside(_ file: TemplateFile, extra: ValueMap) throws(Diagnostic) -> LayeredScope {
        let isManaged = raw("ansible_managed") == nil
        var values = try file.variables(managed: isManaged ? lookups.managedText : nil, owner: lookups.userName)
        values.merge(extra)
        return with(Layer("template", values), templateFolders: file.folders)
    }
}

extension LookupContext {
    /// The name of a user of this machine, its number if it has none; each asked for once.
    func userName(_ user: uid_t) -> Value {
        if let known = userNames[user] { return known }
        let name = getpwuid(user).map { Value.string(Text(String(cString: $0.pointee.pw_name))) } ?? .int(Int(user))
        userNames[user] = name
        return name
    }

    /// Finds and reads a template for `include` and its like.
    ///
    /// As Jinja has it, a name's parts lead downwards from one of the folders; a `/` in front means nothing.
    ///
    /// - Throws: `Diagnostic` with code `.missingFile` if no folder has it.
    func templateSource(_ name: String) throws(Diagnostic) -> TemplateSource {
        let parts = name.split(separator: "/").filter { $0 != "." }
        guard !parts.contains("..") else {
            throw Diagnostic(
                .missingFile, "no template '\(name)': '..' leads out of the folders of templates",
                remedy: "Name it from one of \(templateFolders.joined(separator: ", ")).")
        }
        let path = parts.joined(separator: "/")
        let places = templateFolders.map { $0.hasSuffix("/") ? $0 + path : "\($0)/\(path)" }
        guard let found = places.first(where: { LocalFile.kind($0) == .file }) else {
            throw Diagnostic(
                .missingFile, "no template '\(name)'", remedy: "Looked for \(places.joined(separator: ", ")).")
        }
        let (content, wasSealed) = try readFile(found)
        return TemplateSource(text: String(decoding: content, as: UTF8.self), name: found, isSecret: wasSealed)
    }

    /// Where templates are sought by the evaluation under way: beside the playbook, if it is not of a template's file.
    private var templateFolders: [String] { scope?.templateFolders ?? [playDirectory] }
}
