import Diagnostics
import Glibc
import Inventory
import Local
import Testing
import Values
import Variables

@Suite struct FactCacheTests {
    /// A folder that is gone when the test is.
    private final class Folder {
        let path = "/tmp/swiftprov-facts-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        deinit {
            for name in LocalFile.names(in: path) ?? [] { unlink("\(path)/\(name)") }
            rmdir(path)
        }
    }

    private func variables(_ folder: Folder, prefix: String = "", timeout: Int = 0) throws -> RunVariables {
        let cache = try FactCache(directory: folder.path, prefix: prefix, timeout: timeout)
        let tree = try InventoryLoader.load(InventorySources(paths: ["h1,h2,"])).tree
        return RunVariables(inventory: tree, extra: [:], run: RunFacts(), cache: cache) { path throws(Diagnostic) in
            (try LocalFile.bytes(path), false)
        }
    }

    @Test("facts outlive a run, other hosts see them, and files are their owner's alone")
    func kept() throws {
        let folder = Folder()
        let facts: ValueMap = ["ansible_os": "x", "list": [1, "a", ["b": true], nil], "brace": "{{ x }}"]
        try variables(folder).addFacts(facts, to: "h1")
        var status = stat()
        #expect(stat("\(folder.path)/s1_h1", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(LocalFile.names(in: folder.path) == ["s1_h1"])

        let next = try variables(folder)
        #expect(next.facts(of: "h1") == facts)
        #expect(try next.scope(host: "h1", task: nil).lookup("list") == facts["list"])
        // What was cached is data, whatever it looks like.
        #expect(next.facts(of: "h1")["brace"]?.text?.isTemplate == false)
        #expect(next.facts(of: "h2").isEmpty)
    }

    @Test("files of ansible-core are read without what it notes beside texts")
    func interoperable() throws {
        let folder = Folder()
        mkdir(folder.path, 0o700)
        let text = #"""
            {"__payload__": "{\"keep\": {\"value\": [1, \"a\"], \"tags\": [{\"path\": \"/p.yml\", \"line_num\": 4, \"__ansible_type\": \"Origin\"}], \"__ansible_type\": \"_AnsibleTaggedList\"}, \"plain\": {\"a\": null}}"}
            """#
        try LocalFile.replace("\(folder.path)/pre_s1_h1", with: Array(text.utf8))
        #expect(try variables(folder, prefix: "pre_").facts(of: "h1") == ["keep": [1, "a"], "plain": ["a": nil]])
        #expect(try variables(folder).facts(of: "h1").isEmpty)
    }

    @Test("secrets and hidden facts are not written")
    func secrets() throws {
        let folder = Folder()
        let run = try variables(folder)
        run.addFacts(["open": 1, "sealed": ["inner": .string(Text("s3cret", marks: .secret))]], to: "h1")
        run.addFacts(["hidden": "hush"], to: "h1", isHidden: true)
        run.addFacts(["later": 2], to: "h1")
        #expect(
            run.takeCacheTroubles().map(\.summary) == [
                "the fact 'sealed' of h1 holds a secret and is not kept in the cache"
            ])
        #expect(run.facts(of: "h1").count == 4)
        #expect(try variables(folder).facts(of: "h1") == ["open": 1, "later": 2])
        let written = String(decoding: try LocalFile.bytes("\(folder.path)/s1_h1"), as: UTF8.self)
        #expect(!written.contains("s3cret") && !written.contains("hush"))
    }

    @Test("facts are forgotten when cleared, when too old and when damaged")
    func forgotten() throws {
        let folder = Folder()
        let run = try variables(folder)
        run.addFacts(["a": 1], to: "h1")
        run.markGathered("h1")
        #expect(run.hasGatheredFacts(of: "h1"))
        #expect(try variables(folder).hasGatheredFacts(of: "h1"))
        run.clearFacts(of: "h1")
        #expect(!run.hasGatheredFacts(of: "h1"))
        #expect(LocalFile.names(in: folder.path) == [])

        run.addFacts(["a": 2], to: "h1")
        var times = [timespec(tv_sec: 1000, tv_nsec: 0), timespec(tv_sec: 1000, tv_nsec: 0)]
        utimensat(AT_FDCWD, "\(folder.path)/s1_h1", &times, 0)
        #expect(try variables(folder, timeout: 60).facts(of: "h1").isEmpty)
        #expect(try variables(folder).facts(of: "h1") == ["a": 2])

        try LocalFile.replace("\(folder.path)/s1_h1", with: Array("{\"a\":".utf8))
        let next = try variables(folder)
        #expect(next.facts(of: "h1").isEmpty)
        #expect(next.takeCacheTroubles().count == 1)
        #expect(LocalFile.names(in: folder.path) == [])
    }

    @Test("a cache that cannot be is an error before the run")
    func impossible() {
        #expect(throws: Diagnostic.self) { try FactCache(directory: "/proc/none/facts", prefix: "", timeout: 0) }
    }
}
