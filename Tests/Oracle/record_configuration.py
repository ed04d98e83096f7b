"""Records what ansible-config says of the settings in Tests/ConfigurationTests/Cases.

Run with the Python of an environment that has ansible-core 2.19:
    python Tests/Oracle/record_configuration.py [case ...]
Each case holds `ansible.cfg` and `environment` (NAME=VALUE a line), either of which may be missing; the answer is
written beside them, the case's folder as HERE, the one around it as CASES and the home as HOME.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

tools = pathlib.Path(sys.executable).parent
cases = pathlib.Path(__file__).resolve().parent.parent / "ConfigurationTests" / "Cases"
home = tempfile.mkdtemp(prefix="swiftprov-home-")

for folder in sorted(cases.iterdir()):
    if not folder.is_dir() or (len(sys.argv) > 1 and folder.name not in sys.argv[1:]):
        continue
    environment = {"PATH": os.environ["PATH"], "HOME": home, "LANG": "C.UTF-8"}
    given = folder / "environment"
    if given.exists():
        for line in given.read_text().splitlines():
            name, _, value = line.partition("=")
            environment[name] = value
    answer = subprocess.run(
        [tools / "ansible-config", "dump", "--format", "json"], cwd=folder, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    expected = folder / "dump.expected"
    if answer.returncode:
        expected.write_text(f"error {answer.returncode}\n")
        print(folder.name, answer.returncode, answer.stderr.strip().splitlines()[-1][:150])
        continue
    # The folder for temporary modules is made anew each time, and servers of galaxies are not asked here.
    entries = [e for e in json.loads(answer.stdout) if e.get("name") not in (None, "DEFAULT_LOCAL_TMP")]
    if folder.name != "defaults":
        entries = [e for e in entries if e["origin"] != "default"]
    text = json.dumps(entries, indent=1, sort_keys=True)
    for path, name in [(folder, "HERE"), (cases, "CASES"), (home, "HOME")]:
        text = text.replace(str(path), name)
    expected.write_text(text + "\n")
    print(folder.name, len(entries))
