"""Records what ansible-inventory answers for the inventories in Tests/InventoryTests/Cases.

Run with the Python of an environment that has ansible-core 2.19:
    python Tests/Oracle/record_inventory.py [case ...]
Each case holds `arguments` (options of ansible-inventory, -i among them), `patterns` (a host pattern per line) and
maybe `environment` (NAME=VALUE a line) and `host` (the name that --host is asked for); the answers are written beside
them.
"""
import os
import pathlib
import subprocess
import sys

os.environ["ANSIBLE_LOCALHOST_WARNING"] = "0"
tools = pathlib.Path(sys.executable).parent
cases = pathlib.Path(__file__).resolve().parent.parent / "InventoryTests" / "Cases"


def surroundings(folder):
    environment = dict(os.environ)
    given = folder / "environment"
    if given.exists():
        environment.update(line.split("=", 1) for line in given.read_text().splitlines())
    return environment


def ask(folder, *words):
    answer = subprocess.run(
        [tools / "ansible-inventory", *words], cwd=folder, env=surroundings(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return answer.stdout if answer.returncode == 0 else f"error {answer.returncode}\n"


def hosts(folder, sources, patterns, password_file):
    code = """
import sys
from ansible.inventory.group import Group
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import get_file_vault_secret
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader()
def descendants(group, include_self=False, preserve_ordering=False):
    found = [group]
    for parent in found:
        found.extend(child for child in parent.child_groups if child not in found)
    return found if include_self else found[1:]
# Groups of one depth come in an order that differs from run to run; here, in the one they are written in.
Group.get_descendants = descendants
loader = DataLoader()
if sys.argv[3]:
    secret = get_file_vault_secret(filename=sys.argv[3], loader=loader)
    secret.load()
    loader.set_vault_secrets([("default", secret)])
manager = InventoryManager(loader, sources=sys.argv[1].split("\\n"))
for pattern in sys.argv[2].split("\\n"):
    try:
        print(pattern, "=>", " ".join(host.name for host in manager.get_hosts(pattern)))
    except Exception as error:
        print(pattern, "=> error")
"""
    return subprocess.run(
        [sys.executable, "-c", code, "\n".join(sources), "\n".join(patterns), password_file], cwd=folder,
        env=surroundings(folder), stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, check=True).stdout


for folder in sorted(cases.iterdir()):
    if not folder.is_dir() or (len(sys.argv) > 1 and folder.name not in sys.argv[1:]):
        continue
    options = (folder / "arguments").read_text().split()
    sources = [options[i + 1] for i, word in enumerate(options) if word == "-i"]
    patterns = (folder / "patterns").read_text().splitlines()
    (folder / "list.expected").write_text(ask(folder, *options, "--list"))
    (folder / "export.expected").write_text(ask(folder, *options, "--list", "--export"))
    (folder / "graph.expected").write_text(ask(folder, *options, "--graph", "--vars"))
    (folder / "yaml.expected").write_text(ask(folder, *options, "--list", "--yaml"))
    password_file = dict(zip(options, options[1:])).get("--vault-password-file", "")
    (folder / "patterns.expected").write_text(hosts(folder, sources, patterns, password_file))
    if (folder / "host").exists():
        host = (folder / "host").read_text().strip()
        (folder / "host.expected").write_text(ask(folder, *options, "--host", host))
    print(folder.name)
