import Diagnostics
import Glibc
import Inventory
import Jinja
import Values
import Variables

/// `TemplateBenchmark CASE FOLDER SECONDS`: what our engine takes for what `templating.py` gives the real ones.
///
/// Prints the best processor time of one run in seconds, and writes what was made to `FOLDER/swiftprov.json`.
@main struct TemplateBenchmark {
    static func main() throws {
        let words = CommandLine.arguments
        guard words.count == 4, let seconds = Double(words[3]) else {
            throw Diagnostic(.badOption, "usage: TemplateBenchmark render|expressions|chains FOLDER SECONDS")
        }
        let folder = words[2]
        let run =
            switch words[1] {
            case "render": try rendering(folder)
            case "expressions": try expressions(folder)
            case "chains": try chains(folder)
            default: throw Diagnostic(.badOption, "there is no benchmark '\(words[1])'")
            }
        let result = try run()
        var best = Double.infinity
        let began = ContinuousClock.now
        while best == .infinity || ContinuousClock.now - began < .seconds(seconds) {
            let start = processorSeconds
            _ = try run()
            best = min(best, processorSeconds - start)
        }
        try write(try JSON.text(result), "\(folder)/swiftprov.json")
        print(best)
    }

    private static func rendering(_ folder: String) throws -> () throws -> Value {
        let environment = TemplateEnvironment()
        let scope = try variables(folder, environment)
        let template = Text(try read("\(folder)/template.j2"), marks: .template)
        return { .string(try environment.render(template, in: scope)) }
    }

    private static func expressions(_ folder: String) throws -> () throws -> Value {
        let environment = TemplateEnvironment()
        let scope = try variables(folder, environment)
        let templates = try JSON.parse(try read("\(folder)/templates.json")).elements ?? []
        let texts = templates.compactMap(\.stringValue).map { Text($0, marks: .template) }
        return { .list(try texts.map { try environment.evaluate($0, in: scope) }) }
    }

    private static func chains(_ folder: String) throws -> () throws -> Value {
        let (tree, _) = try InventoryLoader.load(InventorySources(paths: ["\(folder)/hosts.ini"]))
        let last = Value.string(Text(try read("\(folder)/last"), marks: .template))
        let hosts = tree.hostNames
        let run = RunVariables(
            inventory: tree, extra: [:], run: RunFacts(),
            readFile: { (path) throws(Diagnostic) in throw Diagnostic(.missingFile, "no file is read: \(path)") })
        return { .list(try hosts.map { try run.scope(host: $0, task: nil).evaluate(last) }) }
    }

    private static func variables(_ folder: String, _ environment: TemplateEnvironment) throws -> MapScope {
        MapScope(try JSON.parse(try read("\(folder)/vars.json")).mapValue ?? [:], environment: environment)
    }

    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func read(_ path: String) throws -> String {
        guard let file = fopen(path, "r") else { throw Diagnostic(.missingFile, "cannot read '\(path)'") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func write(_ text: String, _ path: String) throws {
        guard let file = fopen(path, "w") else { throw Diagnostic(.missingFile, "cannot write '\(path)'") }
        defer { fclose(file) }
        _ = fputs(text, file)
    }
}
