import Diagnostics
import Foundation
import Modules
import Results
import Target
import Testing
import Values

/// What could lose data or tell a secret, where a case's data cannot say it: something happens in between, the control
/// machine is looked at, or a request fails.
@Suite struct FileSafetyTests {
    private func module(_ name: String, _ raw: ValueMap, _ context: ModuleContext) throws -> any Module {
        let type = try #require(ModuleIndex.find(name))
        let (values, said) = ArgumentCheck.check(type.manual, raw)
        return try type.init(Arguments(values: try #require(values, "\(said)"), context: context))
    }

    private func planned(_ module: any Module, _ target: HostTarget) async throws -> ModuleRunner.PlannedChange {
        guard case .change(let change, _) = try await ModuleRunner.inspect(module, on: target) else {
            throw Diagnostic(.internal, "nothing would change")
        }
        return change
    }

    // MARK: Losing nothing

    @Test("a file that came after the look is not removed with what was packed")
    func archiveSparesNewcomers() async throws {
        let bench = try await Bench()
        _ = try await bench.sh("mkdir -p d/e; echo a >d/a")
        let task = try module(
            "archive", ["path": .string(bench.fill("$T/d")), "dest": .string(bench.fill("$T/x.tgz")), "remove": true],
            bench.context)
        let change = try await planned(task, bench.target())
        _ = try await bench.sh("echo late >d/e/late")
        await #expect(throws: Diagnostic.self) { try await change.apply() }
        #expect(try await bench.sh("cat d/e/late; test ! -e d/a; tar -tzf x.tgz").output == "late\nd/a\nd/e/\n")
        await bench.close()
    }

    @Test("an item of a loop that follows a link waits for what was asked before it")
    func linksAreNobodysConcern() async throws {
        let bench = try await Bench()
        _ = try await bench.sh("touch f; ln -s f l; chmod 644 f")
        func concerns(_ raw: ValueMap) async throws -> Concerns? {
            let task = try module("file", raw.mapValues(bench.fill), bench.context)
            switch try await ModuleRunner.inspect(task, on: bench.target()) {
            case .answer(_, let concerns), .change(_, let concerns): return concerns
            case .unknown: return nil
            }
        }
        #expect(try await concerns(["path": "$T/f", "mode": "0600"]) != nil)
        #expect(try await concerns(["path": "$T/l", "mode": "0600"]) == nil)
        #expect(try await concerns(["path": "$T/l", "state": "absent"]) != nil)
        await bench.close()
    }

    @Test("a file longer than memory should hold is fetched piece by piece")
    func fetchesLongFiles() async throws {
        let bench = try await Bench()
        // Just past a piece's end, with something at both ends.
        _ = try await bench.sh("echo begin >long; truncate -s 83886080 long; echo end >>long")
        let task = try module(
            "fetch", ["src": .string(bench.fill("$T/long")), "dest": .string(bench.fill("$T/here")), "flat": true],
            bench.context)
        let outcome = try await ModuleRunner.perform(task, on: bench.target(), check: false)
        #expect(outcome.status == .changed)
        #expect(try await bench.sh("cmp long here && ls -A | tr '\\n' ' '").output == "here long ")
        #expect(try await ModuleRunner.perform(task, on: bench.target(), check: false).status == .ok)
        await bench.close()
    }

    @Test("a host's name does not choose a directory beside the one named")
    func fetchStaysInside() async throws {
        let bench = try await Bench()
        _ = try await bench.sh("echo a >f; mkdir out")
        var context = bench.context
        context.variable = { (name) throws(Diagnostic) in
            name == "inventory_hostname" ? .string("../outside") : nil
        }
        let task = try module(
            "fetch", ["src": .string(bench.fill("$T/f")), "dest": .string(bench.fill("$T/out"))], context)
        let error = await #expect(throws: Diagnostic.self) { try await planned(task, bench.target()) }
        #expect(error?.summary.contains("outside") == true)
        await bench.close()
    }

    // MARK: Telling no secrets

    @Test(
        "what was sealed is in no diff",
        arguments: [
            ("copy", ["src": "$T/local/sealed", "dest": "$T/f"]),
            ("copy", ["src": "$T/local/", "dest": "$T/d"]),
            ("template", ["src": "$T/local/sealed", "dest": "$T/f"]),
            ("assemble", ["src": "$T/local", "dest": "$T/f", "remote_src": false]),
        ] as [(String, ValueMap)])
    func sealedFilesStayHidden(_ name: String, _ raw: ValueMap) async throws {
        let bench = try await Bench()
        _ = try await bench.sh("mkdir local; echo '$ANSIBLE_VAULT;1.1;AES256' >local/sealed")
        var context = bench.context
        let read = context.readFile
        context.readFile = { (path, opens) throws(Diagnostic) in
            opens && path.hasSuffix("sealed") ? Array("opened\n".utf8) : try read(path, false)
        }
        let change = try await planned(try module(name, raw.mapValues(bench.fill), context), bench.target())
        let texts = change.change.parts.compactMap { if case .text(_, _, let after) = $0 { after } else { nil } }
        #expect(texts.isEmpty)
        #expect(
            change.change.parts.contains {
                if case .action(let said) = $0 { said.contains("not shown") } else { false }
            })
        _ = try await change.apply()
        #expect(try await bench.sh("cat f d/sealed 2>/dev/null").output == "opened\n")
        await bench.close()
    }

    @Test("a password in the address of a repository is in no diff")
    func gitShowsNoPassword() async throws {
        let bench = try await Bench()
        _ = try await bench.sh(
            """
            git init -q r && cd r && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m 1 && cd .. &&
            git clone -q "file://$T/r" w && git -C w remote set-url origin https://ann:s3cret@localhost/r.git
            """)
        let task = try module(
            "git", ["repo": .string(bench.fill("file://$T/r")), "dest": .string(bench.fill("$T/w"))], bench.context)
        let change = try await planned(task, bench.target()).change
        #expect(!"\(change)".contains("s3cret"))
        #expect("\(change)".contains("https://ann:********@localhost/r.git"))
        await bench.close()
    }

    // MARK: Requests that fail

    @Test("trouble with clearing up does not stand in the place of the real trouble")
    func realTroubleIsTold() async throws {
        let bench = try await Bench()
        _ = try await bench.sh("echo hello >src; mkdir tmp")
        let task = try module(
            "get_url",
            [
                "url": .string(bench.fill("file://$T/src")), "dest": .string(bench.fill("$T/f")),
                "tmp_dest": .string(bench.fill("$T/tmp")), "checksum": "md5:b1946ac92492d2347c6235b4d2611185",
            ], bench.context)
        let target = StubbornTarget(base: bench.target())
        let error = await #expect(throws: Diagnostic.self) {
            try await ModuleRunner.perform(task, on: target, check: false)
        }
        #expect(error?.summary.contains("md5") == true, "\(error?.summary ?? "")")
        #expect(error?.notes.contains { $0.text.contains("cannot remove") } == true)
        await bench.close()
    }

    @Test("a job's answer that cannot be removed is trouble")
    func forgettingFails() async throws {
        let bench = try await Bench()
        _ = try await bench.sh("mkdir -p jobs/j1.1")
        let directory = bench.fill("$T/jobs")
        await #expect(throws: Diagnostic.self) {
            try await bench.target().forget(HostJob(id: "j1.1", directory: directory, limit: 0))
        }
        #expect(try await bench.target().forget(HostJob(id: "j2.2", directory: directory, limit: 0)) == nil)
        await bench.close()
    }
}

/// A host on which nothing can be removed.
private struct StubbornTarget: TargetWrapper {
    let base: HostTarget

    func execute(
        _ script: Script, _ arguments: [String], input: [UInt8]?, timeout: Duration?
    ) async throws(Diagnostic) -> CommandResult {
        let refusal: Script = "echo 'rm: Operation not permitted' >&2; exit 1"
        let removes = script.text.hasPrefix("rm ")
        return try await base.execute(removes ? refusal : script, arguments, input: input, timeout: timeout)
    }
}
