import Diagnostics
import Glibc
import Inventory
import Testing
import Values
import Vault
import YAML

/// Held to what ansible-inventory answered; `Tests/Oracle/record_inventory.py` recorded it.
@Suite struct InventoryOracleTests {
    static let folder: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return parts.joined(separator: "/") + "/Cases"
    }()
    static let names = LocalFile.names(in: folder) ?? []

    @Test("the cases are there")
    func present() { #expect(Self.names.count > 15) }

    @Test("--list gives the same data", arguments: names)
    func list(_ name: String) throws {
        let text = try InventoryListing(try load(name)).listText()
        try expectSameJSON(text, try answer(name, "list"), name)
    }

    @Test("--list --export gives the same data", arguments: names)
    func export(_ name: String) throws {
        let text = try InventoryListing(try load(name), isExport: true).listText()
        try expectSameJSON(text, try answer(name, "export"), name)
    }

    @Test("--graph --vars gives the same text", arguments: names)
    func graph(_ name: String) throws {
        let expected = try answer(name, "graph")
        guard !expected.hasPrefix("error") else { return }
        let text = try InventoryListing(try load(name)).graphText(showsVariables: true) + "\n"
        // What is sealed is printed as Python prints its map; Ansible refuses to.
        #expect(text == expected)
    }

    @Test("--list --yaml gives the same data", arguments: names)
    func yaml(_ name: String) throws {
        let text = try InventoryListing(try load(name)).yamlText()
        let expected = try answer(name, "yaml")
        #expect(try value(text) == (try value(expected)), "\(text)")
    }

    @Test("patterns select the same hosts", arguments: names)
    func patterns(_ name: String) throws {
        let tree = try load(name)
        for line in try answer(name, "patterns").split(separator: "\n") {
            let parts = line.split(separator: " => ", maxSplits: 1, omittingEmptySubsequences: false)
            let pattern = parts[0].hasSuffix(" =>") ? String(parts[0].dropLast(3)) : String(parts[0])
            let expected = parts.count > 1 ? String(parts[1]) : ""
            do {
                let hosts = try tree.hostNames(matching: pattern)
                #expect(hosts.joined(separator: " ") == expected, "\(pattern)")
            } catch {
                #expect(expected == "error", "\(pattern): \(error.summary)")
            }
        }
    }

    private func load(_ name: String) throws -> InventoryTree {
        let folder = "\(Self.folder)/\(name)"
        let words = String(decoding: try LocalFile.bytes("\(folder)/arguments"), as: UTF8.self)
            .split(whereSeparator: \.isWhitespace).map(String.init).filter { $0 != "-i" }
        let paths = words.map { $0.contains(",") ? $0 : "\(folder)/\($0)" }
        do {
            return try InventoryLoader.load(InventorySources(paths: paths)).tree
        } catch {
            for diagnostic in error.all { Issue.record("\(diagnostic.rendered())") }
            throw error
        }
    }

    private func answer(_ name: String, _ kind: String) throws -> String {
        String(decoding: try LocalFile.bytes("\(Self.folder)/\(name)/\(kind).expected"), as: UTF8.self)
    }

    private func value(_ text: String) throws -> Value {
        var options = YAMLValueOptions.data
        options.takesVaulted = true
        return try YAMLReader.read(text, file: SourceFile(name: "answer", text: text))?.value(options) ?? .null
    }

    /// Compares as data, and says which lines differ if they do.
    private func expectSameJSON(_ text: String, _ expected: String, _ name: String) throws {
        guard try JSON.parse(text) != (try JSON.parse(expected)) else { return }
        let ours = text.split(separator: "\n")
        let theirs = expected.split(separator: "\n")
        let difference = theirs.difference(from: ours).prefix(20).map { change -> String in
            switch change {
            case .remove(let line, let element, _): "ours \(line + 1): \(element)"
            case .insert(let line, let element, _): "theirs \(line + 1): \(element)"
            }
        }
        Issue.record("\(name) differs:\n\(difference.joined(separator: "\n"))")
    }
}
