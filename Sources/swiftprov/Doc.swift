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
        let (here, there) = (try counts(folder + "/Cases"), try counts(folder + "/HostCases"))
        var result: [String: String] = [:]
        for name in Set(here.keys).union(there.keys) {
            result[name] = [here[name].map { told($0, "cases") }, there[name].map { told($0, "on a whole host") }]
                .compactMap(\.self).joined(separator: "; ")
        }
        return result
    }

    private static func told(_ count: (all: Int, recorded: Int), _ words: String) -> String {
        "\(count.all) \(words)" + (count.recorded > 0 ? ", \(count.recorded) beside the real module's" : "")
    }

    /// How many cases the folders hold, by module: a case may name another one than its folder does.
    private static func counts(_ folder: String) throws(Diagnostic) -> [String: (all: Int, recorded: Int)] {
        var result: [String: (all: Int, recorded: Int)] = [:]
        for name in LocalFile.names(in: folder) ?? [] {
            let base = "\(folder)/\(name)/\(name)"
            let recorded = try read(base + ".recorded.json")?.mapValue ?? [:]
            for case .map(let it) in try read(base + ".json")?.elements ?? [] {
                let given = it["module"]?.stringValue ?? name
                let module = ModuleIndex.find(given)?.manual.shortName ?? given
                var count = result[module] ?? (0, 0)
                count.all += 1
                if let title = it["name"]?.stringValue, recorded[title] != nil { count.recorded += 1 }
                result[module] = count
            }
        }
        return result
    }

    private static func read(_ path: String) throws(Diagnostic) -> Value? {
        guard ProjectFiles.isFile(path) else { return nil }
        return try JSON.parse(try LocalFile.bytes(path))
    }
}
