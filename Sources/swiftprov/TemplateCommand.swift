import ArgumentParser
import Configuration
import Diagnostics
import Jinja
import Local
import Playbook
import Values
import Variables
import Vault

/// `swiftprov template`: renders a template file with variables from files and the command line.
struct TemplateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "template", abstract: "Print a rendered template; `-` reads it from standard input.")

    @Argument(help: "The template.") var file: String
    @Option(name: .long, parsing: .singleValue, help: "A file of variables, YAML or JSON.") var vars: [String] = []
    @Option(
        name: [.customShort("e"), .customLong("extra-vars")], parsing: .singleValue, help: "name=value, YAML, @FILE.")
    var extraVars: [String] = []
    @Flag(inversion: .prefixedNo, help: "Drop the newline after a block tag.") var trimBlocks = true
    @Flag(inversion: .prefixedNo, help: "Drop blanks before a block tag.") var lstripBlocks = false
    @Option(name: .customLong("block-start-string"), help: "What begins a block tag; {% if not given.")
    var blockStart: String?
    @Option(name: .customLong("block-end-string"), help: "What ends a block tag; %} if not given.")
    var blockEnd: String?
    @Option(name: .customLong("variable-start-string"), help: "What begins an expression; {{ if not given.")
    var variableStart: String?
    @Option(name: .customLong("variable-end-string"), help: "What ends an expression; }} if not given.")
    var variableEnd: String?
    @Option(name: .customLong("comment-start-string"), help: "What begins a comment; {# if not given.")
    var commentStart: String?
    @Option(name: .customLong("comment-end-string"), help: "What ends a comment; #} if not given.")
    var commentEnd: String?
    @Option(help: #"How lines end: "\n", "\r" or "\r\n"."#) var newlineSequence = #"\n"#
    @Option(help: "The encoding of what is printed.") var outputEncoding = "utf-8"
    @OptionGroup(title: "Vault") var vault: VaultOptions

    func run() throws {
        let secrets = try VaultPasswords.gather(vault, try Settings.load())
        let values = try ExtraVariables.read(vars.map { "@" + $0 } + extraVars, vault: secrets)
        let content = try content(secrets)
        let path = file == "-" ? "<stdin>" : file
        let origin = SourceLocation(
            file: SourceFile(name: path, text: content.string, isSecret: content.isSecret), line: 1, column: 1)
        let template = Text(content.string, marks: content.marks.union(.template), origin: origin)
        let scope = LookupContext.standaloneScope(
            of: values, in: file == "-" ? "." : Path.directory(of: file),
            opener: { (sealed, place) throws(Diagnostic) in try secrets.openText(sealed, at: place) },
            readFile: { (path) throws(Diagnostic) in try LocalFile.bytes(path, opening: secrets) })
        let options = try templateOptions()
        let rendered =
            file == "-"
            ? try scope.render(template, options: options)
            : try scope.render(template, options: options, of: scope.templateFile(file, at: file, destination: nil))
        Console.write(bytes: try TextEncoding.bytes(rendered.string, outputEncoding))
    }

    /// The template's text, secret if its file is sealed.
    private func content(_ secrets: VaultSecrets) throws(Diagnostic) -> Text {
        if file == "-" { return Text(Console.standardInput()) }
        let (bytes, wasSealed) = try LocalFile.bytes(file, opening: secrets)
        return Text(String(decoding: bytes, as: UTF8.self), marks: wasSealed ? .secret : [])
    }

    private func templateOptions() throws(Diagnostic) -> TemplateOptions {
        var options = TemplateOptions.file
        options.trimBlocks = trimBlocks
        options.lstripBlocks = lstripBlocks
        options.blockStart = blockStart ?? options.blockStart
        options.blockEnd = blockEnd ?? options.blockEnd
        options.variableStart = variableStart ?? options.variableStart
        options.variableEnd = variableEnd ?? options.variableEnd
        options.commentStart = commentStart ?? options.commentStart
        options.commentEnd = commentEnd ?? options.commentEnd
        // The words of the template module; a shell's $'\n' gives the sign itself.
        let sequences = [#"\n"#: "\n", #"\r"#: "\r", #"\r\n"#: "\r\n", "\n": "\n", "\r": "\r", "\r\n": "\r\n"]
        guard let newline = sequences[newlineSequence] else {
            throw Diagnostic(
                .badOption, "'\(newlineSequence)' is no newline sequence", remedy: #"One of "\n", "\r" and "\r\n"."#)
        }
        options.newlineSequence = newline
        return options
    }
}
