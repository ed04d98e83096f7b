"""Records the names of all filters, tests and lookups that ansible-doc lists, for the collections we speak for.

Run with the Python of an environment that has ansible-core 2.19 and the collections:
    python Tests/Oracle/record_names.py
"""
import json
import os
import pathlib
import subprocess
import sys

tests = pathlib.Path(__file__).resolve().parent.parent
tools = pathlib.Path(sys.executable).parent
collections = ["ansible.builtin", "ansible.utils", "ansible.netcommon", "community.general", "community.crypto"]
names = {}
for kind in ["filter", "test", "lookup"]:
    answer = subprocess.run(
        [tools / "ansible-doc", "--type", kind, "--list", "--json"], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env={**os.environ, "PATH": os.environ["PATH"]}, text=True, check=True)
    names[kind] = sorted(name for name in json.loads(answer.stdout) if name.rsplit(".", 1)[0] in collections)
(tests / "JinjaTests" / "Cases" / "names.json").write_text(json.dumps(names, indent=1) + "\n")
