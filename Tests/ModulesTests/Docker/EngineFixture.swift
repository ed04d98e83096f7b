import Diagnostics
import Foundation
import Modules
import Results
import Target
import Testing
import Values

/// A real Docker Engine for tests, alone in its own network and mount name space, with its own data.
///
/// It runs where dockerd is installed and the tests run as root; `SWIFTPROV_TEST_DOCKER` names one that runs
/// already, such as `unix:///run/docker.sock`, and is then used instead.
final class EngineFixture: Sendable {
    let host: String
    private let process: Process?
    private let directory: String
    private let lifeline = Pipe()

    static var isAvailable: Bool {
        ProcessInfo.processInfo.environment["SWIFTPROV_TEST_DOCKER"] != nil
            || (getuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/sbin/dockerd")
                && FileManager.default.isReadableFile(atPath: "/bin/busybox"))
    }

    static let shared = Shared()
    /// This machine, over one shell for what the tests ask beside the tasks.
    private static let connection = ProgramConnection()

    /// Starts the Engine for the first test that needs one; it ends with the test process.
    actor Shared {
        private var start: Task<EngineFixture, any Error>?
        func engine() async throws -> EngineFixture {
            // One attempt for all tests: what does not start once does not start a second time.
            let task = start ?? Task { try await EngineFixture() }
            start = task
            return try await task.value
        }
    }

    private init() async throws {
        if let given = ProcessInfo.processInfo.environment["SWIFTPROV_TEST_DOCKER"] {
            host = given
            process = nil
            directory = ""
        } else {
            directory = "/var/tmp/swiftprov-engine-test.\(getpid())"
            host = "unix://\(directory)/docker.sock"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            // The watcher ends dockerd when the tests end, however they end, and takes its data away.
            process.arguments = [
                "-c",
                """
                dir=$1
                unshare --net --mount sh -c 'ip link set lo up; exec dockerd --data-root "$1/data" \
                    --exec-root "$1/exec" --pidfile "$1/pid" --host "unix://$1/docker.sock" --log-level warn' \
                    sh "$dir" >"$dir/log" 2>&1 </dev/null &
                engine=$!
                trap '' INT TERM HUP
                cat >/dev/null
                for container in $(docker -H "unix://$dir/docker.sock" ps -q); do
                    docker -H "unix://$dir/docker.sock" kill "$container" >/dev/null 2>&1
                done
                kill "$engine"; wait "$engine"; rm -rf "$dir"
                """, "sh", directory,
            ]
            // Its input ends with this process; held output would keep the test's caller waiting.
            process.standardInput = lifeline
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            self.process = process
        }
        for attempt in 0..<60 {
            let ping = try await shell("[ -z \"$1\" ] || docker -H \"$1\" version >/dev/null", host)
            if ping.succeeded { break }
            guard attempt < 59 else {
                throw Diagnostic(
                    .failed, "the test's Engine at \(host) does not start: \(ping.status) \(ping.errorOutput)")
            }
            try await Task.sleep(for: .milliseconds(250))
        }
        let made = try await shell(
            """
            set -e
            root=$(mktemp -d)
            mkdir -p "$root/bin" "$root/etc" "$root/tmp" "$root/data"
            cp /bin/busybox "$root/bin/"
            for name in sh sleep echo cat env ls httpd wget true false; do ln -s busybox "$root/bin/$name"; done
            tar -C "$root" -c . | docker -H "$1" import -c 'ENV FROM_IMAGE=yes' -c 'CMD ["sleep","1000"]' \
                -c 'LABEL made=here' -c 'EXPOSE 8080' - tiny:1 >/dev/null
            echo second >"$root/data/second"
            tar -C "$root" -c . | docker -H "$1" import -c 'ENV FROM_IMAGE=yes' -c 'CMD ["sleep","1000"]' - tiny:2 >/dev/null
            rm -rf "$root"
            """, host)
        guard made.succeeded else { throw Diagnostic(.failed, "no test image: \(made.errorOutput)") }
    }

    /// Runs a shell snippet on this machine, apart from what is tested.
    @discardableResult
    func shell(_ script: String, _ arguments: String...) async throws -> CommandResult {
        try await Self.localTarget().run(Command(.words(["sh", "-c", script, "sh"] + arguments)))
    }

    /// Asks the Engine with its own command.
    func docker(_ words: String...) async throws -> String {
        let result = try await Self.localTarget().run(Command(.words(["docker", "-H", host] + words)))
        guard result.succeeded else { throw Diagnostic(.failed, result.errorOutput) }
        return result.output.split(separator: "\n").joined(separator: "\n")
    }

    static func localTarget(foreseen: Foreseen = Foreseen()) async throws -> HostTarget {
        let shell = try await connection.shell(as: nil)
        return HostTarget(hostName: "localhost", shell: shell, foreseen: foreseen)
    }

    /// What a task did: its outcome and how often it waited for the host.
    struct Deed {
        var outcome: ModuleOutcome
        var roundTrips: Int
        /// The settings that differed, by name.
        var settings: [String: (before: Value, after: Value)] {
            var result: [String: (before: Value, after: Value)] = [:]
            for case .setting(let name, let before, let after) in outcome.change?.parts ?? [] {
                result[name] = (before, after)
            }
            return result
        }
        var isChanged: Bool { outcome.status == .changed }
    }

    /// Performs a task as the engine does: arguments checked and converted by the manual, plan, apply.
    func perform(
        _ name: String, _ arguments: ValueMap, check: Bool = false, foreseen: Foreseen = Foreseen(), host: String? = nil
    ) async throws -> Deed {
        var arguments = arguments
        if arguments["docker_host"] == nil { arguments["docker_host"] = .string(host ?? self.host) }
        // Over a shell of its own: what other suites ask meanwhile would count, or be counted as theirs.
        let own = ProgramConnection()
        let shell = try await own.shell(as: nil)
        _ = try await shell.request(ShellRequest(.snippet, ":"))
        let before = await shell.roundTrips
        let target = HostTarget(hostName: "localhost", shell: shell, foreseen: foreseen)
        let outcome: ModuleOutcome
        do {
            outcome = try await performTask(name, arguments, on: target, check: check)
        } catch {
            await own.close()
            throw error
        }
        let roundTrips = await shell.roundTrips - before
        await own.close()
        return Deed(outcome: outcome, roundTrips: roundTrips)
    }
}

/// Checks a task's arguments by the module's manual and performs it.
func performTask(
    _ name: String, _ arguments: ValueMap, on target: some TargetWriter, check: Bool
) async throws -> ModuleOutcome {
    let type = try #require(ModuleIndex.find(name))
    let checked = ArgumentCheck.check(type.manual, arguments)
    let values = try #require(checked.values, "\(checked.diagnostics.map(\.summary))")
    func open<M: Module>(_ type: M.Type) async throws -> ModuleOutcome {
        try await ModuleRunner.perform(try M(Arguments(values: values)), on: target, check: check)
    }
    return try await open(type)
}
