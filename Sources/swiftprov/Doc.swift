import ArgumentParser
import Diagnostics
import Local
import Modules
import Playbook
import Values

/// `swiftprov doc`: a module's manual, from the module's own source.
struct Doc: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print a module's manual, or list the modules.")

    @ArgumentParser.Argument(help: "The module; without one, all are listed.")
    var module: String?

    @Flag(name: [.customShort("l"), .long], help: "List the modules.")
    var list = false

    @Flag(help: "Print all modules as a Markdown table.")
    var table = false

    @Option(help: "With --table: the folder of the modules' tests, whose cases are counted.")
    var tests: String?

    func run() throws {
        if table {
            var tested: [String: String] = [:]
            if let tests { tested = try Self.tested(tests) }
            Console.write(ModuleIndex.table(tested: tested))
            return
        }
        guard let module, !list else {
            let width = (ModuleIndex.all.map { $0.manual.name.count }.max() ?? 0) + 2
            for module in ModuleIndex.all.sorted(by: { $0.manual.name < $1.manual.name }) {
                let name = module.manual.name
                Console.write(name + String(repeating: " ", count: width - name.count) + module.manual.summary + "\n")
            }
            return
        }
        guard let found = ModuleIndex.find(module) else { throw ModuleIndex.unknown(module, at: nil) }
        Console.write(found.manual.rendered() + "\n")
    }

    /// What is said of each module's cases: how many, and how many are held to what the real module did.
    private static func tested(_ folder: String) throws(Diagnostic) -> [String: String] {
        var result: [String: String] = [:]
        for module in ModuleIndex.all {
            let name = module.manual.shortName
            let here = try told(folder + "/Cases/\(name)/\(name)", "cases")
            let there = try told(folder + "/HostCases/\(name)/\(name)", "on a whole host")
            result[name] = [here, there].filter { !$0.isEmpty }.joined(separator: "; ")
        }
        return result
    }

    private static func told(_ base: String, _ words: String) throws(Diagnostic) -> String {
        guard let cases = try read(base + ".json")?.elements else { return "" }
        let recorded = try read(base + ".recorded.json")?.mapValue?.count ?? 0
        var said = "\(cases.count) \(words)"
        if recorded > 0 { said += ", \(recorded) beside the real module's" }
        return said
    }

    private static func read(_ path: String) throws(Diagnostic) -> Value? {
        guard ProjectFiles.isFile(path) else { return nil }
        return try JSON.parse(try LocalFile.bytes(path))
    }
}
