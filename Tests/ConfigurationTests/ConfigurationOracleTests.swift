import Configuration
import Diagnostics
import Local
import Testing
import Values

/// Held to what ansible-config answered; `Tests/Oracle/record_configuration.py` recorded it.
@Suite struct ConfigurationOracleTests {
    static let folder: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return parts.joined(separator: "/") + "/Cases"
    }()
    static let names = LocalFile.names(in: folder) ?? []
    static let home = "/home/of-the-recording"

    @Test("the cases are there")
    func present() { #expect(Self.names.count > 15) }

    @Test("settings have the values and origins that ansible-config shows", arguments: names)
    func dump(_ name: String) throws {
        let folder = "\(Self.folder)/\(name)"
        let expected = String(decoding: try LocalFile.bytes("\(folder)/dump.expected"), as: UTF8.self)
        let settings: Settings
        do throws(Diagnostics) {
            settings = try Settings.load(in: try surroundings(folder))
        } catch {
            #expect(expected.hasPrefix("error"), "\(error.all.map { $0.rendered() })")
            // Ansible ends with status 5 in all of these, the one for options.
            #expect(error.errors.allSatisfy { $0.code == .badOption && $0.remedy != nil })
            return
        }
        #expect(!expected.hasPrefix("error"))
        guard !expected.hasPrefix("error") else { return }
        for item in try JSON.parse(expected).elements ?? [] {
            guard let theirs = item.mapValue, let key = theirs["name"]?.stringValue else { continue }
            let ours = try #require(settings.entry(key), "\(key)")
            let origin = ours.origin.text.replacing(folder, "HERE").replacing(Self.home, "HOME")
            #expect(origin == theirs["origin"]?.stringValue, "\(key)")
            let value = ours.value.mapText {
                Text(
                    $0.string.replacing(folder, "HERE").replacing(Self.home, "HOME")
                        .replacing(folder.split(separator: "/").dropLast().map { "/" + $0 }.joined(), "CASES"))
            }
            #expect(value == theirs["value"], "\(key)")
        }
        let changed = (try JSON.parse(expected).elements ?? []).compactMap { $0.mapValue?["name"]?.stringValue }
        for entry in settings.all where entry.setting.plugin == nil && entry.origin.isChanged {
            #expect(changed.contains(entry.setting.name), "\(entry.setting.name)")
        }
    }

    private func surroundings(_ folder: String) throws(Diagnostics) -> ConfigurationSurroundings {
        var variables = ["HOME": Self.home]
        if LocalFile.kind("\(folder)/environment") != nil, let bytes = try? LocalFile.bytes("\(folder)/environment") {
            for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
                let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                variables[String(parts[0])] = String(parts[1])
            }
        }
        let given = variables
        return ConfigurationSurroundings(directory: folder) { given[$0] }
    }
}

extension String {
    fileprivate func replacing(_ piece: String, _ other: String) -> String {
        var result = ""
        var rest = self[...]
        while let start = rest.indices.first(where: { rest[$0...].hasPrefix(piece) }) {
            result += rest[..<start] + other
            rest = rest[rest.index(start, offsetBy: piece.count)...]
        }
        return result + rest
    }
}
