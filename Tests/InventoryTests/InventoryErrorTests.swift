import Diagnostics
import Glibc
import Inventory
import Local
import Testing
import Values
import Vault

/// What people are told of bad inventories, word for word. With `SWIFTPROV_RECORD=1` the answers are written anew.
@Suite struct InventoryErrorTests {
    static let folder: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return parts.joined(separator: "/") + "/ErrorCases"
    }()
    static let names = (LocalFile.names(in: folder) ?? []).filter { !$0.hasSuffix(".expected") }

    @Test("each trouble is told at its place with its remedy", arguments: names)
    func told(_ name: String) throws {
        let secrets = VaultSecrets([.init("swordfish")])
        var found: [Diagnostic]
        do throws(Diagnostics) {
            found = try InventoryLoader.load(InventorySources(paths: ["\(Self.folder)/\(name)"], vault: secrets))
                .warnings
        } catch {
            found = error.all
        }
        let text = found.map { $0.rendered() + "\n" }.joined().split(
            separator: Self.folder + "/", omittingEmptySubsequences: false
        )
        .joined()
        let path = "\(Self.folder)/\(name).expected"
        if getenv("SWIFTPROV_RECORD") != nil, let file = fopen(path, "w") {
            fputs(text, file)
            fclose(file)
        }
        #expect(text == String(decoding: try LocalFile.bytes(path), as: UTF8.self))
        #expect(!text.isEmpty)
    }

    @Test("a script that hangs is ended with all it started")
    func hanging() throws {
        let path = "/tmp/swiftprov-hang-\(getpid()).sh"
        let file = try #require(fopen(path, "w"))
        fputs("#!/bin/sh\nsleep 60 &\nsleep 60\n", file)
        fclose(file)
        chmod(path, 0o700)
        defer { unlink(path) }
        let start = ContinuousClock.now
        do throws(Diagnostics) {
            _ = try InventoryLoader.load(InventorySources(paths: [path], scriptLimit: .milliseconds(300)))
            Issue.record("it was read")
        } catch {
            #expect(error.all.first?.code == .timeout)
        }
        #expect(ContinuousClock.now - start < .seconds(120))
    }

    @Test("all sources are read before errors are thrown")
    func gathers() {
        do throws(Diagnostics) {
            _ = try InventoryLoader.load(
                InventorySources(paths: ["\(Self.folder)/circle.ini", "/nowhere", "\(Self.folder)/vars_line.ini"]))
            Issue.record("it was read")
        } catch {
            #expect(error.errors.count == 3)
        }
    }
}

@Suite struct InventoryTreeTests {
    private func tree(_ list: String) throws -> InventoryTree {
        try InventoryLoader.load(InventorySources(paths: [list])).tree
    }

    @Test("hosts added at run time join groups and leave ungrouped")
    func addHost() throws {
        var tree = try tree("a,b,")
        #expect(tree.groupNames(of: "a") == ["ungrouped"])
        #expect(try tree.addHost("c", groups: ["new"], variables: ["v": 1]))
        #expect(try !tree.addHost("c", groups: ["new"], variables: ["v": 1]))
        #expect(try tree.addHost("c", variables: ["v": 2]))
        #expect(tree.groupNames(of: "c") == ["new"])
        #expect(try tree.variables(of: "c").merged["v"] == 2)
        #expect(try tree.hostNames(matching: "new") == ["c"])
        #expect(tree.file(of: "c") == nil)

        #expect(try tree.addToGroup("a", group: "os_debian", parents: ["os"]))
        #expect(try !tree.addToGroup("a", group: "os_debian", parents: ["os"]))
        #expect(tree.groupNames(of: "a") == ["os", "os_debian"])
        #expect(tree.hostNames(in: "os") == ["a"])
        #expect(tree.hostNames(in: "ungrouped") == ["b"])
        #expect(throws: Diagnostic.self) { try tree.addToGroup("nobody", group: "g") }
        #expect(throws: Diagnostic.self) { try tree.addToGroup("a", group: "os", parents: ["os_debian"]) }
    }

    @Test("localhost is always there, in no group")
    func localhost() throws {
        let tree = try tree("a,")
        let local = try #require(tree.host(named: "localhost"))
        #expect(local.isImplicit)
        #expect(try tree.variables(of: "localhost").merged["ansible_connection"] == "local")
        #expect(try tree.hostNames(matching: "all") == ["a"])
        #expect(try tree.hostNames(matching: "localhost") == ["localhost"])
        #expect(tree.groupNames(of: "localhost").isEmpty)
    }

    @Test("levels of variables stand in Ansible's order")
    func levels() throws {
        let root = "/tmp/swiftprov-levels-\(getpid())"
        defer {
            for name in ["inv/group_vars", "inv/host_vars", "inv", "play/group_vars", "play/host_vars", "play", ""] {
                for file in LocalFile.names(in: "\(root)/\(name)") ?? [] { unlink("\(root)/\(name)/\(file)") }
                rmdir("\(root)/\(name)")
            }
        }
        for name in ["", "inv", "inv/group_vars", "inv/host_vars", "play", "play/group_vars", "play/host_vars"] {
            mkdir("\(root)/\(name)", 0o700)
        }
        func write(_ name: String, _ text: String) {
            guard let file = fopen("\(root)/\(name)", "w") else { return }
            fputs(text, file)
            fclose(file)
        }
        write("inv/hosts", "[g]\nh v=8 only=8\n[g:vars]\nv=3\n")
        write("inv/group_vars/all", "v: 4")
        write("play/group_vars/all.yml", "v: 5")
        write("inv/group_vars/g.yml", "v: 6\nt: '{{ v }}'")
        write("play/group_vars/g", "v: 7")
        write("inv/host_vars/h", "v: 9")
        write("play/host_vars/h.json", "{\"v\": 10}")
        let sources = InventorySources(paths: ["\(root)/inv/hosts"], playbookDirectory: "\(root)/play")
        let tree = try InventoryLoader.load(sources).tree
        let variables = try tree.variables(of: "h")
        #expect(variables.levels.map { $0.values["v"]?.intValue ?? 0 } == [3, 4, 5, 6, 7, 8, 9, 10])
        #expect(variables.merged["v"] == 10)
        #expect(variables.merged["only"] == 8)
        #expect(variables.merged["t"]?.holdsTemplate == true)
        #expect(tree.directory(of: "h") == "\(root)/inv")
        #expect(tree.file(of: "h") == "\(root)/inv/hosts")
        write("limit", "h\n\n")
        #expect(try HostPattern.select("all", from: tree, limit: "@\(root)/limit").hosts == ["h"])
        #expect(throws: Diagnostic.self) { try HostPattern.select("all", from: tree, limit: "@\(root)/nowhere") }
        write("inv/host_vars/h", "- a list")
        let again = try InventoryLoader.load(sources).tree
        #expect(again.checkVariables(of: ["h"]).map(\.code) == [.badValue])
    }
}
