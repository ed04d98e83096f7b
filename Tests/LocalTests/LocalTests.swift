import Diagnostics
import Glibc
import Local
import Testing

@Suite struct LocalFileTests {
    private final class Folder {
        let path: String
        init() {
            var template = Array("/tmp/swiftprov-local-XXXXXX".utf8CString)
            let isMade = mkdtemp(&template) != nil
            precondition(isMade, "no folder in /tmp")
            path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
        deinit {
            for name in LocalFile.names(in: path) ?? [] { unlink("\(path)/\(name)") }
            rmdir(path)
        }
        func mode(_ name: String) -> mode_t {
            var status = stat()
            return stat("\(path)/\(name)", &status) == 0 ? status.st_mode & 0o7777 : 0
        }
    }

    @Test("a replaced file is for its owner, for whom the umask lets, or as it was")
    func access() throws {
        let folder = Folder()
        let path = folder.path + "/f"
        try LocalFile.replace(path, with: Array("one".utf8))
        #expect(folder.mode("f") == 0o600)
        chmod(path, 0o4751)
        try LocalFile.replace(path, with: Array("two".utf8), access: .asBefore)
        #expect(folder.mode("f") == 0o4751)
        let mask = umask(0o027)
        defer { umask(mask) }
        try LocalFile.replace(path, with: Array("three".utf8), access: .byUmask)
        #expect(folder.mode("f") == 0o640)
        #expect(try LocalFile.bytes(path) == Array("three".utf8))
        #expect(LocalFile.names(in: folder.path) == ["f"])
    }

    @Test("the first of several who make a file wins, and what is there stays")
    func create() throws {
        let folder = Folder()
        let path = folder.path + "/f"
        #expect(try LocalFile.create(path, with: Array("mine".utf8)))
        #expect(try !LocalFile.create(path, with: Array("theirs".utf8)))
        #expect(try LocalFile.bytes(path) == Array("mine".utf8))
        #expect(LocalFile.names(in: folder.path) == ["f"])
    }

    @Test("a pipe, and the name of a descriptor, are written into")
    func streams() throws {
        let folder = Folder()
        let pipe = folder.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        let reading = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        defer { close(reading) }
        try LocalFile.replace(pipe, with: Array("through".utf8))
        var buffer = [UInt8](repeating: 0, count: 100)
        let count = read(reading, &buffer, buffer.count)
        #expect(Array(buffer[..<max(0, count)]) == Array("through".utf8))

        let file = open(folder.path + "/f", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        try LocalFile.replace("/proc/self/fd/\(file)", with: Array("into".utf8))
        #expect(try LocalFile.bytes(folder.path + "/f") == Array("into".utf8))
        #expect(LocalFile.names(in: folder.path)?.sorted() == ["f", "pipe"])
    }

    @Test("what cannot be written leaves the old file and nothing else")
    func failure() throws {
        let folder = Folder()
        mkdir(folder.path + "/d", 0o700)
        defer { rmdir(folder.path + "/d") }
        let error = #expect(throws: Diagnostic.self) { try LocalFile.replace(folder.path + "/d", with: [1]) }
        #expect(error?.summary.contains("Is a directory") == true)
        #expect(throws: Diagnostic.self) { try LocalFile.replace(folder.path + "/none/f", with: [1]) }
        #expect(LocalFile.names(in: folder.path) == ["d"])
    }
}

@Suite struct LocalProgramTests {
    @Test("a program reads what it is given, whatever its size, and both streams come back")
    func input() throws {
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let outcome = try LocalProgram.run(["/bin/sh", "-c", "cat; echo seen >&2; exit 3"], input: bytes)
        #expect(outcome.output == bytes)
        #expect(outcome.errors == Array("seen\n".utf8))
        #expect(outcome.status == 3)
    }

    @Test("a program inherits no descriptor but its own, and ignores nothing because we do")
    func clean() throws {
        signal(SIGPIPE, SIG_IGN)
        let held = try LocalProgram.Pipe()
        var status = stat()
        try #require(fstat(held.reading, &status) == 0)
        let list = ["/bin/sh", "-c", "ls -l /proc/self/fd/"]
        let open = try LocalProgram.run(list, input: Array("x".utf8)).output
        // The other descriptors are those that this process's own starter left open.
        #expect(!String(decoding: open, as: UTF8.self).contains("pipe:[\(status.st_ino)]"))
        #expect(String(decoding: open, as: UTF8.self).contains("pipe:["))
        held.closeWriting()
        let ignored = try LocalProgram.run(["/bin/sh", "-c", "grep SigIgn /proc/self/status"], input: [])
        let mask = String(decoding: ignored.output, as: UTF8.self).split(separator: "\t").last
            .flatMap { UInt64($0.dropLast(), radix: 16) }
        let ours = [SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT].map { UInt64(1) << UInt64($0 - 1) }.reduce(0, |)
        #expect(mask.map { $0 & ours } == 0)
    }
}

@Suite struct ProgramGroupTests {
    @Test("a program that may take as long as it likes can ask at our terminal; one with a limit leads a group")
    func groups() throws {
        let script = "read pid comm state parent group rest < /proc/$$/stat; echo $pid $group"
        func answer(_ limit: Duration?) throws -> [Int] {
            let output = try LocalProgram.run(["/bin/sh", "-c", script], limit: limit).output
            return String(decoding: output, as: UTF8.self).split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        }
        #expect(try answer(nil).last == Int(getpgrp()))
        let bounded = try answer(.seconds(600))
        #expect(bounded.count == 2 && bounded[0] == bounded[1])
    }
}
