"""Records what the real modules do with the cases in Tests/ModulesTests/Cases.

Run with the Python of an environment that has ansible-core 2.19 and the collections:
    python Tests/Oracle/record_modules.py [module[:case] ...]
Each case is prepared in an empty directory of its own, then its task runs in check mode, for real, and again, over a
local connection. What came of it goes to `<module>.recorded.json` beside the cases: statuses, return values, the
diff, and what lies in the directory afterwards. Cases with `differs` (which says why) or `foreseen` are left out.

Cases of `HostCases` change a whole machine; they are recorded on a throw-away host that has Python:
    python Tests/Oracle/record_modules.py --inventory FILE --host NAME --program 'PROGRAM' [module ...]
where PROGRAM starts `sh` as root on that host.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import yaml

here = pathlib.Path(__file__).resolve().parent
tests = here.parent / "ModulesTests"
tools = pathlib.Path(sys.executable).parent

# Modules whose `src` is looked for beside the playbook; the cases keep such files in `$T/local`.
LOCAL_SOURCES = {"copy", "template", "unarchive", "assemble", "script", "synchronize"}

# Modules outside ansible-core, by the folder of their cases.
QUALIFIED = {
    "ini_file": "community.general.ini_file", "archive": "community.general.archive",
    "openssl_csr": "community.crypto.openssl_csr", "openssl_privatekey": "community.crypto.openssl_privatekey",
    "x509_certificate": "community.crypto.x509_certificate",
    "x509_certificate_info": "community.crypto.x509_certificate_info",
    "synchronize": "ansible.posix.synchronize", "acl": "ansible.posix.acl", "mount": "ansible.posix.mount",
    "postgresql_pg_hba": "community.postgresql.postgresql_pg_hba", "ufw": "community.general.ufw", "firewalld": "ansible.posix.firewalld",
    "docker_compose_v2": "community.docker.docker_compose_v2",
    "docker_image_build": "community.docker.docker_image_build",
}


class Unsafe(str):
    """Text that is no template."""


class Dumper(yaml.SafeDumper):
    pass


Dumper.add_representer(Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style='"'))


def filled(value, folder):
    if isinstance(value, str):
        text = value.replace("$T", folder)
        return Unsafe(text) if "{" in text else text
    if isinstance(value, list):
        return [filled(item, folder) for item in value]
    if isinstance(value, dict):
        return {key: filled(item, folder) for key, item in value.items()}
    return value


def arguments(case, module, folder):
    values = filled(case.get("arguments", {}), folder)
    short = module.split(".")[-1]
    if short in LOCAL_SOURCES and not values.get("remote_src"):
        for name in ("src", "cmd") if short == "script" else ("src",):
            text = values.get(name)
            if isinstance(text, str) and text and not text.startswith("/") and "://" not in text:
                values[name] = filled("$T/local/" + text, folder)
    return values


def plays(cases, module, base, host):
    tasks = []
    for number, case in enumerate(cases):
        name = case.get("module", module)
        folder = f"{base}/{number}"
        for step in ("check", "run", "again"):
            task = {"name": f"{number} {step}", QUALIFIED.get(name, name): arguments(case, name, folder), "ignore_errors": True, "diff": True}
            if step == "check":
                task["check_mode"] = True
            if step != "check" and not host and case.get("run") == "failed" and step == "again":
                continue
            if case.get("environment"):
                task["environment"] = filled(case["environment"], folder)
            tasks.append(task)
    return [{"hosts": host or "localhost", "gather_facts": False, "vars": {"name": "world"}, "tasks": tasks}]


def record(file, wanted, options):
    cases = [case for case in json.loads(file.read_text()) if "differs" not in case and "foreseen" not in case]
    if wanted:
        cases = [case for case in cases if case["name"] in wanted]
    if not cases:
        return
    module = file.parent.name
    with tempfile.TemporaryDirectory() as home:
        base = os.path.realpath(home) + "/cases" if not options.host else f"/tmp/module-cases-{os.getpid()}"
        playbook = pathlib.Path(home, "playbook.yml")
        playbook.write_text(yaml.dump(plays(cases, module, base, options.host), Dumper=Dumper, sort_keys=False))
        pathlib.Path(home, "cases.json").write_text(json.dumps(cases))
        recording = pathlib.Path(home, "recording.json")
        environment = {
            **{name: value for name, value in os.environ.items() if name.startswith("SWIFTPROV_TESTBED")},
            "PATH": os.environ["PATH"], "HOME": home, "LC_ALL": "C.UTF-8",
            "ANSIBLE_CALLBACK_PLUGINS": str(here / "module_callback"), "ANSIBLE_STDOUT_CALLBACK": "module_recorder",
            "ANSIBLE_GATHERING": "explicit", "ANSIBLE_LOCALHOST_WARNING": "0", "ANSIBLE_DEPRECATION_WARNINGS": "0",
            "ANSIBLE_HOST_KEY_CHECKING": "0", "ANSIBLE_PIPELINING": "1",
            "CASES": str(home) + "/cases.json", "CASES_BASE": base, "RECORDING": str(recording),
            "CASES_PROGRAM": options.program or "",
        }
        if not options.host:
            environment["ANSIBLE_PYTHON_INTERPRETER"] = sys.executable
        answer = subprocess.run(
            [tools / "ansible-playbook", "-i", options.inventory or "localhost,",
             *([] if options.host else ["-c", "local"]), playbook],
            cwd=home, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            stdin=subprocess.DEVNULL)
        if not recording.exists():
            print(f"{module}: nothing recorded\n{answer.stdout}")
            return
        found = json.loads(recording.read_text())
        print(*(line for line in answer.stdout.splitlines() if line.startswith("prepare of ")), sep="\n", end="")
    target = file.with_suffix(".recorded.json")
    names = {case["name"] for case in json.loads(file.read_text()) if "differs" not in case and "foreseen" not in case}
    records = json.loads(target.read_text()) if target.exists() else {}
    records = {name: known for name, known in records.items() if name in names}
    for number, case in enumerate(cases):
        known = found.get(str(number))
        if known is None or "run" not in known:
            print(f"{module}: {case['name']}: not recorded\n{answer.stdout[-2000:]}")
            continue
        # What is not compared need not be kept: much of it differs from run to run.
        for name in case.get("ignore_values", []):
            known.get("values", {}).pop(name, None)
        records[case["name"]] = known
        want = (case.get("check", case.get("run", "changed")), case.get("run", "changed"))
        said = (known["check"], known["run"])
        # Our own check mode may say `unknown` where the real one skips or guesses.
        if want != said and not (want[0] == "unknown" and want[1] == said[1]):
            print(f"{module}: {case['name']}: expected {want}, recorded {said}: {known.get('error', '')}")
    lines = [f"{json.dumps(name)}: {json.dumps(records[name], sort_keys=True)}" for name in sorted(records)]
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{module}: {len(records)} recorded", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wanted", nargs="*")
    parser.add_argument("--inventory")
    parser.add_argument("--host")
    parser.add_argument("--program")
    options = parser.parse_args()
    for file in sorted((tests / ("HostCases" if options.host else "Cases")).glob("*/*.json")):
        if file.name.endswith(".recorded.json"):
            continue
        words = [word for word in options.wanted if word.split(":")[0] == file.parent.name]
        if options.wanted and not words:
            continue
        record(file, {word.split(":", 1)[1] for word in words if ":" in word}, options)


if __name__ == "__main__":
    main()
