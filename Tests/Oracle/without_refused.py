#!/usr/bin/env python3
"""without_refused.py PROGRAM ARGUMENT...: takes tasks out of playbooks that swiftprov refuses before a run.

ansible-core's own playbooks give modules wrong arguments on purpose and look at the failure. swiftprov tells of these
before any host is touched, so that nothing else in such a file would be compared. Runs the program with
`--syntax-check`, takes out each task that an error names, and prints what it took.
"""
import re
import subprocess
import sys

PLACE = re.compile(r"^(/[^:\n]+):(\d+):\d+: (?:[^:\n]+: )?error: (.*)$", re.MULTILINE)


def extent(lines: list[str], at: int) -> tuple[int, int] | None:
    """The lines of the list entry that line `at` belongs to, the outermost one below a play or a block that it can be."""
    start = at
    depth = len(lines[at]) - len(lines[at].lstrip())
    while start >= 0:
        text = lines[start]
        indent = len(text) - len(text.lstrip())
        if text.lstrip().startswith("- ") and (indent < depth or start == at):
            break
        if text.strip() and not text.lstrip().startswith("#"):
            depth = min(depth, indent)
        start -= 1
    if start < 0:
        return None
    indent = len(lines[start]) - len(lines[start].lstrip())
    end = start + 1
    while end < len(lines):
        text = lines[end]
        if text.strip() and len(text) - len(text.lstrip()) <= indent:
            break
        end += 1
    return start, end


for _ in range(40):
    said = subprocess.run(sys.argv[1:] + ["--syntax-check"], capture_output=True, text=True, errors="replace")
    places: dict[str, dict[int, str]] = {}
    for file, line, what in PLACE.findall(said.stdout + said.stderr):
        places.setdefault(file, {})[int(line) - 1] = what
    if said.returncode == 0 or not places:
        break
    for file, wrong in places.items():
        with open(file, encoding="utf-8") as stream:
            lines = stream.read().split("\n")
        done = len(lines)
        for at in sorted(wrong, reverse=True):
            found = extent(lines, at) if at < done else None
            if found:
                lines[found[0]:found[1]] = []
                done = found[0]
                print(f"taken out: {file}:{at + 1}: {wrong[at]}")
        with open(file, "w", encoding="utf-8") as stream:
            stream.write("\n".join(lines))
