import Diagnostics
import Foundation
import Modules
import Results
import Synchronization
import Target
import Testing
import Values

/// What modules do with programs that are not on this machine: others stand in their place.
@Suite struct FakeProgramTests {
    /// A module, its arguments and how many programs it runs to do what they say.
    struct Job: Sendable, CustomTestStringConvertible {
        var module: String
        var arguments: ValueMap
        var programs: [String]
        var testDescription: String { module }
    }

    private static let severalPrograms = [
        Job(
            module: "ufw", arguments: ["default": "reject", "logging": "full"],
            programs: ["ufw default reject incoming", "ufw logging full"]),
        Job(
            module: "firewalld",
            arguments: ["service": "https", "state": "enabled", "permanent": true, "immediate": true],
            programs: ["firewall-cmd --permanent --add-service=https", "firewall-cmd --add-service=https"]),
        Job(
            module: "iptables", arguments: ["chain": "INPUT", "jump": "DROP", "ip_version": "both"],
            programs: ["iptables -t filter -A INPUT -j DROP", "ip6tables -t filter -A INPUT -j DROP"]),
    ]

    @Test(
        "several programs of a task are one request: a connection that breaks leaves it before or after",
        arguments: severalPrograms)
    func oneRequest(_ job: Job) async throws {
        let bench = try await Bench()
        let fake = """
            mkdir bin && cat >bin/any <<'E'
            #!/bin/sh
            case "$*" in
            status*) echo 'Status: inactive' ;;
            --state) ;;
            *--query-* | *' -C '*) exit 1 ;;
            *' -S '*) ;;
            *) echo "${0##*/} $*" >>"${0%/*}/../log" ;;
            esac
            E
            chmod +x bin/any
            for name in ufw firewall-cmd iptables ip6tables; do ln -s any "bin/$name"; done
            """
        #expect(try await bench.sh(fake).succeeded)
        let target = CountingTarget(
            base: bench.target(environment: ["PATH": .string(bench.directory + "/bin:/usr/bin:/bin")]))
        let outcome = try await performTask(job.module, job.arguments, on: target, check: false)
        #expect(outcome.status == .changed)
        let log = try await bench.sh("cat log").output
        #expect(log.split(separator: "\n").map(String.init) == job.programs)
        #expect(target.writes.withLock { $0 } == 1)
        await bench.close()
    }

    @Test("an image that was built and cannot be asked about is a failure that says so")
    func builtAndGone() async throws {
        let bench = try await Bench()
        let fake = """
            mkdir bin && cat >bin/docker <<'E'
            #!/bin/sh
            case "$1 $2" in
            'buildx build') touch "${0%/*}/built" ;;
            'image inspect')
                if [ -e "${0%/*}/built" ]; then echo 'permission denied' >&2; else echo 'No such image' >&2; fi
                exit 1 ;;
            esac
            E
            chmod +x bin/docker
            """
        #expect(try await bench.sh(fake).succeeded)
        let target = bench.target(environment: ["PATH": .string(bench.directory + "/bin:/usr/bin:/bin")])
        let outcome = try await performTask(
            "docker_image_build", ["name": "made:1", "path": .string(bench.directory)], on: target, check: false)
        #expect(outcome.status == .failed)
        #expect(
            outcome.result.failure?.summary
                == "image 'made:1' was built, but docker cannot be asked about it: permission denied")
        await bench.close()
    }
}

/// A host that counts what changes it.
private final class CountingTarget: TargetWrapper {
    let base: HostTarget
    let writes = Mutex(0)

    init(base: HostTarget) { self.base = base }

    func execute(
        _ script: Script, _ arguments: [String], input: [UInt8]?, timeout: Duration?
    ) async throws(Diagnostic) -> CommandResult {
        writes.withLock { $0 += 1 }
        return try await base.execute(script, arguments, input: input, timeout: timeout)
    }

    func run(_ command: Command) async throws(Diagnostic) -> CommandResult {
        writes.withLock { $0 += 1 }
        return try await base.run(command)
    }
}
