"""Records what PyYAML, as Ansible drives it, makes of Tests/YAMLTests/Cases/values.txt, and writes dumps.

Run with the Python of an environment that has ansible-core 2.19:
    python Tests/Oracle/record_yaml.py
It rewrites values.expected.txt and dumps.expected.txt beside the cases.
"""
import datetime
import json
import pathlib

import yaml
from ansible._internal._yaml._loader import AnsibleLoader
from ansible.parsing.yaml.dumper import AnsibleDumper

cases = pathlib.Path(__file__).parent.parent / "YAMLTests" / "Cases"


def plain(value):
    """The value in the types swiftprov has: dates as text, bytes as text, sets as lists, tuples as lists."""
    if isinstance(value, dict):
        return {plain(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, set, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, (datetime.date, datetime.datetime)):
        return str(value)
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def blocks(path):
    for block in path.read_text().split("=== ")[1:]:
        name, _, body = block.partition("\n")
        yield name, body


out = []
for name, body in blocks(cases / "values.txt"):
    try:
        answer = repr(plain(AnsibleLoader(body).get_single_data()))
    except (yaml.YAMLError, ValueError) as error:
        print(f"{name}: {error}")
        answer = "error"
    out.append(f"=== {name}\n{answer}\n")
(cases / "values.expected.txt").write_text("".join(out))

out = []
for name, body in blocks(cases / "dumps.txt"):
    options, _, data = body.partition("\n")
    options = json.loads(options)
    options.setdefault("default_flow_style", None)
    text = yaml.dump(json.loads(data), Dumper=AnsibleDumper, allow_unicode=True, **options)
    out.append(f"=== {name}\n{text}")
(cases / "dumps.expected.txt").write_text("".join(out))
