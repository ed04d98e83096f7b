import ArgumentParser
import Diagnostics
import Modules

/// `swiftprov doc`: a module's manual, from the module's own source.
struct Doc: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print a module's manual, or list the modules.")

    @ArgumentParser.Argument(help: "The module; without one, all are listed.")
    var module: String?

    @Flag(name: [.customShort("l"), .long], help: "List the modules.")
    var list = false

    func run() throws {
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
}
