internal import Diagnostics
internal import Glibc
internal import Values
internal import Vault

/// Tests of paths on the control machine.
enum FileTests {
    static let all: [Test] = [
        Test("abs") { call throws(Diagnostic) in call.text.hasPrefix("/") },
        Test("is_abs") { call throws(Diagnostic) in call.text.hasPrefix("/") },
        Test("exists") { call throws(Diagnostic) in status(call) != nil },
        Test("link_exists") { call throws(Diagnostic) in linkStatus(call) != nil },
        Test("file") { call throws(Diagnostic) in kind(status(call)) == S_IFREG },
        Test("is_file") { call throws(Diagnostic) in kind(status(call)) == S_IFREG },
        Test("directory") { call throws(Diagnostic) in kind(status(call)) == S_IFDIR },
        Test("is_dir") { call throws(Diagnostic) in kind(status(call)) == S_IFDIR },
        Test("link") { call throws(Diagnostic) in kind(linkStatus(call)) == S_IFLNK },
        Test("is_link") { call throws(Diagnostic) in kind(linkStatus(call)) == S_IFLNK },
        Test("mount") { call throws(Diagnostic) in isMount(call) },
        Test("is_mount") { call throws(Diagnostic) in isMount(call) },
        Test("vaulted_file") { call throws(Diagnostic) in try isVaulted(call) },
        Test("same_file", ["other"], required: 1) { call throws(Diagnostic) in try isSameFile(call) },
        Test("is_same_file", ["other"], required: 1) { call throws(Diagnostic) in try isSameFile(call) },
    ]

    // What files there are may be otherwise the next time.
    private static func status(_ call: Call) -> stat? {
        call.noteVolatile()
        return status(call.text)
    }

    private static func linkStatus(_ call: Call) -> stat? {
        call.noteVolatile()
        return linkStatus(call.text)
    }

    private static func status(_ path: String) -> stat? {
        var result = stat()
        return stat(path, &result) == 0 ? result : nil
    }

    private static func linkStatus(_ path: String) -> stat? {
        var result = stat()
        return lstat(path, &result) == 0 ? result : nil
    }

    private static func kind(_ status: stat?) -> mode_t? { status.map { $0.st_mode & S_IFMT } }

    private static func isMount(_ call: Call) -> Bool {
        guard let own = linkStatus(call), kind(own) != S_IFLNK, let parent = status(call.text + "/..") else {
            return false
        }
        return own.st_dev != parent.st_dev || own.st_ino == parent.st_ino
    }

    private static func isVaulted(_ call: Call) throws(Diagnostic) -> Bool {
        call.noteVolatile()
        guard let file = fopen(call.text, "r") else {
            throw call.failure("cannot read the file '\(call.text)': \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var head = [UInt8](repeating: 0, count: 32)
        let count = fread(&head, 1, head.count, file)
        return VaultEnvelope.isSealed(head[..<count])
    }

    private static func isSameFile(_ call: Call) throws(Diagnostic) -> Bool {
        call.noteVolatile()
        let other = try call.string(0)
        for path in [call.text, other] where status(path) == nil { throw call.failure("there is no file '\(path)'") }
        guard let left = status(call.text), let right = status(other) else { return false }
        return left.st_dev == right.st_dev && left.st_ino == right.st_ino
    }
}
