package import Diagnostics

/// Commands at a terminal of their own, beside the shell's requests.
extension FramedShell {
    /// Runs something at a terminal as the shell's user; see `Shell`.
    package func converse(
        _ request: TerminalRequest, _ dialogue: any TerminalDialogue
    ) async throws(Diagnostic) -> TerminalOutcome {
        guard let terminal else {
            throw Diagnostic(.unsupported, "this connection gives no terminal to run a command at")
        }
        let endMark = ShellFraming.makeToken()
        let becoming = BecomeDialogue(become)
        let kept = try await self.request(Self.keeping(request, endMark: endMark))
        let path = kept.output.lastLine
        guard kept.succeeded, path.hasPrefix("/") else {
            throw Diagnostic(
                .failed, "cannot keep the command on the host to run it at a terminal: \(kept.errorOutput.lastLine)",
                remedy: "Free some space there, in the directory for temporary files.")
        }
        let program = TerminalProgram(become, becoming, endMark: endMark, patience: request.patience, dialogue)
        let deadline = request.timeout.map { limit in
            EventLoop.shared.after(limit) { program.end(Ending.tookTooLong(limit).diagnostic) }
        }
        let opening = EventLoop.shared.after(openTimeout) { program.expire() }
        let line = BecomeLine.script(path, become, becoming)
        var outcome: Result<TerminalOutcome, Diagnostic>
        var opened: (any ShellLink)?
        do throws(Diagnostic) {
            let link = try await terminal(line)
            opened = link
            outcome = await withTaskCancellationHandler {
                await program.run(on: link)
            } onCancel: {
                Task { @IOLoop in program.end(Ending.interrupted.diagnostic) }
            }
        } catch {
            outcome = .failure(error)
        }
        opening.cancel()
        deadline?.cancel()
        await tidy(path, isOver: program.isOver)
        opened?.cut()
        return try outcome.get()
    }

    /// Keeps the command's text in the shell's directory, so that it stands in no process list, with what the shell's
    /// environment has and a login's need not have.
    private static func keeping(_ request: TerminalRequest, endMark: String) -> ShellRequest {
        let script: Script = #"""
            f=$(mktemp "$_d/t-XXXXXXXXXX") || exit 1
            trap 'rm -f "$f" "$f.env"' EXIT
            cat >"$f" && printf '%s\n%s\n' "$_p" "$LC_ALL" >"$f.env" || exit 1
            trap - EXIT
            echo "$f"
            """#
        var text = #"{ IFS= read -r PATH; IFS= read -r LC_ALL; } <"$0.env"; export PATH LC_ALL"# + "\n"
        text += #"echo $$ >"$0.pid""# + "\n"
        if request.echoes { text += "stty echo\n" }
        // What the shell itself says of a program that a signal ended is not the program's.
        text += "exec 3>&2; { (exec 2>&3 3>&-\n\(request.text)\n); s=$?; } 2>/dev/null\n"
        // The blank keeps the terminal's CR off the number.
        text += #"printf '\n\#(endMark) 1 %s \n' "$s""# + "\n"
        return ShellRequest(.snippet, script.text, input: Array(text.utf8))
    }

    /// Ends what a command left running at its terminal, and takes its files away.
    ///
    /// While the terminal is still there: without it processes lose their parents, and nobody could tell whose they are.
    private func tidy(_ path: String, isOver: Bool) async {
        let file = ShellQuoting.quote(path)
        let text = isOver ? "rm -f \(file) \(file).env \(file).pid" : "set -- \(file)\n\(Self.ending.text)"
        // Of a task that was cancelled, too.
        await Task { @IOLoop in _ = try? await self.request(ShellRequest(.snippet, text)) }.value
    }

    /// `$1` the command's script: ends what is left of it, politely first, and takes its files away.
    private static let ending =
        LookScript.children + #"""
            all() {
            for p in $(kids "$1"); do echo "$p"; all "$p"; done
            }
            {
            p=$(cat "$1.pid")
            case $p in
            ''|*[!0-9]*) ;;
            *)
            if kill -0 "$p"; then
            g="$p $(all "$p")"
            kill -HUP $g; kill -CONT $g
            i=0
            while kill -0 $g && test $i -lt 20; do
            i=$((i+1)); sleep 0.1 || sleep 1
            done
            kill -KILL $g
            fi;;
            esac
            rm -f "$1" "$1.env" "$1.pid"
            } 2>/dev/null
            """#
}
