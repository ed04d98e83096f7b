"""Records what ansible-playbook lists for the projects in Tests/PlanningTests/Cases/listing.txt.

Run with the Python of an environment that has ansible-core 2.19:
    python Tests/Oracle/record_listings.py
"""
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

tests = pathlib.Path(__file__).resolve().parent.parent
tools = pathlib.Path(sys.executable).parent
source = tests / "PlanningTests" / "Cases" / "listing.txt"


def parts(text, mark):
    found = {}
    name = None
    for line in text.splitlines(keepends=True):
        if line.startswith(mark + " "):
            name = line[len(mark) + 1:].strip()
            found[name] = ""
        elif name is not None:
            found[name] += line
    return found


def ordered(lines, option):
    """The lines with what has no order sorted: a play's tags, and its hosts where those are listed."""
    result, hosts = [], []
    for line in lines:
        if line.startswith("      ") and option == "--list-hosts":
            hosts.append(line)
            continue
        result += sorted(hosts)
        hosts.clear()
        if line.startswith("  play #"):
            head, tags = line.rsplit("TAGS: [", 1)
            line = head + "TAGS: [" + ",".join(sorted(tags[:-1].split(","))) + "]"
        result.append(line)
    return result + sorted(hosts)


answers = {}
for case, body in parts(source.read_text(), "===").items():
    files = parts(body, ":::")
    files.setdefault("inventory", (tests / "EngineTests" / "Cases" / "inventory").read_text())
    answers[case] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for option in ["--list-tasks", "--list-tags", "--list-hosts"]:
            answer = subprocess.run(
                [tools / "ansible-playbook", "-i", "inventory", *shlex.split(files.get("options", "")), option,
                 "playbook.yml"], cwd=folder, env={"PATH": os.environ["PATH"], "HOME": folder, "LC_ALL": "C.UTF-8"},
                stdout=subprocess.PIPE, text=True, check=True)
            answers[case][option] = ordered(answer.stdout.replace(folder + "/", "").splitlines(), option)
source.with_suffix(".expected.json").write_text(json.dumps(answers, indent=1) + "\n")
