import Diagnostics
import Target
import Values

/// What the host said about packages, and what apt-get would do to reach what is wanted.
struct AptState: Sendable {
    struct Operation: Sendable {
        var name: String
        var before: String?
        var after: String?
    }

    /// The host's clock and the age of its lists, in seconds since 1970.
    let now: Int
    let cacheTime: Int
    /// What the simulation says would change.
    private(set) var operations: [Operation] = []
    /// Packages that the lists do not know yet, where those are to be updated first.
    private(set) var assumed: [String] = []
    /// apt-get's words to run.
    private(set) var commands: [[String]] = []
    /// Why apt-get refuses.
    private(set) var trouble: String?
    /// Whether a command runs whose effect no simulation tells.
    private(set) var mayChange = false

    init(_ answer: [UInt8], _ request: AptRequest, foreseen: Foreseen) throws(Diagnostic) {
        var fields = FieldReader(answer)
        now = Int(fields.next()) ?? 0
        cacheTime = Int(fields.next()) ?? 0
        // One character a package: is it as wanted?
        var missing: [AptRequest.Package] = []
        let states = Array(fields.next())
        for (index, package) in request.packages.enumerated() {
            let isAsWanted = index < states.count && states[index] == "1"
            // What an earlier task of the dry run would install or remove counts.
            if let present = foreseen.packages[package.name], !foreseen.isEmpty, present == (request.state != "absent")
            {
                continue
            }
            if !isAsWanted { missing.append(package) }
        }
        let deb = fields.next()
        let debState = fields.next()
        let status = fields.next()
        let output = fields.next()
        let errors = fields.next()
        // The names first, then what concerns all packages.
        if !missing.isEmpty || (!request.packages.isEmpty && status != "") {
            let names = missing.map(\.spec)
            if !names.isEmpty { commands.append(request.words(request.verb, names)) }
        }
        if let upgrade = request.upgrade { commands.append(request.words(upgrade)) }
        if request.state == "fixed" { commands.append(["-f"] + request.words("install")) }
        if request.autoremove, request.packages.isEmpty, request.upgrade == nil {
            commands.append(request.words("autoremove"))
        }
        if !deb.isEmpty {
            guard debState != "missing" else {
                throw Diagnostic(.failed, "there is no package file '\(deb)' on the host")
            }
            if debState != "same" {
                commands.append(request.words("install", [deb]))
                operations.append(Operation(name: deb, before: nil, after: debState))
            }
        }
        guard !status.isEmpty else { return }
        guard status == "0" else {
            let lines = errors.split(separator: "\n").filter { $0.hasPrefix("E:") }
            trouble = lines.first.map { String($0.dropFirst(3)) } ?? errors.lastLine
            assumed = missing.map(\.name)
            return
        }
        operations += Self.operations(output)
        // A simulation that would do nothing needs no run.
        if operations.isEmpty { commands = [] }
    }

    /// Reads what `apt-get --simulate` prints: `Inst name [old] (new source [arch])`, `Remv name [old]`.
    private static func operations(_ output: String) -> [Operation] {
        var operations: [Operation] = []
        for line in output.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count > 2, ["Inst", "Remv", "Purg"].contains(words[0]) else { continue }
            let name = String(words[1])
            var before: String?
            var after: String?
            for word in words.dropFirst(2) {
                if word.hasPrefix("["), before == nil, after == nil {
                    before = String(word.dropFirst().prefix { $0 != "]" })
                } else if word.hasPrefix("("), after == nil {
                    after = String(word.dropFirst().prefix { $0 != ")" })
                }
            }
            if words[0] == "Inst" {
                operations.append(Operation(name: name, before: before, after: after ?? "installed"))
            } else if !operations.contains(where: { $0.name == name && $0.after == nil }) {
                operations.append(Operation(name: name, before: before ?? "installed", after: nil))
            }
        }
        return operations
    }
}
