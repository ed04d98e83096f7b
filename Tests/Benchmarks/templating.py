"""What the real engines take: `templating.py jinja2|ansible CASE FOLDER SECONDS` prints the best CPU seconds of one run.

What they print goes to FOLDER/ENGINE.json, to be compared with what swiftprov prints.
"""

import json
import sys
import time

ENGINE, CASE, FOLDER, SECONDS = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])


def read(name):
    with open(f"{FOLDER}/{name}", encoding="utf-8") as file:
        return file.read()


def jinja2_run():
    import jinja2

    environment = jinja2.Environment(
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    variables = json.loads(read("vars.json"))
    if CASE == "render":
        template = environment.from_string(read("template.j2"))
        return lambda: template.render(variables)
    templates = [environment.from_string(text) for text in json.loads(read("templates.json"))]
    return lambda: [template.render(variables) for template in templates]


def ansible_run():
    from ansible.parsing.dataloader import DataLoader
    from ansible.template import Templar, trust_as_template

    if CASE == "chains":
        return ansible_chains(Templar, trust_as_template)
    templar = Templar(loader=DataLoader(), variables=json.loads(read("vars.json")))
    if CASE == "render":
        template = trust_as_template(read("template.j2"))
        return lambda: templar.template(template)
    templates = [trust_as_template(text) for text in json.loads(read("templates.json"))]
    return lambda: [templar.template(template) for template in templates]


def ansible_chains(Templar, trust_as_template):
    from ansible.inventory.manager import InventoryManager
    from ansible.parsing.dataloader import DataLoader
    from ansible.vars.manager import VariableManager

    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[f"{FOLDER}/hosts.ini"])
    manager = VariableManager(loader=loader, inventory=inventory)
    last = trust_as_template(read("last"))

    def run():
        return [
            Templar(loader=loader, variables=manager.get_vars(host=host)).template(last)
            for host in inventory.get_hosts("all")
        ]

    return run


run = jinja2_run() if ENGINE == "jinja2" else ansible_run()
result = run()
best = None
began = time.monotonic()
while best is None or time.monotonic() - began < SECONDS:
    start = time.process_time()
    run()
    taken = time.process_time() - start
    best = taken if best is None else min(best, taken)
with open(f"{FOLDER}/{ENGINE}.json", "w", encoding="utf-8") as file:
    json.dump(result, file, default=str)
print(f"{best:.9f}")
