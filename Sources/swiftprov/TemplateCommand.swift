import ArgumentParser
import Diagnostics
import Jinja
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
    @Flag(name: .customLong("no-trim-blocks"), help: "Keep the newline after a block tag.") var keepsBlockNewlines =
        false
    @Flag(name: .customLong("lstrip-blocks"), help: "Drop blanks before a block tag.") var lstripBlocks = false
    @Option(name: .customLong("variable-start-string")) var variableStart: String?
    @Option(name: .customLong("variable-end-string")) var variableEnd: String?
    @Option(name: .customLong("block-start-string")) var blockStart: String?
    @Option(name: .customLong("block-end-string")) var blockEnd: String?
    @OptionGroup(title: "Vault") var vault: VaultOptions

    func run() throws {
        let secrets = try VaultPasswords.gather(vault, try ConfigurationFile.load())
        let values = try ExtraVariables.read(vars.map { "@" + $0 } + extraVars, vault: secrets)
        let text = file == "-" ? Console.standardInput() : String(decoding: try LocalFile.bytes(file), as: UTF8.self)
        let origin = SourceLocation(
            file: SourceFile(name: file == "-" ? "<stdin>" : file, text: text), line: 1, column: 1)
        var options = TemplateOptions.file
        options.trimBlocks = !keepsBlockNewlines
        options.lstripBlocks = lstripBlocks
        options.variableStart = variableStart ?? options.variableStart
        options.variableEnd = variableEnd ?? options.variableEnd
        options.blockStart = blockStart ?? options.blockStart
        options.blockEnd = blockEnd ?? options.blockEnd
        let directory = file == "-" ? "." : Path.directory(of: file)
        let environment = TemplateEnvironment(
            loader: { (name) throws(Diagnostic) in
                let path = Path.join(directory, name)
                return (String(decoding: try LocalFile.bytes(path), as: UTF8.self), path)
            }, opener: { (sealed, place) throws(Diagnostic) in try secrets.openText(sealed, at: place) })
        let rendered = try environment.render(
            Text(text, marks: .template, origin: origin), options: options,
            in: MapScope(values, environment: environment))
        Console.write(rendered.string)
    }
}
