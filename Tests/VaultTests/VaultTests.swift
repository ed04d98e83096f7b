import Diagnostics
import Glibc
import Local
import Testing
import Vault

@Suite struct VaultTests {
    static let folder: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return parts.joined(separator: "/") + "/Cases"
    }()
    static let names = (LocalFile.names(in: folder) ?? []).filter { $0.hasSuffix(".plain") }.map {
        String($0.dropLast(6))
    }
    static let passwords = ["default": "swordfish", "prod": "pässwörd mit blanks"]
    static let both = VaultSecrets([.init("swordfish"), .init(label: "prod", "pässwörd mit blanks")])

    static func sealed(_ name: String, _ label: String) throws -> String {
        String(decoding: try LocalFile.bytes("\(folder)/\(name).\(label).vault"), as: UTF8.self)
    }

    @Test("the vectors are there")
    func present() { #expect(Self.names.count == 8) }

    @Test("opens what ansible-vault sealed", arguments: names, ["default", "prod"])
    func opens(_ name: String, _ label: String) throws {
        let plain = try LocalFile.bytes("\(Self.folder)/\(name).plain")
        let text = try Self.sealed(name, label)
        #expect(try Self.both.open(text) == plain)
        #expect(try VaultEnvelope(text).label == (label == "default" ? nil : label))
        #expect(try VaultEnvelope(text).text == text)
    }

    @Test("seals byte for byte as ansible-vault does", arguments: names, ["default", "prod"])
    func seals(_ name: String, _ label: String) throws {
        let plain = try LocalFile.bytes("\(Self.folder)/\(name).plain")
        let salt = Array(("salt-of-\(name)-\(label)" + String(repeating: ".", count: 32)).utf8.prefix(32))
        #expect(try Self.both.seal(plain, label: label, salt: salt) == (try Self.sealed(name, label)))
    }

    @Test("a fresh salt each time")
    func salts() throws {
        let first = try Self.both.seal([1, 2, 3])
        let second = try Self.both.seal([1, 2, 3])
        #expect(first != second)
        #expect(try Self.both.open(first) == [1, 2, 3])
    }

    @Test("an indented inline block opens too")
    func indented() throws {
        let text = try Self.sealed("lines", "default").split(separator: "\n").map { "    \($0)  \r\n" }.joined()
        #expect(try Self.both.open(String(text.drop { $0 == " " })) == LocalFile.bytes("\(Self.folder)/lines.plain"))
    }

    // MARK: What goes wrong

    private func summary(_ secrets: VaultSecrets, _ text: String) -> String {
        do {
            _ = try secrets.open(text)
            return "opened"
        } catch {
            #expect(error.code == .vault)
            #expect(error.remedy != nil)
            return error.summary
        }
    }

    @Test("each trouble has its own words")
    func troubles() throws {
        let text = try Self.sealed("lines", "default")
        let labelled = try Self.sealed("lines", "prod")
        let wrong = VaultSecrets([.init("nope")])
        #expect(summary(wrong, text) == "wrong vault password")
        #expect(summary(.none, text) == "the data is vaulted and no vault password was given")
        #expect(summary(.none, labelled) == "the data is vaulted (vault id 'prod') and no vault password was given")
        #expect(summary(wrong, labelled) == "no password was given for vault id 'prod', and none of the others fits")
        let two = VaultSecrets([.init("a"), .init(label: "prod", "b")])
        #expect(summary(two, labelled) == "none of the 2 vault passwords fits (default, prod)")
        #expect(
            summary(Self.both, "plain: text") == "this is not vaulted data: it does not begin with '$ANSIBLE_VAULT'")
        #expect(summary(Self.both, "$ANSIBLE_VAULT;1.1;AES\n6130").contains("cipher 'AES'"))
        #expect(summary(Self.both, "$ANSIBLE_VAULT;9.9;AES256\n6130").contains("format '9.9'"))
        #expect(summary(Self.both, "$ANSIBLE_VAULT").contains("damaged"))
        #expect(summary(Self.both, "$ANSIBLE_VAULT;1.1;AES256\nzz").contains("not hexadecimal"))
        #expect(summary(Self.both, "$ANSIBLE_VAULT;1.1;AES256\n").contains("damaged"))
    }

    @Test("a lost line or a changed digit never opens as something else")
    func damage() throws {
        let text = try Self.sealed("lines", "default")
        let lines = text.split(separator: "\n").map(String.init)
        for lost in 1..<lines.count {
            var rest = lines
            rest.remove(at: lost)
            #expect(summary(Self.both, rest.joined(separator: "\n")) != "opened")
        }
        var characters = Array(text)
        for index in stride(from: 30, to: characters.count, by: 7) where characters[index] != "\n" {
            let before = characters[index]
            characters[index] = before == "3" ? "4" : "3"
            if characters[index] != before { #expect(summary(Self.both, String(characters)) != "opened") }
            characters[index] = before
        }
    }

    @Test("the label's own password is tried first, then the others")
    func order() throws {
        let labelled = try Self.sealed("one", "prod")
        let elsewhere = VaultSecrets([.init(label: "other", "pässwörd mit blanks")])
        #expect(try elsewhere.open(labelled) == Array("x".utf8))
        let strict = VaultSecrets([.init(label: "other", "pässwörd mit blanks")], matchesLabelOnly: true)
        #expect(summary(strict, labelled).contains("no password was given for vault id 'prod'"))
    }

    @Test("what is sealed is not sealed again")
    func twice() throws {
        let text = try Self.sealed("one", "default")
        #expect(throws: Diagnostic.self) { try Self.both.seal(Array(text.utf8)) }
    }

    // MARK: Password files

    @Test("passwords come from files and programs")
    func passwordFiles() throws {
        let folder = "/tmp/swiftprov-vault-\(getpid())"
        mkdir(folder, 0o700)
        defer {
            for name in LocalFile.names(in: folder) ?? [] { unlink("\(folder)/\(name)") }
            rmdir(folder)
        }
        func write(_ name: String, _ text: String, mode: mode_t) -> String {
            let path = "\(folder)/\(name)"
            let file = open(path, O_CREAT | O_WRONLY | O_TRUNC, mode)
            let bytes = Array(text.utf8)
            _ = Glibc.write(file, bytes, bytes.count)
            fchmod(file, mode)
            close(file)
            return path
        }
        func password(_ path: String, _ label: String = "default") throws -> String {
            String(decoding: try VaultPasswordFile.read(path, label: label).bytes, as: UTF8.self)
        }
        #expect(try password(write("plain", "  secret \n\n", mode: 0o600)) == "secret")
        #expect(try password(write("run.sh", "#!/bin/sh\nprintf ' from script \\n'\n", mode: 0o700)) == " from script ")
        let client = write("my-client.sh", "#!/bin/sh\n[ $2 = prod ] || exit 2\necho \"$1:$2\"\n", mode: 0o700)
        #expect(try password(client, "prod") == "--vault-id:prod")
        for (path, words) in [
            (client, "knows no vault id 'default'"),
            (write("empty", "\n", mode: 0o600), "is empty"),
            (write("fails.sh", "#!/bin/sh\nexit 7\n", mode: 0o700), "ended with status 7"),
            (write("sealed", "$ANSIBLE_VAULT;1.1;AES256\n", mode: 0o600), "itself vaulted"),
            ("\(folder)/missing", "there is no vault password file"),
            (folder, "is a directory"),
        ] {
            do {
                _ = try VaultPasswordFile.read(path)
                Issue.record("\(path) gave a password")
            } catch {
                #expect(error.summary.contains(words), "\(error.summary)")
            }
        }
    }

    // MARK: Whole files

    @Test("files are sealed, opened and sealed anew in place, keeping their mode")
    func files() throws {
        let folder = "/tmp/swiftprov-vault-files-\(getpid())"
        mkdir(folder, 0o700)
        defer {
            for name in LocalFile.names(in: folder) ?? [] { unlink("\(folder)/\(name)") }
            rmdir(folder)
        }
        let path = "\(folder)/secrets.yml"
        let file = open(path, O_CREAT | O_WRONLY, 0o640)
        fchmod(file, 0o640)
        _ = Glibc.write(file, "a: 1\n", 5)
        close(file)
        symlink("secrets.yml", "\(folder)/link.yml")
        func mode() -> mode_t {
            var information = stat()
            stat(path, &information)
            return information.st_mode & 0o777
        }

        try VaultFile.encrypt("\(folder)/link.yml", secrets: Self.both)
        #expect(VaultEnvelope.isSealed(try LocalFile.bytes(path)))
        #expect(mode() == 0o640)
        #expect(throws: Diagnostic.self) { try VaultFile.encrypt(path, secrets: Self.both) }
        #expect(try VaultFile.view(path, secrets: Self.both) == Array("a: 1\n".utf8))

        let other = VaultSecrets.Password(label: "new", "other")
        try VaultFile.rekey(path, secrets: Self.both, to: other)
        #expect(throws: Diagnostic.self) { try VaultFile.view(path, secrets: Self.both) }
        #expect(try VaultEnvelope(String(decoding: try LocalFile.bytes(path), as: UTF8.self)).label == "new")
        let sealed = try LocalFile.bytes(path)
        #expect(throws: Diagnostic.self) { try VaultFile.decrypt(path, secrets: Self.both) }
        #expect(try LocalFile.bytes(path) == sealed)

        try VaultFile.decrypt(path, to: "\(folder)/plain", secrets: VaultSecrets([other]))
        try VaultFile.decrypt(path, secrets: VaultSecrets([other]))
        #expect(try LocalFile.bytes(path) == LocalFile.bytes("\(folder)/plain"))
        #expect(mode() == 0o640)
        #expect((LocalFile.names(in: folder) ?? []) == ["link.yml", "plain", "secrets.yml"])
    }

    @Test("a value is laid out for YAML as encrypt_string does")
    func inline() throws {
        let text = VaultFile.yaml("v", sealed: "$ANSIBLE_VAULT;1.1;AES256\n6162\n")
        #expect(text == "v: !vault |\n          $ANSIBLE_VAULT;1.1;AES256\n          6162")
    }
}
