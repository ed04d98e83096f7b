import Foundation
import Local
import Testing

@testable import Modules

@Suite struct TarEntryTests {
    private static let cases = [
        TarEntry(file: "f", Array("content\n".utf8), mode: 0o4755, owner: 0, group: 12),
        TarEntry(file: "empty", [], mode: 0, owner: 2_097_151, group: 2_097_152),
        TarEntry(
            file: String(repeating: "ä", count: 120), [UInt8](repeating: 7, count: 512), mode: 0o644, owner: 1, group: 1
        ),
        TarEntry(link: "l", to: "/a/b", owner: 5, group: 6),
        TarEntry(link: "l", to: String(repeating: "x/", count: 90), owner: 4_000_000_000, group: 6),
    ]

    @Test("an entry is read as it was written", arguments: cases)
    func around(_ entry: TarEntry) {
        #expect(TarEntry(entry.archive(time: 1_700_000_000)) == entry)
    }

    @Test("tar reads what is written, and what it writes is read", arguments: cases)
    func tar(_ entry: TarEntry) throws {
        let folder = try FileManager.default.url(
            for: .itemReplacementDirectory, in: .userDomainMask, appropriateFor: URL(fileURLWithPath: "/tmp"),
            create: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(entry.archive(time: 1_700_000_000)).write(to: folder.appending(path: "a.tar"))
        // Numbers of owners are given anew, since not everybody can make files of others.
        let script = """
            cd "$1" && mkdir x && tar -xf a.tar -C x --no-same-owner &&
                tar -C x --format=pax --owner="$2" --group="$3" --numeric-owner -cf b.tar "$(ls -A x)"
            """
        let words = ["/bin/sh", "-c", script, "sh", folder.path, String(entry.owner), String(entry.group)]
        #expect(try LocalProgram.run(words, input: []).status == 0)
        let read = TarEntry(Array(try Data(contentsOf: folder.appending(path: "b.tar"))))
        // What unpacks keeps no set-user-id bit of another's file.
        #expect(read?.name == entry.name && read?.kind == entry.kind)
        #expect(read?.owner == entry.owner && read?.group == entry.group && read?.size == entry.size)
    }

    @Test("of what is cut short there is what came")
    func cut() {
        let whole = TarEntry(file: "f", [UInt8](repeating: 1, count: 5000), mode: 0o600, owner: 0, group: 0)
        let part = TarEntry(Array(whole.archive(time: 0).prefix(1512)))
        #expect(part?.size == 5000)
        #expect(part?.kind == .file([UInt8](repeating: 1, count: 1000)))
        #expect(TarEntry([]) == nil)
        #expect(TarEntry([UInt8](repeating: 0, count: 1024)) == nil)
        #expect(TarEntry([UInt8](repeating: 0xFF, count: 4096)) == nil)
    }
}
