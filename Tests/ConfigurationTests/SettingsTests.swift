import Configuration
import Diagnostics
import Glibc
import Local
import Testing
import Values

@Suite struct SettingsTests {
    private func load(_ text: String, environment: [String: String] = [:]) throws -> Settings {
        let path = "/tmp/swiftprov-settings-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).cfg"
        let file = try #require(fopen(path, "w"))
        fputs(text, file)
        fclose(file)
        defer { unlink(path) }
        return try Settings.load(path, in: ConfigurationSurroundings(directory: "/") { environment[$0] })
    }

    @Test("what is honoured has a key, and a key is honoured")
    func keys() {
        // These two are asked for by the reader of settings itself.
        var covered: Set<String> = ["ANSIBLE_HOME", "CONFIG_FILE"]
        for key in SettingKey.allCases {
            guard let setting = SettingsTable.setting(key.rawValue) else {
                Issue.record("no setting \(key.rawValue)")
                continue
            }
            switch setting.use {
            case .honoured, .partly: covered.formUnion([setting.key] + setting.ini + setting.environment)
            case .moot, .unhonoured: Issue.record("\(key.rawValue) is asked for and said not to be honoured")
            }
        }
        // Lookups ask for theirs by section and key.
        for setting in SettingsTable.base + SettingsTable.plugins where setting.plugin != "lookup/hashi_vault" {
            switch setting.use {
            case .honoured, .partly:
                // A plugin's setting that is read from the same places stands for Ansible's own.
                #expect(
                    covered.contains(setting.key) || setting.ini.contains(where: covered.contains),
                    "\(setting.key) is said to be honoured and nobody asks for it")
            case .moot, .unhonoured: break
            }
        }
    }

    @Test("every key is asked for somewhere")
    func asked() throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let folder = "\(root)/Sources/swiftprov"
        let text = try (LocalFile.names(in: folder) ?? []).filter { $0.hasSuffix(".swift") }
            .map { String(decoding: try LocalFile.bytes("\(folder)/\($0)"), as: UTF8.self) }.joined()
        for key in SettingKey.allCases {
            let name = String(describing: key)
            #expect(text.contains(".\(name))") || text.contains(".\(name),"), "nobody asks for .\(name)")
        }
    }

    @Test("names and places are there once")
    func unique() {
        #expect(Set(SettingsTable.base.map(\.name)).count == SettingsTable.base.count)
        #expect(Set((SettingsTable.base + SettingsTable.plugins).map(\.key)).count > 260)
    }

    @Test("the table in the documentation is the table of the source")
    func documented() throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let page = String(decoding: try LocalFile.bytes("\(root)/docs/configuration.md"), as: UTF8.self)
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init)
        #expect(rows == (SettingsTable.base + SettingsTable.plugins).map(\.markdown))
    }

    @Test("what is not honoured is told once, at its place; what is unknown is left alone")
    func told() throws {
        let settings = try load(
            """
            [defaults]
            lookup_plugins = ./plugins
            nocows = 1
            unheard_of = 1
            pipelining = True
            forks = 7
            [nowhere]
            x = 1
            """, environment: ["ANSIBLE_FILTER_PLUGINS": "/x", "ANSIBLE_LIBRARY_OF": "1"])
        #expect(settings.warnings.count == 2)
        #expect(
            settings.warnings.map(\.summary).sorted() == [
                "the setting 'ANSIBLE_FILTER_PLUGINS' is not honoured: plugins and modules written in Python are not loaded",
                "the setting 'defaults.lookup_plugins' is not honoured: plugins and modules written in Python are not loaded",
            ])
        #expect(settings.warnings.compactMap(\.location?.line) == [2])
        #expect(settings.notes.count == 2, "\(settings.notes.map(\.summary))")
        #expect(settings.integer(.forks) == 7)
    }

    @Test("a setting that says what holds in any case is not told of")
    func sameAsDefault() throws {
        let settings = try load("[defaults]\nerror_on_missing_handler = true\nvault_encrypt_salt =\n")
        #expect(settings.warnings.map(\.summary).allSatisfy { !$0.contains("error_on_missing_handler") })
    }

    @Test("what is no boolean is told of and counts as false")
    func noBoolean() throws {
        let settings = try load("[defaults]\nhost_key_checking = Flase\n")
        #expect(settings.warnings.map(\.location?.line) == [2])
        #expect(!settings.flag(.sshHostKeyChecking))
    }

    @Test("all errors of a file are told together, with a near name")
    func errors() throws {
        do {
            _ = try load("[defaults]\nforks = x\ngathering = implict\ntimeout = 1.5\n")
            Issue.record("it was read")
        } catch let error as Diagnostics {
            #expect(error.errors.compactMap(\.location?.line) == [2, 3, 4])
            #expect(error.errors[1].remedy?.contains("implicit") ?? false)
        }
    }

    @Test("a file in a directory that anybody may write to is passed over")
    func worldWritable() throws {
        let folder = "/tmp/swiftprov-writable-\(getpid())"
        mkdir(folder, 0o700)
        let file = try #require(fopen("\(folder)/ansible.cfg", "w"))
        fputs("[defaults]\nforks = 77\n", file)
        fclose(file)
        defer {
            unlink("\(folder)/ansible.cfg")
            rmdir(folder)
        }
        let surroundings = ConfigurationSurroundings(directory: folder) { _ in nil }
        #expect(try Settings.load(in: surroundings).integer(.forks) == 77)
        chmod(folder, 0o777)
        let settings = try Settings.load(in: surroundings)
        #expect(settings.integer(.forks) == 5)
        #expect(settings.warnings.contains { $0.summary.contains("passed over") })
        let named = ConfigurationSurroundings(directory: folder) {
            $0 == "ANSIBLE_CONFIG" ? "\(folder)/ansible.cfg" : nil
        }
        #expect(try Settings.load(in: named).integer(.forks) == 77)
    }
}
