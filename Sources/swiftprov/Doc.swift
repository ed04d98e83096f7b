import ArgumentParser
import Diagnostics
import Modules
import Playbook
import Values
import Vault

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
            Console.write(ModuleIndex.table(tested: try tests.map(Self.tested) ?? [:]))
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
    private static func tested(_ folder: String) throws -> [String: String] {
        func read(_ path: String) throws -> Value? {
            guard ProjectFiles.isFile(path) else { return nil }
            return try JSON.parse(try LocalFile.bytes(path))
        }
        var result: [String: String] = [:]
        for name in ModuleIndex.all.map(\.manual.shortName) {
            for (kind, words) in [("Cases", "cases"), ("HostCases", "on a whole host")] {
                let base = "\(folder)/\(kind)/\(name)/\(name)"
                guard let cases = try read(base + ".json")?.elements?.count else { continue }
                let recorded = try read(base + ".recorded.json")?.mapValue?.count ?? 0
                let told = "\(cases) \(words)" + (recorded > 0 ? ", \(recorded) beside the real module's" : "")
                result[name] = result[name].map { "\($0); \(told)" } ?? told
            }
        }
        return result
    }
}
