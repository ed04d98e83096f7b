"""Records what ansible-playbook does with the playbooks in Tests/EngineTests/Cases.

Run with the Python of an environment that has ansible-core 2.19:
    python Tests/Oracle/record_playbooks.py [file[:case] ...]
A case file holds cases, each begun by `=== name`; a case holds files, each begun by `::: path`. `::: options` are
words for the command line. Cases are run in a throw-away folder, several at once.
"""
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).resolve().parent
cases = here.parent / "EngineTests" / "Cases"
tools = pathlib.Path(sys.executable).parent


def parts(text, mark):
    found = {}
    name = None
    for line in text.splitlines(keepends=True):
        if line.startswith(mark + " "):
            name = line[len(mark) + 1:].strip()
            assert name not in found, f"{name} twice"
            found[name] = ""
        elif name is not None:
            found[name] += line
    return found


def ordered(lines):
    """Hosts answer in any order: within a task their lines are sorted by host, each host's own order kept."""
    result, group = [], []

    def flush():
        result.extend(line for _, line in sorted(group, key=lambda entry: entry[0]))
        group.clear()

    for line in lines:
        words = line.split(" ", 2)
        if words[0] in ("item", "retry"):
            group.append((words[1], line))
        elif words[0] in ("play", "task", "handler", "included", "no", "said"):
            flush()
            # Said once for every host that is left.
            if line != "no hosts left" or result[-1:] != [line]:
                result.append(line)
        else:
            group.append((words[0], line))
    flush()
    return result


def run(body):
    files = parts(body, ":::")
    files.setdefault("inventory", (cases / "inventory").read_text())
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as home:
        folder = os.path.realpath(folder)
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        recording = pathlib.Path(home, "recording")
        recording.write_text("")
        environment = {
            "PATH": os.environ["PATH"], "HOME": home, "LC_ALL": "C.UTF-8",
            "ANSIBLE_CALLBACK_PLUGINS": str(here / "callback"), "ANSIBLE_STDOUT_CALLBACK": "recorder",
            "ANSIBLE_GATHERING": "explicit", "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_LOCALHOST_WARNING": "0", "ANSIBLE_DEPRECATION_WARNINGS": "0",
            "RECORDING": str(recording), "RECORDED_FOLDER": folder, "INHERITED": "from outside",
        }
        answer = subprocess.run(
            [tools / "ansible-playbook", "-i", "inventory", *shlex.split(files.get("options", "")), "playbook.yml"],
            cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            stdin=subprocess.DEVNULL)
        lines = recording.read_text().splitlines()
        recap = json.loads(lines.pop()[6:]) if lines and lines[-1].startswith("recap ") else {}
        return {"events": ordered(lines), "recap": recap, "status": answer.returncode}, answer.stdout


def main():
    wanted = sys.argv[1:]
    for file in sorted(cases.glob("*.txt")):
        names = [word for word in wanted if word.split(":")[0] == file.stem]
        if wanted and not names:
            continue
        bodies = parts(file.read_text(), "===")
        target = file.with_suffix(".expected.json")
        answers = json.loads(target.read_text()) if target.exists() else {}
        answers = {name: answer for name, answer in answers.items() if name in bodies}
        chosen = {word.split(":", 1)[1] for word in names if ":" in word} or set(bodies)
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            todo = [(name, pool.submit(run, bodies[name])) for name in bodies if name in chosen]
            for name, answer in todo:
                answers[name], output = answer.result()
                told = f"{file.stem}: {name}: {answers[name]['status']}, {len(answers[name]['events'])} events"
                print(told if answers[name]["recap"] else told + "\n" + output, flush=True)
        target.write_text(json.dumps(answers, indent=1, sort_keys=True) + "\n")


main()
