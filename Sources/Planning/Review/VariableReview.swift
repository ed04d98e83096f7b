import Diagnostics
import Playbook
import Values
import Variables
import Vault
import YAML

/// Variables that are loaded twice, written and never read, or looped over in the wrong way.
extension Review {
    mutating func reviewVariableFiles() {
        for play in plays {
            for field in play.node.varsFiles {
                let name = field.value.pythonText
                guard name.hasPrefix("group_vars/") || name.hasPrefix("host_vars/") else { continue }
                remark(
                    "'\(name)' in vars_files is read already, and stands above every host's own variables here",
                    at: field.location,
                    remedy: "Drop it from vars_files: files in group_vars and host_vars are loaded by their names.")
            }
            reviewLoops(play)
        }
        reviewUnread()
    }

    /// `with_items` over a map is one item: the whole map.
    private mutating func reviewLoops(_ play: PlannedPlay) {
        guard let host = play.hosts.first else { return }
        for task in play.tasks {
            guard let loop = task.node.loop, ["items", "ansible.builtin.items"].contains(loop.lookup ?? "") else {
                continue
            }
            guard let value = try? scope(play, host, task).evaluate(loop.items.value), value.mapValue != nil else {
                continue
            }
            let text = loop.items.value.pythonText
            let name = text.replacingBraces
            remark(
                "with_items over a mapping gives one item, the whole dict \(name)", at: loop.items.location,
                remedy: "Write `loop: \"{{ \(name) | dict2items }}\"`, and item.key for the name.")
        }
    }

    // MARK: Written and never read

    /// Parts of a map that no template reads, although it reads other parts of the same map.
    private mutating func reviewUnread() {
        var chains = Set<[String]>()
        for text in planner.templateTexts(plays) { chains.formUnion(AttributeChains.within(text)) }
        for path in planner.variableFilePaths(plays) {
            guard let root = try? planner.files.document(at: path) else { continue }
            for (key, value) in root.pairs ?? [] {
                guard let name = key.scalarText, chains.contains(where: { $0.first == name && $0.count > 1 }) else {
                    continue
                }
                unread(key, value, [name], chains)
            }
        }
    }

    private mutating func unread(_ key: YAMLNode, _ value: YAMLNode, _ path: [String], _ chains: Set<[String]>) {
        let isRead = chains.contains { chain in
            zip(chain, path).allSatisfy(==) && !chain.isEmpty
        }
        guard isRead else {
            remark(
                "'\(path.joined(separator: "."))' is never used", at: key.location,
                remedy: path.last == "env"
                    ? "Give it to the container: env: \"{{ \(path.joined(separator: ".")) | combine({…}) }}\"."
                    : "Use it where it is meant, or take it out.")
            return
        }
        // Where a part is read as a whole, whatever is in it counts as read.
        if chains.contains(where: { $0.count <= path.count && zip($0, path).allSatisfy(==) }) { return }
        guard path.count < 3 else { return }
        for (inner, innerValue) in value.pairs ?? [] {
            guard let name = inner.scalarText else { continue }
            unread(inner, innerValue, path + [name], chains)
        }
    }
}

/// Names with what is asked of them: `services.db.image` in a template is [services, db, image].
enum AttributeChains {
    static func within(_ text: String) -> Set<[String]> {
        var chains = Set<[String]>()
        let bytes = Array(text.utf8)
        var index = 0
        func isName(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: "_") || (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
                || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
        }
        func word(_ start: inout Int) -> String {
            let begin = start
            while start < bytes.count, isName(bytes[start]) { start += 1 }
            return String(decoding: bytes[begin..<start], as: UTF8.self)
        }
        while index < bytes.count {
            guard isName(bytes[index]) else {
                index += 1
                continue
            }
            var chain = [word(&index)]
            while index < bytes.count {
                if bytes[index] == UInt8(ascii: "."), index + 1 < bytes.count, isName(bytes[index + 1]) {
                    index += 1
                    chain.append(word(&index))
                } else if bytes[index] == UInt8(ascii: "["), index + 2 < bytes.count,
                    bytes[index + 1] == UInt8(ascii: "'") || bytes[index + 1] == UInt8(ascii: "\"")
                {
                    index += 2
                    chain.append(word(&index))
                    index += 2
                } else {
                    break
                }
            }
            // A method at the end, such as .items(), asks for the whole of what stands before it.
            if index < bytes.count, bytes[index] == UInt8(ascii: "("), chain.count > 1 { chain.removeLast() }
            chains.insert(chain)
        }
        return chains
    }
}

extension Planner {
    /// Files of variables that the plays read by their names: group_vars and host_vars, and vars_files.
    func variableFilePaths(_ plays: [PlannedPlay]) -> [String] {
        var directories = plays.map { Path.directory(of: $0.file) }
        for source in variables.run.inventorySources {
            directories.append(ProjectFiles.isDirectory(source) ? source : Path.directory(of: source))
        }
        var seen = Set<String>()
        var paths: [String] = []
        for directory in directories {
            for kind in ["group_vars", "host_vars"] {
                for path in Self.files(below: Path.join(directory, kind))
                where seen.insert(Path.absolute(path)).inserted {
                    paths.append(path)
                }
            }
        }
        return paths
    }

    private static func files(below directory: String) -> [String] {
        Path.entries(of: directory).flatMap { name -> [String] in
            let path = directory + "/" + name
            return ProjectFiles.isDirectory(path) ? files(below: path) : [path]
        }
    }

    /// Every text of the plays, their roles and variables in which names may be read.
    func templateTexts(_ plays: [PlannedPlay]) -> [String] {
        var texts: [String] = []
        var paths = Set(plays.map(\.file) + plays.flatMap { $0.tasks.map(\.file) + $0.handlers.map(\.file) })
        for role in plays.flatMap(\.roles) {
            for kind in ["tasks", "handlers", "defaults", "vars", "meta"] {
                paths.formUnion(Self.files(below: role.path + "/" + kind))
            }
            for path in Self.files(below: role.path + "/templates") {
                if let bytes = try? files.content(of: path, opened: true) {
                    texts.append(String(decoding: bytes, as: UTF8.self))
                }
            }
        }
        paths.formUnion(variableFilePaths(plays))
        for path in paths.sorted() {
            guard let root = try? files.document(at: path) else { continue }
            Self.texts(of: root, isCondition: false, into: &texts)
        }
        return texts
    }

    private static func texts(of node: YAMLNode, isCondition: Bool, into texts: inout [String]) {
        if let text = node.scalarText {
            if isCondition || TemplateMarks.within(text) { texts.append(text) }
        }
        for item in node.items ?? [] { Self.texts(of: item, isCondition: isCondition, into: &texts) }
        for (key, value) in node.pairs ?? [] {
            let conditions = ["when", "until", "changed_when", "failed_when", "that", "var", "break_when"]
            Self.texts(of: value, isCondition: isCondition || conditions.contains(key.scalarText ?? ""), into: &texts)
        }
    }
}

extension String {
    /// What stands between the braces of a lone `{{ … }}`.
    fileprivate var replacingBraces: String {
        var text = trimmed
        if text.hasPrefix("{{") { text = String(text.dropFirst(2)) }
        if text.hasSuffix("}}") { text = String(text.dropLast(2)) }
        return text.trimmed
    }
}
