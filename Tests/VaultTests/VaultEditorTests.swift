import Diagnostics
import Glibc
import Local
import Testing

@testable import Vault

/// Editing sealed files: what is saved, what is not, and that no plaintext stays anywhere.
@Suite(.serialized) struct VaultEditorTests {
    /// A folder for one test, and an editor in it that does what a script says.
    final class Workshop {
        let folder: String
        var vault: String { "\(folder)/secrets.yml" }

        init(_ script: String = "true") throws {
            var template = Array("/tmp/swiftprov-editor-XXXXXX".utf8CString)
            folder = mkdtemp(&template).map { String(cString: $0) } ?? ""
            try write("editor", "#!/bin/sh\nfolder=\(folder)\nfor file; do :; done\n\(script)\n", mode: 0o700)
        }

        var editor: [String] { ["\(folder)/editor", "--wait"] }

        func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws {
            let file = open("\(folder)/\(name)", O_CREAT | O_WRONLY | O_TRUNC, mode)
            #expect(LocalFile.write(Array(text.utf8), to: file) == 0)
            fchmod(file, mode)
            close(file)
        }

        func read(_ name: String) -> String {
            String(decoding: (try? LocalFile.bytes("\(folder)/\(name)")) ?? [], as: UTF8.self)
        }

        func seal(_ text: String, label: String = "default", mode: mode_t = 0o640) throws {
            try write("secrets.yml", try VaultTests.both.seal(Array(text.utf8), label: label), mode: mode)
        }

        var opened: String {
            String(decoding: (try? VaultFile.view(vault, secrets: VaultTests.both)) ?? [], as: UTF8.self)
        }

        deinit {
            for name in LocalFile.names(in: folder) ?? [] { unlink("\(folder)/\(name)") }
            rmdir(folder)
        }
    }

    /// The private directories of this process's user that lie about.
    static func leftovers() -> [String] {
        ["/dev/shm", "/tmp"].flatMap { place in
            (LocalFile.names(in: place) ?? []).filter { $0.hasPrefix("swiftprov-vault-") }.map { "\(place)/\($0)" }
        }
    }

    @Test("an edit is sealed with the same password and vault id, the mode is kept")
    func edit() throws {
        let workshop = try Workshop(
            """
            stat -c '%a %U' "$file" "${file%/*}" > $folder/seen
            echo "$1 ${file##*/}" >> $folder/seen
            cp "$file" "$file~"; echo swap > "${file%/*}/.vault.yml.swp"
            echo 'b: 2' >> "$file"
            """)
        try workshop.seal("a: 1\n", label: "prod")
        #expect(
            try VaultEditor.edit(workshop.vault, editor: workshop.editor, secrets: VaultTests.both) == .saved)
        #expect(workshop.opened == "a: 1\nb: 2\n")
        #expect(workshop.read("secrets.yml").hasPrefix("$ANSIBLE_VAULT;1.2;AES256;prod\n"))
        let lines = workshop.read("seen").split(separator: "\n")
        #expect(lines.first?.hasPrefix("600 ") == true)
        #expect(lines.dropFirst().first?.hasPrefix("700 ") == true)
        #expect(lines.last == "--wait vault.yml")
        var information = stat()
        #expect(stat(workshop.vault, &information) == 0)
        #expect(information.st_mode & 0o777 == 0o640)
        #expect(Self.leftovers().isEmpty)
    }

    @Test("an editor that replaces the file is as good as one that writes it")
    func replaced() throws {
        let workshop = try Workshop("echo new > $file.new; mv $file.new $file")
        try workshop.seal("old\n")
        #expect(try VaultEditor.edit(workshop.vault, editor: workshop.editor, secrets: VaultTests.both) == .saved)
        #expect(workshop.opened == "new\n")
    }

    @Test("without a change the sealed file is not touched")
    func unchanged() throws {
        let workshop = try Workshop("touch $file")
        try workshop.seal("a: 1\n")
        let before = workshop.read("secrets.yml")
        #expect(
            try VaultEditor.edit(workshop.vault, editor: workshop.editor, secrets: VaultTests.both) == .unchanged)
        #expect(workshop.read("secrets.yml") == before)
    }

    @Test(
        "an editor that fails, is killed or is missing leaves the sealed file, and nothing else",
        arguments: [
            ("echo leaked >> $file; exit 3", "ended with status 3"),
            ("echo leaked >> $file; kill -9 $$", "was ended by signal 9"),
            ("echo leaked >> $file; kill -INT $$", "was ended by signal 2"),
            ("rm $file", "cannot read"),
        ])
    func failures(_ script: String, _ words: String) throws {
        let workshop = try Workshop(script)
        try workshop.seal("a: 1\n")
        let before = workshop.read("secrets.yml")
        do {
            _ = try VaultEditor.edit(workshop.vault, editor: workshop.editor, secrets: VaultTests.both)
            Issue.record("it was saved")
        } catch {
            #expect(error.summary.contains(words), "\(error.summary)")
        }
        #expect(workshop.read("secrets.yml") == before)
        #expect(Self.leftovers().isEmpty)
        #expect(throws: Diagnostic.self) {
            try VaultEditor.edit(workshop.vault, editor: ["/nowhere/editor"], secrets: VaultTests.both)
        }
        #expect(Self.leftovers().isEmpty)
    }

    @Test("a sealed file that somebody else changed is not overwritten; the work is kept, sealed")
    func raced() throws {
        let workshop = try Workshop("echo mine >> $file; echo theirs > $folder/secrets.yml")
        try workshop.seal("a\n")
        #expect(throws: Diagnostic.self) {
            try VaultEditor.edit(workshop.vault, editor: workshop.editor, secrets: VaultTests.both)
        }
        #expect(workshop.read("secrets.yml") == "theirs\n")
        let kept = try VaultFile.view(workshop.vault + ".edited", secrets: VaultTests.both)
        #expect(kept == Array("a\nmine\n".utf8))
    }

    @Test("create makes a file that its owner alone can read, and no second one")
    func create() throws {
        let workshop = try Workshop("test -s $file || echo fresh > $file")
        let path = workshop.folder + "/new.yml"
        try VaultEditor.create(path, editor: workshop.editor, secrets: VaultTests.both, label: "prod")
        #expect(try VaultFile.view(path, secrets: VaultTests.both) == Array("fresh\n".utf8))
        #expect(workshop.read("new.yml").hasPrefix("$ANSIBLE_VAULT;1.2;AES256;prod\n"))
        var information = stat()
        #expect(stat(path, &information) == 0)
        #expect(information.st_mode & 0o777 == 0o600)
        #expect(throws: Diagnostic.self) {
            try VaultEditor.create(path, editor: workshop.editor, secrets: VaultTests.both)
        }
        #expect(throws: Diagnostic.self) {
            try VaultEditor.create(path + "2", editor: workshop.editor, secrets: VaultTests.both, label: "nobody")
        }
    }

    // MARK: When this process is ended

    /// Edits in a child of this process, which a signal ends while the editor runs.
    ///
    /// - Returns: How it ended, as shells count it.
    private func ended(by signal: Int32, _ workshop: Workshop) throws -> Int {
        // The editor says in a file that it is at work, then waits far longer than anybody should.
        let program = try #require(Self.program)
        let child = try LocalProgram.spawn([
            "/usr/bin/env", "EDITOR=\(workshop.folder)/editor", "HOME=\(workshop.folder)", program, "vault", "edit",
            "--vault-password-file", "\(workshop.folder)/password", workshop.vault,
        ]) { actions in posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) }
        var patience = 1000
        while workshop.read("at-work").isEmpty, patience > 0 {
            usleep(10_000)
            patience -= 1
        }
        kill(child, signal)
        return LocalProgram.wait(for: child)
    }

    /// The built program beside the tests, if it was built.
    static let program: String? = {
        var buffer = [CChar](repeating: 0, count: 4096)
        guard readlink("/proc/self/exe", &buffer, buffer.count - 1) > 0 else { return nil }
        let directory = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self).split(
            separator: "/"
        ).dropLast().joined(separator: "/")
        let path = "/\(directory)/swiftprov"
        return LocalFile.isExecutable(path) ? path : nil
    }()

    @Test(
        "ended by a signal while the editor runs, it leaves the sealed file, and no plaintext",
        .enabled(if: program != nil), arguments: [SIGTERM, SIGHUP, SIGKILL])
    func signalled(_ signal: Int32) throws {
        let workshop = try Workshop(
            "echo leaked >> $file; echo $$ $file > $folder/at-work; exec sleep 60")
        try workshop.write("password", "swordfish\n")
        try workshop.seal("a: 1\n")
        let before = workshop.read("secrets.yml")
        #expect(try ended(by: signal, workshop) == 128 + Int(signal))
        #expect(workshop.read("secrets.yml") == before)
        let words = workshop.read("at-work").split(whereSeparator: \.isWhitespace).map(String.init)
        let editor = try #require(words.first.flatMap { pid_t($0) })
        let file = try #require(words.last)
        // After SIGKILL it is the guard that tidies up, soon after.
        var patience = 500
        while LocalFile.kind(file) != nil, patience > 0 {
            usleep(10_000)
            patience -= 1
        }
        #expect(LocalFile.kind(file) == nil)
        #expect(Self.leftovers().isEmpty)
        // Only a killed program cannot end its editor.
        if signal == SIGKILL { kill(editor, SIGKILL) } else { #expect(kill(editor, 0) != 0) }
    }
}
