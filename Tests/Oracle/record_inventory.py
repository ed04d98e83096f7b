"""Records what ansible-inventory answers for the inventories in Tests/InventoryTests/Cases.

Run with the Python of an environment that has ansible-core 2.19:
    python Tests/Oracle/record_inventory.py [case ...]
Each case holds `arguments` (the -i options) and `patterns` (a host pattern per line); the answers are written
beside them.
"""
import os
import pathlib
import subprocess
import sys

os.environ["ANSIBLE_LOCALHOST_WARNING"] = "0"
tools = pathlib.Path(sys.executable).parent
cases = pathlib.Path(__file__).resolve().parent.parent / "InventoryTests" / "Cases"


def ask(folder, *words):
    answer = subprocess.run(
        [tools / "ansible-inventory", *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return answer.stdout if answer.returncode == 0 else f"error {answer.returncode}\n"


def hosts(folder, sources, patterns):
    code = """
import sys
from ansible.parsing.dataloader import DataLoader
from ansible.inventory.manager import InventoryManager
manager = InventoryManager(DataLoader(), sources=sys.argv[1].split("\\n"))
for pattern in sys.argv[2].split("\\n"):
    try:
        print(pattern, "=>", " ".join(host.name for host in manager.get_hosts(pattern)))
    except Exception as error:
        print(pattern, "=> error")
"""
    return subprocess.run(
        [sys.executable, "-c", code, "\n".join(sources), "\n".join(patterns)], cwd=folder, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, check=True).stdout


for folder in sorted(cases.iterdir()):
    if not folder.is_dir() or (len(sys.argv) > 1 and folder.name not in sys.argv[1:]):
        continue
    options = (folder / "arguments").read_text().split()
    patterns = (folder / "patterns").read_text().splitlines()
    (folder / "list.expected").write_text(ask(folder, *options, "--list"))
    (folder / "export.expected").write_text(ask(folder, *options, "--list", "--export"))
    (folder / "graph.expected").write_text(ask(folder, *options, "--graph", "--vars"))
    (folder / "yaml.expected").write_text(ask(folder, *options, "--list", "--yaml"))
    (folder / "patterns.expected").write_text(hosts(folder, [o for o in options if o != "-i"], patterns))
    print(folder.name)
