import Foundation
import Modules
import Results
import Target
import Testing
import Values

@Suite struct SetupModuleTests {
    @Test("facts come in one round trip and agree with the machine")
    func facts() async throws {
        let bench = try await Bench()
        let type = try #require(ModuleIndex.find("ansible.builtin.setup"))
        let values = try #require(ArgumentCheck.check(type.manual, [:]).values)
        let before = await bench.shell.roundTrips
        let outcome = try await ModuleRunner.perform(
            type.init(Arguments(values: values)), on: bench.target(), check: true)
        let trips = await bench.shell.roundTrips - before
        #expect(trips == 1)
        let facts = outcome.result.facts
        func told(_ command: String) async throws -> Value {
            .string(try await bench.sh(command).output.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        #expect(try await facts["ansible_nodename"] == told("uname -n"))
        #expect(try await facts["ansible_kernel"] == told("uname -r"))
        #expect(try await facts["ansible_user_id"] == told("id -un"))
        #expect(facts["ansible_env"]?.mapValue?["PATH"] != nil)
        #expect((facts["ansible_memtotal_mb"]?.intValue ?? 0) > 0)
        #expect(facts["ansible_mounts"]?.elements?.isEmpty == false)
        #expect(facts["ansible_interfaces"]?.elements?.contains("lo") == true)
        #expect(facts["ansible_lo"]?.mapValue?["ipv4"]?.mapValue?["address"] == "127.0.0.1")
        if let path = ProcessInfo.processInfo.environment["SWIFTPROV_FACTS"] {
            // For comparing by hand with what Ansible says of the same machine.
            try JSON.text(.map(facts)).write(toFile: path, atomically: true, encoding: .utf8)
        }
        await bench.close()
    }
}
