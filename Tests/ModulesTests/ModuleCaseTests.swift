import Diagnostics
import Foundation
import Modules
import Results
import Target
import Testing
import Values

/// Every case is held to four things: check mode writes nothing, it foretells what happens, a second run changes
/// nothing, and that costs no more round trips than stated.
@Suite(.serialized) struct ModuleCaseTests {
    @Test("a task does what it says, and check mode foretells it", arguments: ModuleCase.all)
    func holds(_ it: ModuleCase) async throws {
        let bench = try await Bench()
        do {
            try await hold(it, bench)
        } catch {
            Issue.record("\(error)")
        }
        await bench.close()
    }

    /// Runs where `SWIFTPROV_MODULE_HOST` names a program that starts `sh` as root on a throw-away Debian host.
    @Test(
        "so it does on a whole host", .enabled(if: host != nil, "SWIFTPROV_MODULE_HOST names no host"),
        arguments: ModuleCase.forHosts)
    func holdsOnHosts(_ it: ModuleCase) async throws {
        let bench = try await Bench(program: try #require(Self.host))
        do {
            try await hold(it, bench)
        } catch {
            Issue.record("\(error)")
        }
        await bench.close()
    }

    /// Runs where `SWIFTPROV_MODULE_BUSYBOX` names a program that starts a `sh` of this machine to which all programs
    /// are BusyBox's; see Tests/Testbed/busybox.sh.
    @Test(
        "and where BusyBox stands for all programs",
        .enabled(if: busybox != nil, "SWIFTPROV_MODULE_BUSYBOX names none"),
        arguments: ModuleCase.all.filter { $0.isForBusyBox })
    func holdsOnBusyBox(_ it: ModuleCase) async throws {
        let program = try #require(Self.busybox)
        let bench = try await Bench(modulesThrough: program)
        do {
            try await hold(it, bench)
        } catch {
            Issue.record("\(error)")
        }
        await bench.close()
    }

    private static let busybox = ProcessInfo.processInfo.environment["SWIFTPROV_MODULE_BUSYBOX"]
    private static let host = ProcessInfo.processInfo.environment["SWIFTPROV_MODULE_HOST"]

    private func hold(_ it: ModuleCase, _ bench: Bench) async throws {
        if let prepare = it.prepare {
            let prepared = try await bench.sh(prepare)
            try #require(prepared.succeeded, "prepare: \(prepared.errorOutput)")
        }
        let before = try await bench.snapshot()
        let effects = it.foreseen.map { bench.fill($0) }
        let checked = try await perform(it, bench, check: true, foreseen: effects)
        #expect(try await bench.snapshot() == before, "check mode wrote")
        #expect(checked.status == it.check, "check mode: \(checked.error ?? "")")
        if it.isForeseenCase {
            for (key, value) in it.values {
                #expect(Self.find(key.text, in: checked.values) == bench.fill(value), "foretold \(key.text)")
            }
            return
        }
        if it.differs == nil, let recorded = it.recorded { hold(checked, to: recorded, asCheck: true, it, bench) }

        let ran = try await perform(it, bench, check: false)
        #expect(ran.status == it.run, "run: \(ran.error ?? "")")
        if let error = it.error {
            #expect(ran.error?.contains(bench.fill(error)) == true, "error was: \(ran.error ?? "none")")
        }
        for (key, value) in it.values {
            #expect(Self.find(key.text, in: ran.values) == bench.fill(value), "value of \(key.text)")
        }
        for key in it.secrets {
            #expect(ran.values[.string(key)]?.holdsSecret == true, "\(key) is told")
            #expect(checked.values[.string(key)]?.holdsSecret == true, "\(key) is told in check mode")
        }
        if ran.status == "failed", checked.status != "unknown", !bench.isHost {
            #expect(try await bench.snapshot() == before, "a task that failed left traces")
        }
        // What check mode foretells it must foretell in full.
        if checked.status == ran.status, ran.status == "changed" || ran.status == "ok" {
            // What only the run can tell is marked so.
            for (key, foretold) in checked.values
            where foretold.firstUnknown == nil && !it.ignoredValues.contains(key.text)
                && ![
                    "backup_file", "backup", "stat", "status", "ansible_facts", "cache_update_time",
                    "execution_time_ms", "containers",
                ]
                .contains(key.text)
            {
                #expect(ran.values[key] == foretold, "foretold \(key.text)")
            }
        }
        if let verify = it.verify {
            let verified = try await bench.sh(verify)
            #expect(verified.succeeded, "verify: \(verified.output)\(verified.errorOutput)")
        }
        if it.differs == nil, let recorded = it.recorded {
            hold(ran, to: recorded, asCheck: false, it, bench)
            if !bench.isHost, !it.ignoresState {
                let state = try await bench.state().map { recorded.line($0, without: it.ignoredContent) }
                #expect(
                    state == recorded.state.map { recorded.line($0, without: it.ignoredContent) },
                    "the real module leaves another state")
            }
        }
        let trips = await bench.shell.roundTrips
        let again = try await perform(it, bench, check: false)
        #expect(again.status == it.again, "again: \(again.error ?? "")")
        let used = await bench.shell.roundTrips - trips
        #expect(used <= it.roundTrips || it.again == "changed" || it.again == "failed", "round trips: \(used)")
    }

    private struct Told {
        var status: String
        var values: ValueMap
        var error: String?
        var change: Change?
    }

    /// Holds an answer to what the real module answered.
    private func hold(_ told: Told, to recorded: Recorded, asCheck: Bool, _ it: ModuleCase, _ bench: Bench) {
        guard told.status != "unknown" else { return }
        // The real modules' check mode often misses what makes the run fail, or change something.
        if asCheck, recorded.run == "failed" || recorded.check != recorded.run { return }
        let wanted = asCheck ? recorded.check : recorded.run
        #expect(told.status == wanted, "the real module\(asCheck ? " in check mode" : "") does otherwise")
        if asCheck {
            guard let diff = recorded.diff, !it.ignoresDiff else { return }
            for case .text(_, let before, let after)? in told.change?.parts ?? [] {
                #expect([before ?? "", after ?? ""].map(bench.neutral) == diff, "the real module's diff differs")
                break
            }
            return
        }
        for (key, value) in recorded.values where !it.ignoredValues.contains(key.text) {
            let ours = told.values[key].map { recorded.kept($0, like: value, by: bench) }
            #expect(ours == value, "the real module's value of \(key.text) differs")
        }
    }

    private func perform(
        _ it: ModuleCase, _ bench: Bench, check: Bool, foreseen: [Change.Effect] = []
    ) async throws -> Told {
        do {
            let type = try #require(ModuleIndex.find(it.module), "no module \(it.module)")
            let raw = bench.fill(.map(it.arguments)).mapValue ?? [:]
            let (values, said) = ArgumentCheck.check(type.manual, raw)
            if let first = said.first(where: { $0.severity == .error }) { throw first }
            let module = try type.init(Arguments(values: try #require(values), context: bench.context))
            // As in a run: what is asked together goes out together.
            let outcome = try await withTaskExecutorPreference(EventLoop.shared) {
                try await ModuleRunner.perform(
                    module, on: bench.target(foreseen, environment: it.environment), check: check)
            }
            let status =
                switch outcome.status {
                case .ok: "ok"
                case .changed: "changed"
                case .skipped: "skipped"
                case .failed: "failed"
                case .unknown: "unknown"
                }
            return Told(
                status: status, values: outcome.result.values, error: outcome.result.failure?.rendered(),
                change: outcome.change)
        } catch let error as Diagnostic {
            return Told(status: "failed", values: [:], error: error.rendered())
        }
    }

    private static func find(_ path: String, in values: ValueMap) -> Value? {
        var current: Value? = .map(values)
        for part in path.split(separator: ".") {
            if let index = Int(part), let items = current?.elements {
                current = items.indices.contains(index) ? items[index] : nil
            } else {
                current = current?.mapValue?[String(part)]
            }
        }
        return current
    }
}

extension Bench {
    func fill(_ effect: Change.Effect) -> Change.Effect {
        guard case .file(let path, var state) = effect else { return effect }
        state.linkTarget = state.linkTarget.map(fill)
        return .file(path: fill(path), state)
    }
}
