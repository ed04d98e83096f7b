import Diagnostics
import Jinja
import Results
import Target
import Values

/// Renders a file on the control machine and puts it in place, as `ansible.builtin.template` does.
struct TemplateModule: Module, PathBound, ReadsAhead {
    static let manual = ModuleManual(
        name: "ansible.builtin.template",
        summary: "Render a template to a file on the host.",
        description: """
            The template is looked for in `templates/` of the role and beside the playbook. It is rendered with the \
            task's variables on the control machine; the host only sees the result. It also knows `template_path`, \
            `template_fullpath`, `template_destpath`, `template_host`, `template_uid`, `template_mtime`, \
            `template_run_date` and `ansible_managed`. What it includes, imports or extends is looked for beside it, \
            and where the template itself is.
            """,
        arguments: [
            .required("src", .string, "The template, such as `nginx.conf.j2`."),
            .required("dest", .path, "Where the file goes; in a directory it keeps the template's name."),
            .optional("backup", .bool, "Keep the old file beside the new one.", default: false),
            .optional("force", .bool, "Replace a file whose content differs.", default: true),
            .optional("follow", .bool, "Write through a symbolic link instead of replacing it.", default: false),
            .optional("validate", .string, "A command that must accept the file, for which `%s` stands."),
            .optional("trim_blocks", .bool, "Drop the first line end after a block.", default: true),
            .optional("lstrip_blocks", .bool, "Drop blanks before a block at the start of a line.", default: false),
            .optional(
                "newline_sequence", .string, "How lines end.", default: "\n",
                choices: ["\n", "\r", "\r\n", "\\n", "\\r", "\\r\\n"]),
            .optional("variable_start_string", .string, "What begins an expression.", default: "{{"),
            .optional("variable_end_string", .string, "What ends an expression.", default: "}}"),
            .optional("block_start_string", .string, "What begins a block.", default: "{%"),
            .optional("block_end_string", .string, "What ends a block.", default: "%}"),
            .optional("comment_start_string", .string, "What begins a comment.", default: "{#"),
            .optional("comment_end_string", .string, "What ends a comment.", default: "#}"),
            .optional(
                "output_encoding", .string, "The encoding of the file written, such as `latin-1` or `cp1252`.",
                default: "utf-8"),
        ] + FileAttributes.arguments,
        registeredDiff: .list,
        example: """
            - ansible.builtin.template:
                src: nginx.conf.j2
                dest: /etc/nginx/nginx.conf
                mode: '0644'
                validate: nginx -t -c %s
            """,
        aliases: ["ansible.legacy.template"]
    )

    private let placement: FilePlacement

    init(_ arguments: Arguments) throws(Diagnostic) {
        let source = try arguments.string("src")
        let path = try arguments.context.findFile(source, "templates")
        let (bytes, wasSealed) = try arguments.context.content(of: path, opening: true)
        var options: ValueMap = [:]
        for name in Self.renderingOptions {
            if let value = arguments[name] { options[name] = value }
        }
        if let newline = arguments.optionalString("newline_sequence") {
            options["newline_sequence"] = .string(
                newline.replacing("\\r", with: "\r").replacing("\\n", with: "\n"))
        }
        // Templates may ask for their own and the file's path.
        options["dest"] = arguments["dest"]
        options["src"] = .string(source)
        let text = Text(String(decoding: bytes, as: UTF8.self), marks: wasSealed ? .secret : [])
        let rendered = try arguments.context.render(text, path, options)
        var attributes = try FileAttributes(arguments)
        if arguments.optionalString("mode") == "preserve" { attributes.mode = .bits(try LocalFiles.mode(of: path)) }
        placement = FilePlacement(
            destination: try arguments.string("dest"), basename: FilePlacement.basename(of: path),
            content: try Self.encoded(rendered.string, arguments.optionalString("output_encoding"), source),
            source: path, attributes: attributes, follow: arguments.bool("follow"), force: arguments.bool("force"),
            backup: arguments.bool("backup"), validate: try FileEdit.validation(arguments),
            isSecret: rendered.isSecret)
    }

    var concerns: Concerns? { placement.concerns }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<FilePlacement.Step> {
        try await placement.plan(target)
    }

    func apply(_ step: FilePlacement.Step, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        try await placement.apply(step, to: target)
    }

    private static func encoded(
        _ text: String, _ encoding: String?, _ source: String
    ) throws(Diagnostic) -> [UInt8] {
        // An empty name stands for the default, as in Ansible.
        let name = encoding.flatMap { $0.isEmpty ? nil : $0 } ?? "utf-8"
        do throws(Diagnostic) {
            return try TextEncoding.bytes(text, name)
        } catch {
            throw Diagnostic(.failed, "'\(source)' cannot be written so: \(error.summary)", remedy: error.remedy)
        }
    }

    private static let renderingOptions = [
        "trim_blocks", "lstrip_blocks", "variable_start_string", "variable_end_string", "block_start_string",
        "block_end_string", "comment_start_string", "comment_end_string",
    ]
}
