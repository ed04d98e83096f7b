import Diagnostics
import Glibc
import Inventory
import Local
import Planning
import Playbook
import RunFixture
import Target
import Testing
import Values
import Variables
import Vault
import YAML

/// What `--syntax-check` says of real trees: the document's, with every mistake it has, and ours, with none.
@Suite struct ReviewTests {
    /// The top of the repository.
    static let top = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        .joined(separator: "/")

    @IOLoop
    static func remarks(
        playbook: String, inventory: String, password: String
    ) throws -> [(head: String, diagnostic: Diagnostic)] {
        let secrets = VaultSecrets([.init(password)])
        let files = ProjectFiles(vault: secrets)
        let (tree, warnings) = try InventoryLoader.load(
            InventorySources(paths: [inventory], playbookDirectory: Path.directory(of: playbook), vault: secrets))
        let variables = RunVariables(
            inventory: tree, extra: [:], run: RunFacts(),
            readFile: { (path) throws(Diagnostic) in try LocalFile.bytes(path, opening: files.vault) })
        let planner = Planner(
            files: files, variables: variables,
            settings: PlanSettings(rolesPath: ["\(top)/roles"], yaml: .written, reviews: true))
        var found = warnings
        do throws(Diagnostics) {
            found += try planner.plan([playbook]).warnings
        } catch {
            found += error.all
        }
        return found.map { diagnostic in
            let file = (diagnostic.location?.file.name ?? "-").replacing(top + "/", with: "")
                .replacing("Tests/Document/ansible/", with: "")
            return ("\(diagnostic.severity.rawValue) \(file):\(diagnostic.location?.line ?? 0)", diagnostic)
        }
    }

    @Test("our own site has no mistakes", arguments: ["production.ini", "development.ini"])
    func site(_ inventory: String) async throws {
        let found = try await Self.remarks(
            playbook: "\(Self.top)/playbooks/site.yml", inventory: "\(Self.top)/inventory/\(inventory)",
            password: "swiftprov-demo")
        let grave = found.filter { $0.diagnostic.severity != .note }
        #expect(grave.isEmpty, "\(grave.map { $0.diagnostic.rendered() }.joined(separator: "\n"))")
    }

    /// Each of the document's defects: its place, a word of what is said, a word of the remedy.
    static let defects: [(head: String, summary: String, remedy: String)] = [
        ("error roles/application/tasks/main.yml:11", "name", ""),
        ("error site.yml:26", "docker_service", ""),
        ("warning roles/network/tasks/main.yml:6", "with_items over a mapping", "dict2items"),
        ("warning site.yml:7", "group_vars/all.yml", "Drop it"),
        ("warning group_vars/all.yml:7", "registry.example.com/app:latest", "Pin"),
        ("warning group_vars/all.yml:11", "nginx:latest", "Pin"),
        ("warning group_vars/all.yml:16", "postgres:latest", "Pin"),
        ("warning roles/application/tasks/main.yml:6", "publish the same port 5000", "Only one"),
        ("note roles/database/tasks/main.yml:6", "restart_policy", "unless-stopped"),
        ("note roles/application/tasks/main.yml:3", "restart_policy", "unless-stopped"),
        ("note site.yml:11", "docker-compose", "Take it out"),
        ("note site.yml:4", "'yes' means true", "true"),
        ("note site.yml:19", "'yes' means true", "true"),
        ("note site.yml:22", "role 'database' uses networks", "dependencies"),
        ("note site.yml:23", "role 'application' uses networks", "dependencies"),
        ("warning inventory/production.ini:1", "docker-hosts", "docker_hosts"),
        ("warning roles/network/tasks/main.yml:3", "docker_network", "community.docker"),
        ("error roles/database/tasks/main.yml:15", "networks", "list"),
        ("error roles/application/tasks/main.yml:7", "networks", "list"),
        ("warning roles/database/tasks/main.yml:15", "nothing can reach 'postgres-db'", "same network"),
        ("warning roles/database/tasks/main.yml:5", "would run on 2 hosts", "group of its own"),
        ("warning group_vars/all.yml:10", "services.nginx", ""),
        ("warning group_vars/all.yml:17", "services.db.env", "env"),
        ("note roles/application/tasks/main.yml:5", "registry.example.com", "certs.d"),
    ]

    @Test("the document's tree: every defect")
    func document() async throws {
        let tree = "\(Self.top)/Tests/Document/ansible"
        let found = try await Self.remarks(
            playbook: "\(tree)/site.yml", inventory: "\(tree)/inventory/production.ini", password: "swiftprov-demo")
        let told = found.map { "\($0.head) ~ \($0.diagnostic.summary) ~ \($0.diagnostic.remedy ?? "")" }
            .joined(separator: "\n")
        for defect in Self.defects {
            let match = found.first { each in
                each.head == defect.head && each.diagnostic.summary.contains(defect.summary)
                    && (each.diagnostic.remedy ?? "").contains(defect.remedy)
            }
            #expect(match != nil, "not told: \(defect)\nof\n\(told)")
        }
        #expect(!told.isEmpty && found.allSatisfy { $0.diagnostic.location != nil })
    }

    @Test("a wrong vault password is told at the sealed file")
    func wrongPassword() async throws {
        let tree = "\(Self.top)/Tests/Document/ansible"
        let found = try await Self.remarks(
            playbook: "\(tree)/site.yml", inventory: "\(tree)/inventory/production.ini", password: "wrong")
        let sealed = found.filter { $0.diagnostic.code == .vault }
        #expect(sealed.count == 1)
        #expect(sealed.first?.diagnostic.severity == .error)
    }
}
