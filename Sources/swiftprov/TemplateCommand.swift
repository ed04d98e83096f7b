import ArgumentParser
import Configuration
import Diagnostics
import Jinja
import Local
import Playbook
import Values
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
        let text = file == "-" ? Console.standardInput() : String(decoding: try LocalFile.bytes(file), as: UTF8.self)
        let origin = SourceLocation(
            file: SourceFile(name: file == "-" ? "<stdin>" : file, text: text), line: 1, column: 1)
        let options = try templateOptions()
        let directory = file == "-" ? "." : Path.directory(of: file)
        let environment = TemplateEnvironment(
            loader: { (name) throws(Diagnostic) in
                let path = Path.join(directory, name)
                return (String(decoding: try LocalFile.bytes(path), as: UTF8.self), path)
            }, opener: { (sealed, place) throws(Diagnostic) in try secrets.openText(sealed, at: place) })
        let rendered = try environment.render(
            Text(text, marks: .template, origin: origin), options: options,
            in: MapScope(values, environment: environment))
        Console.write(bytes: try TextEncoding.bytes(rendered.string, outputEncoding))
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
