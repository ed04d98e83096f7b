import Diagnostics
import Glibc
import Modules
import Planning
import Playbook
import Results
import Target
import Values
import Variables

/// What `async` and `poll` ask of a task.
struct Asynchrony {
    /// The job, its time limit included.
    var job: HostJob
    /// Seconds between looks; 0 leaves the job alone.
    var poll: Int
}

/// Tasks with `async`.
///
/// A command is handed over to the host, which goes on with it whatever becomes of the connection. Every other
/// module is a conversation: with `poll` it is held as usual, within the task's time; with `poll: 0` it is held
/// beside the play over a connection of its own, and its outcome is left on the host where a job leaves it, so that
/// `async_status` finds it. The run does not end before such conversations have.
extension TaskRun {
    /// What the task's `async` asks; nil if the task is to be waited for as any other.
    func asynchrony(in scope: LayeredScope) throws(Diagnostic) -> Asynchrony? {
        let wanted = try scope.value(of: task.node.asynchronous, "async", as: KeywordValue.seconds)
        guard let limit = wanted, limit > 0 else { return nil }
        let poll = try scope.value(of: task.node.poll, "poll", as: KeywordValue.seconds) ?? engine.settings.pollInterval
        var directory = HostJob.usualDirectory
        if let value = try scope.lookup("ansible_async_dir") { directory = try scope.evaluate(value).pythonText }
        let job = HostJob(id: HostJob.makeID(process: getpid()), directory: directory, limit: limit)
        return Asynchrony(job: job, poll: max(0, poll))
    }

    func perform(
        _ module: some ModuleWork, _ wish: Asynchrony, _ settings: TaskSettings
    ) async throws(Diagnostic) -> TaskOutcome {
        let target = try target(settings, for: module)
        if let detachable = module as? any DetachableModule {
            begin()
            let path = try await ModuleRunner.start(detachable, as: wish.job, on: target)
            return wish.poll == 0 ? started(wish.job, path) : try await wait(for: wish, on: target)
        }
        if wish.poll == 0 {
            begin()
            let path = try await target.tell(
                #"{"started": true, "finished": false, "ansible_job_id": "\#(wish.job.id)"}"# + "\n", of: wish.job)
            try engine.keep(module, as: wish.job, settings)
            return started(wish.job, path)
        }
        let limit = Duration.seconds(wish.job.limit)
        let shell = HurriedShell(
            shell: try engine.connections.shell(settings.request, as: settings.become),
            deadline: .now.advanced(by: limit), limit: limit)
        do throws(Diagnostic) {
            var outcome = taken(
                try await ModuleRunner.perform(
                    module, on: target.over(shell), check: false, beforeChange: { self.begin() }))
            outcome.values["ansible_job_id"] = .string(wish.job.id)
            outcome.values["started"] = true
            outcome.values["finished"] = true
            return outcome
        } catch {
            if error.code == .timeout { return tooLate(wish.job, ["ansible_job_id": .string(wish.job.id)]) }
            throw error
        }
    }

    private func started(_ job: HostJob, _ path: String) -> TaskOutcome {
        TaskOutcome(
            .changed,
            values: [
                "ansible_job_id": .string(job.id), "started": true, "finished": false, "results_file": .string(path),
                "changed": true,
            ])
    }

    /// Looks at a job until it has finished or its time is over: soon at first, then every `poll` seconds.
    private func wait(for wish: Asynchrony, on target: HostTarget) async throws(Diagnostic) -> TaskOutcome {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(wish.job.limit)
        var pause = Duration.milliseconds(50)
        var toTell = clock.now + .seconds(wish.poll)
        var latest: ValueMap = [:]
        var lost: Diagnostic?
        repeat {
            try? await Task.sleep(for: min(pause, max(.zero, clock.now.duration(to: end))))
            pause = min(pause * 2, .seconds(wish.poll))
            do throws(Diagnostic) {
                let (path, text) = try await target.answer(of: wish.job)
                lost = nil
                guard let text else {
                    throw Diagnostic(.failed, "the job's file \(path) is gone", host: target.hostName)
                }
                let known: ValueMap = [
                    "ansible_job_id": .string(wish.job.id), "results_file": .string(path), "started": true,
                ]
                let result = JobAnswer.result(text, known, host: target.hostName)
                latest = result.values
                if result.values["finished"]?.isTruthy ?? false {
                    if result.values["child_pid"] != nil, result.failure != nil { return tooLate(wish.job, latest) }
                    var outcome = taken(ModuleRunner.outcome(of: result))
                    do throws(Diagnostic) {
                        _ = try await target.forget(wish.job)
                    } catch {
                        // What the job did counts, whatever becomes of the note about it.
                        outcome.warnings.append(error.summary)
                    }
                    tell(.finished, result.failure == nil, wish.job)
                    return outcome
                }
            } catch {
                // A connection that was lost, even by a restart of the host, is made anew by the next look.
                guard error.code == .unreachable else { throw error }
                lost = error
            }
            if clock.now >= toTell {
                tell(.running, true, wish.job)
                toTell += .seconds(wish.poll)
            }
        } while clock.now < end
        if let lost { throw lost }
        tell(.finished, false, wish.job)
        return tooLate(wish.job, latest)
    }

    private func tooLate(_ job: HostJob, _ latest: ValueMap) -> TaskOutcome {
        let text = "async task did not complete within the requested time - \(job.limit)s"
        return TaskOutcome(
            .failed, values: ["msg": .string(text), "async_result": .map(latest), "ansible_job_id": .string(job.id)],
            diagnostic: Diagnostic(
                .timeout, text, at: task.node.asynchronous?.location,
                remedy: "Raise 'async:', or look why it is slow.", host: host.name))
    }

    private func tell(_ state: JobNote.State, _ succeeded: Bool, _ job: HostJob) {
        engine.tell(.job(JobNote(host: host.name, id: job.id, state: succeeded ? state : .failed)))
    }
}

extension Engine {
    /// Goes on with a module beside the play, over a connection of its own.
    func keep(_ module: some ModuleWork, as job: HostJob, _ settings: TaskSettings) throws(Diagnostic) {
        let connection = try connections.separate(settings.request)
        kept.append(Task { @IOLoop in await self.carryOn(module, job, connection, settings) })
    }

    private func carryOn(
        _ module: some ModuleWork, _ job: HostJob, _ connection: any Connection, _ settings: TaskSettings
    ) async {
        do throws(Diagnostic) {
            let limit = Duration.seconds(job.limit)
            let shell = try await connection.shell(as: settings.become)
            let target = HostTarget(
                hostName: settings.delegate ?? settings.request.name, shell: shell,
                environment: settings.environment, become: settings.become)
            let hurried = HurriedShell(shell: shell, deadline: .now.advanced(by: limit), limit: limit)
            let outcome = await outcome(of: module, on: target.over(hurried))
            _ = try await ModuleRunner.tell(outcome, of: job, on: target)
        } catch {
            // Nobody waits for it; whoever asks later finds a job that never finished.
            var warning = error
            warning.severity = .warning
            tell(.said(warning))
        }
        await connection.close()
    }

    private func outcome(of module: some ModuleWork, on target: HostTarget) async -> ModuleOutcome {
        do throws(Diagnostic) {
            return try await ModuleRunner.perform(module, on: target, check: false)
        } catch {
            return ModuleRunner.outcome(of: .failed(error))
        }
    }

    /// Waits for what goes on beside the plays.
    func finishKept() async {
        for task in kept { await task.value }
        kept = []
    }
}
