import Diagnostics
import Results
import Target
import Values

/// Asks what became of a job that a task started with `async`, as `ansible.builtin.async_status` does.
struct AsyncStatusModule: Module {
    static let manual = ModuleManual(
        name: "ansible.builtin.async_status",
        summary: "Ask about a job that a task started with async and poll: 0.",
        description: """
            The answer is the job's own once it has finished, with `finished: true`. The jobs of another run are \
            found, too, as long as their files in `~/.ansible_async` (or `ansible_async_dir`) are there.
            """,
        arguments: [
            .required("jid", .string, "The job, as `ansible_job_id` of the task's answer has it."),
            .optional(
                "mode", .string, "`cleanup` removes the job's file.", default: "status",
                choices: ["status", "cleanup"]),
        ],
        diff: "none",
        example: """
            - name: Start
              ansible.builtin.command: /usr/local/bin/backup
              async: 3600
              poll: 0
              register: backup
            - name: Wait
              ansible.builtin.async_status:
                jid: "{{ backup.ansible_job_id }}"
              register: job
              until: job.finished
              retries: 60
              delay: 60
            """,
        aliases: ["ansible.legacy.async_status"]
    )

    private let job: HostJob
    private let cleans: Bool

    init(_ arguments: Arguments) throws(Diagnostic) {
        let id = try arguments.string("jid")
        guard HostJob.isID(id) else {
            throw Diagnostic(
                .badValue, "'\(id)' is no job", at: arguments.location,
                remedy: "Register the task that starts it, and write jid: \"{{ NAME.ansible_job_id }}\".")
        }
        let directory = try arguments.context.variable("ansible_async_dir")?.pythonText
        job = HostJob(id: id, directory: directory ?? HostJob.usualDirectory, limit: 0)
        cleans = arguments.optionalString("mode") == "cleanup"
    }

    func plan(_ target: some TargetReader) async throws(Diagnostic) -> Plan<HostJob> {
        let (path, text) = try await target.answer(of: job)
        var values: ValueMap = [
            "ansible_job_id": .string(job.id), "started": true, "finished": true, "stdout": "", "stderr": "",
            "stdout_lines": [], "stderr_lines": [],
        ]
        guard let text else {
            values["msg"] = "could not find job"
            return .asWanted(
                .failed(
                    Diagnostic(
                        .failed, "there is no job '\(job.id)' on the host",
                        remedy:
                            "Looked for \(path). Another user's jobs are in that user's home; so `become` as there.",
                        host: target.hostName), values))
        }
        if cleans {
            values["started"] = false
            values["finished"] = false
            values["erased"] = .string(path)
            return .change(Change(), job, foreseen: .ok(values))
        }
        values["results_file"] = .string(path)
        return .asWanted(JobAnswer.result(text, values, host: target.hostName))
    }

    func apply(_ job: HostJob, to target: some TargetWriter) async throws(Diagnostic) -> ModuleResult {
        let path = try await target.forget(job) ?? ""
        return .ok([
            "ansible_job_id": .string(job.id), "started": false, "finished": false, "erased": .string(path),
            "stdout": "", "stderr": "", "stdout_lines": [], "stderr_lines": [],
        ])
    }
}
