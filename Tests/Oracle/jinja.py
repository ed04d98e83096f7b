#!/usr/bin/env python3
"""Records what ansible-core 2.19 makes of the template cases.

    python3 -m venv VENV && VENV/bin/pip install 'ansible-core==2.19.*' 'passlib==1.7.4'
    VENV/bin/python Tests/Oracle/jinja.py Tests/JinjaTests/Cases/*.in.json

Each NAME.in.json holds {"vars": {...}, "cases": [...]}; a case is a template's text, or an object with "text" and
"mode" ("template", "expression", "condition", "file"), its own "vars", or "options" for a file. NAME.out.json gets
one entry a case: {"value": ...} or {"error": "undefined" | "syntax" | "template"}.

In values, a float is {"float": "1.5"}, a number beyond 64 bits {"big": "…"}, and a map with keys that are no strings is {"map": [[key, value], ...]}.
"""
import datetime
import json
import os
import sys
import warnings

# The extensions that playbooks count on are off by default in 2.19; here they are always on.
os.environ["ANSIBLE_JINJA2_EXTENSIONS"] = "jinja2.ext.do,jinja2.ext.loopcontrols"

warnings.filterwarnings("ignore")

from ansible.utils.display import Display  # noqa: E402

Display().display = lambda *a, **k: None

from ansible import errors  # noqa: E402
from ansible._internal._datatag._tags import TrustedAsTemplate  # noqa: E402
from ansible._internal._templating._engine import TemplateEngine, TemplateOptions  # noqa: E402
from ansible._internal._templating._jinja_bits import TemplateOverrides  # noqa: E402
from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.plugins.loader import init_plugin_loader  # noqa: E402

init_plugin_loader([])


def trusted(value):
    if isinstance(value, str):
        return TrustedAsTemplate().tag(value)
    if isinstance(value, dict):
        if set(value) == {"unsafe"}:
            return value["unsafe"]
        if set(value) == {"map"}:
            return {k: trusted(v) for k, v in value["map"]}
        if set(value) == {"float"}:
            return float(value["float"])
        return {k: trusted(v) for k, v in value.items()}
    if isinstance(value, list):
        return [trusted(v) for v in value]
    return value


def encoded(value):
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if -2**63 <= value < 2**63 else {"big": str(value)}
    if isinstance(value, float):
        return {"float": repr(float(value))}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, dict):
        if all(isinstance(k, str) for k in value):
            return {str(k): encoded(v) for k, v in value.items()}
        return {"map": [[encoded(k), encoded(v)] for k, v in value.items()]}
    if isinstance(value, (list, tuple)):
        return [encoded(v) for v in value]
    if isinstance(value, datetime.datetime):
        return str(value)
    raise TypeError(type(value))


def run(case, variables):
    if isinstance(case, str):
        case = {"text": case}
    variables = dict(variables, **case.get("vars", {}))
    engine = TemplateEngine(loader=DataLoader(), variables=trusted(variables))
    text = trusted(case["text"])
    mode = case.get("mode", "template")
    try:
        if mode == "expression":
            result = engine.evaluate_expression(text)
        elif mode == "condition":
            result = engine.evaluate_conditional(text)
        elif mode == "file":
            overrides = TemplateOverrides.from_kwargs(case.get("options"))
            result = engine.template(text, options=TemplateOptions(escape_backslashes=False, overrides=overrides))
            result = "" if result is None else str(result)
        else:
            result = engine.template(text)
        return {"value": encoded(result)}
    except errors.AnsibleUndefinedVariable:
        return {"error": "undefined"}
    except errors.AnsibleTemplateSyntaxError:
        return {"error": "syntax"}
    except Exception as error:
        chain, current = "", error
        while current is not None:
            chain += type(current).__name__ + " "
            current = current.__cause__
        if "Undefined" in chain:
            return {"error": "undefined"}
        if "TemplateSyntaxError" in chain or "TemplateAssertionError" in chain:
            return {"error": "syntax"}
        return {"error": "template", "why": str(error)[:150]}


for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    results = [run(case, data.get("vars", {})) for case in data["cases"]]
    with open(path.replace(".in.json", ".out.json"), "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(r, ensure_ascii=False) for r in results) + "\n]\n")
    print(path, len(results), "cases,", sum("error" in r for r in results), "errors")
