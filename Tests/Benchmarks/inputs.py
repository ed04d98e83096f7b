"""Makes the inputs that the benchmarks measure: `inputs.py KIND FOLDER`. The same every time."""

import json
import os
import sys

SECTION = """\
# {name}: the {n}th of the farm's services
[{name}]
{{% set it = services['{name}'] %}}
host = {{{{ it.host | lower }}}}
port = {{{{ it.port | int + {n} }}}}
listen = {{{{ it.address | default('0.0.0.0') }}}}:{{{{ it.port }}}}
{{% if it.tls.enabled and it.port > 1000 %}}
certificate = {{{{ it.tls.path }}}}/{{{{ it.host | replace('.', '_') }}}}.pem
ciphers = {{{{ it.tls.ciphers | join(':') }}}}
{{% elif it.port == 80 %}}
redirect = https://{{{{ it.host }}}}/
{{% else %}}
plain = {{{{ it.host ~ ':' ~ it.port }}}}
{{% endif %}}
{{% for user in it.users %}}
user{{{{ loop.index }}}} = {{{{ user.name | upper }}}}:{{{{ user.uid }}}}:{{{{ user.groups | join(',') }}}}{{% if not loop.last %}},{{% endif %}} {{{{ user.shell | default('/bin/sh') }}}}
{{% endfor %}}
{{{{ option('max-connections', it.limits.connections * 2, 'doubled') }}}}
{{{{ option('timeout', it.limits.timeout // 2) }}}}
{{% for key, value in it.tags.items() if value %}}{{{{ key }}}}="{{{{ value }}}}" {{% endfor %}}
"""

HEAD = """\
{%- macro option(name, value, comment='') -%}
{{ name | upper | replace('-', '_') }}={{ value }}{% if comment %}  # {{ comment }}{% endif %}
{%- endmacro -%}
"""


def services(count):
    result = {}
    for n in range(count):
        result[f"service{n:03}"] = {
            "host": f"Node{n}.Example.ORG",
            "port": 80 if n % 7 == 0 else 443 + n * 31,
            "tls": {"enabled": n % 3 != 0, "path": "/etc/tls", "ciphers": ["AES256", "CHACHA20", f"X{n}"]},
            "users": [
                {"name": f"user{n}_{u}", "uid": 1000 + n * 10 + u, "groups": ["adm", "sudo", f"g{u}"]}
                for u in range(4)
            ],
            "limits": {"connections": 100 + n, "timeout": 30 + n},
            "tags": {"site": f"dc{n % 4}", "rack": f"r{n}", "spare": "", "tier": "gold" if n % 2 else "silver"},
        }
    return result


def render(folder):
    sections = "".join(SECTION.format(n=n, name=f"service{n:03}") for n in range(100))
    write(folder, "template.j2", HEAD + sections)
    write(folder, "vars.json", json.dumps({"services": services(100)}))


SHAPES = [
    "{{{{ name{v} }}}}",
    "{{{{ server.host }}}}:{{{{ server.ports[{i}] }}}}",
    "{{{{ count + {n} }}}}",
    "{{{{ (count * {n}) // 3 - 1 }}}}",
    "{{{{ missing{v} | default('none{n}') }}}}",
    "{{{{ names | join(',') }}}}-{n}",
    "{{{{ name{v} | upper }}}}",
    "{{{{ server.host | replace('a', 'b{n}') }}}}",
    "{{{{ 'yes{n}' if enabled else 'no' }}}}",
    "{{{{ count > {n} and not enabled }}}}",
    "{{{{ 'b' in names }}}}",
    "{{{{ server['host'] ~ '-{n}' }}}}",
    "{{{{ names | length + {n} }}}}",
    "{{{{ users[{i}].name }}}}",
    "{{{{ users | map(attribute='name') | join(' ') }}}}",
    "{{{{ users | selectattr('uid', '>', {n}) | map(attribute='name') | list }}}}",
    "{{{{ '{n}' | int + count }}}}",
    "/srv/{{{{ name{v} }}}}/{{{{ server.host | lower }}}}/{n}.conf",
    "{{{{ server.host.split('.')[0] }}}}",
    "{{{{ names | first }}}}/{{{{ names | last }}}}/{n}",
    "{{{{ server.options.deep.value{i} }}}}",
    "{{{{ server.port is defined and server.port == {n} }}}}",
    "{{% if enabled %}}on-{n}{{% else %}}off{{% endif %}}",
    "{{% for n in names %}}{{{{ n }}}}{{{{ loop.index }}}} {{% endfor %}}{n}",
    "{{{{ {{'a': {n}, 'b': name{v}}} }}}}",
]


def expressions(folder):
    templates = [
        SHAPES[n % len(SHAPES)].format(n=n, v=n // len(SHAPES) % 8, i=n // len(SHAPES) % 3) for n in range(10_000)
    ]
    variables = {f"name{v}": f"value {v}" for v in range(8)}
    variables |= {
        "count": 42,
        "enabled": True,
        "names": ["a", "b", "c", "d"],
        "server": {
            "host": "Alpha.example.org",
            "port": 80,
            "ports": [80, 443, 8080],
            "options": {"deep": {"value0": 1, "value1": "two", "value2": 3.5}},
        },
        "users": [{"name": f"u{u}", "uid": 1000 * u} for u in range(6)],
    }
    write(folder, "templates.json", json.dumps(templates))
    write(folder, "vars.json", json.dumps(variables))


def chains(folder):
    """1,000 hosts; each host's last variable is made of fifty others, through group and host variables."""
    hosts = "\n".join(f"node{n:04} number={n}" for n in range(1000))
    write(folder, "hosts.ini", f"[nodes]\n{hosts}\n")
    lines = ["link00: \"{{ inventory_hostname }}-{{ number }}\""]
    for n in range(1, 50):
        way = ["{{ link%02d }}", "{{ link%02d | replace('zz', 'z') }}", "{{ link%02d ~ '' }}"][n % 3]
        lines.append(f"link{n:02}: \"{way % (n - 1)}\"")
    write(folder, "group_vars/nodes.yml", "\n".join(lines) + "\n")
    write(folder, "last", "{{ link49 }}")


def inventory(folder):
    """10,000 hosts in 200 groups, which have variables of their own; some groups have children."""
    lines = []
    for group in range(200):
        lines.append(f"[group{group:03}]")
        lines += [
            f"host{host:05} ansible_host=10.{host // 256 % 256}.{host % 256}.{group} ansible_port={2200 + host % 50}"
            for host in range(group * 50, group * 50 + 50)
        ]
    for parent in range(10):
        lines.append(f"[site{parent}:children]")
        lines += [f"group{group:03}" for group in range(parent * 20, parent * 20 + 20)]
    write(folder, "hosts.ini", "\n".join(lines) + "\n")
    write(folder, "group_vars/all.yml", "domain: example.org\nntp: [0.pool, 1.pool]\nlimits: {files: 1024, tasks: 512}\n")
    for group in range(200):
        write(
            folder,
            f"group_vars/group{group:03}.yml",
            f"number: {group}\nrole: role{group % 7}\npackages: [nginx, 'tool{group}']\n"
            f"settings:\n  cache: {group * 16}\n  enabled: {'yes' if group % 2 else 'no'}\n",
        )


def plan(folder):
    """200 roles of 25 tasks each: modules, blocks, conditions, loops, tags, handlers, defaults."""
    for role in range(200):
        name = f"role{role:03}"
        tasks = []
        for task in range(25):
            kind = task % 5
            title = f"- name: Task {task} of {name}\n"
            if kind == 0:
                body = f"  ansible.builtin.template:\n    src: t{task}.j2\n    dest: /etc/{name}/{task}.conf\n    mode: \"0644\"\n  notify: Restart {name}\n"
            elif kind == 1:
                body = f"  ansible.builtin.apt:\n    name: \"{{{{ item }}}}\"\n    state: present\n  loop: [a{task}, b, c]\n  tags: [packages]\n"
            elif kind == 2:
                body = f"  ansible.builtin.command: /usr/bin/tool --number {task}\n  when: {name}_enabled | default(true)\n  changed_when: false\n  register: out{task}\n"
            elif kind == 3:
                body = f"  ansible.builtin.file:\n    path: /srv/{name}/{task}\n    state: directory\n    owner: root\n  become: true\n"
            else:
                body = f"  ansible.builtin.debug:\n    msg: \"{name} {{{{ inventory_hostname }}}} {task}\"\n  tags: [always, report]\n"
            tasks.append(title + body)
        write(folder, f"roles/{name}/tasks/main.yml", "---\n" + "\n".join(tasks))
        write(folder, f"roles/{name}/handlers/main.yml", f"---\n- name: Restart {name}\n  ansible.builtin.service:\n    name: {name}\n    state: restarted\n")
        write(folder, f"roles/{name}/defaults/main.yml", f"---\n{name}_enabled: true\n{name}_port: {8000 + role}\n")
        for task in range(0, 25, 5):
            write(folder, f"roles/{name}/templates/t{task}.j2", f"port = {{{{ {name}_port }}}}\n")
    roles = "\n".join(f"    - role{role:03}" for role in range(200))
    write(folder, "site.yml", f"---\n- name: Everything\n  hosts: all\n  gather_facts: false\n  roles:\n{roles}\n")
    write(folder, "hosts.ini", "\n".join(f"web{n:02} ansible_connection=local" for n in range(20)) + "\n")


def write(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    kinds = {"render": render, "expressions": expressions, "chains": chains, "inventory": inventory, "plan": plan}
    if len(sys.argv) != 3 or sys.argv[1] not in kinds:
        sys.exit(f"usage: inputs.py {'|'.join(kinds)} FOLDER")
    os.makedirs(sys.argv[2], exist_ok=True)
    kinds[sys.argv[1]](sys.argv[2])
