#!/usr/bin/env python3
"""Compares what we compute with numbers with what Jinja2 does, on expressions made by chance.

    VENV/bin/python Tests/Fuzz/compare_numbers.py DRIVER [COUNT [SEED]]

DRIVER is the FuzzDriver, COUNT how many expressions there are (20000). Prints each that differs, and how many did.
"""
import random
import subprocess
import sys
import tempfile

import jinja2.nativetypes

driver = sys.argv[1]
count = int(sys.argv[2]) if len(sys.argv) > 2 else 20000
seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(10**6)
chance = random.Random(seed)
# Folding constants writes infinity into Python's source, where it is an unknown name.
environment = jinja2.nativetypes.NativeEnvironment(optimized=False)

EDGES = [0, 1, 2, 3, 7, 10, 60, 255, 2**31, 2**32, 2**53, 2**62, 2**63, 2**64, 2**65, 2**96, 2**127, 2**128, 2**192,
         2**1023, 2**1024, 10**18, 10**19, 10**22, 10**23, 10**30, 10**308, 10**400]


def integer():
    kind = chance.randrange(4)
    if kind == 0:
        value = chance.choice(EDGES) + chance.randint(-3, 3)
    elif kind == 1:
        value = chance.getrandbits(chance.choice([3, 8, 31, 53, 54, 62, 63, 64, 65, 66, 128, 129, 300, 1100]))
    elif kind == 2:
        # Few ones, at the places where floats round.
        value = sum(1 << chance.randrange(200) for _ in range(chance.randint(1, 3))) + chance.randint(-1, 1)
    else:
        value = chance.randint(0, 20)
    return value if chance.random() < 0.6 else -value


def floating():
    kind = chance.randrange(5)
    if kind == 0:
        return repr(float(chance.choice(EDGES[:-1])) if kind else 0.5)
    if kind == 1:
        return repr(chance.uniform(-100, 100))
    if kind == 2:
        return repr(chance.choice([0.0, -0.0, 0.1, 0.5, -0.5, 1e16, 1e22, 1e23, 5e-324, 1.7e308, -2.5]))
    if kind == 3:
        return repr(float(chance.randint(-10, 10)))
    return repr(float(min(abs(integer()), 10**308)))


def number():
    if chance.random() < 0.2:
        text = floating()
    elif chance.random() < 0.05:
        text = chance.choice(["true", "false"])
    else:
        value = integer()
        text = ("-" if value < 0 else "") + chance.choice([str, str, str, hex])(abs(value))
    return f"({text})" if text.startswith("-") else text


def expression(depth=0):
    kind = chance.random()
    if depth > 2 or kind < 0.3:
        return number()
    left, right = expression(depth + 1), expression(depth + 1)
    if kind < 0.75:
        return f"({left} {chance.choice(['+', '-', '*', '/', '//', '%', '//', '%', '/'])} {right})"
    if kind < 0.8:
        return f"({left} ** {chance.randint(-3, 40)})"
    if kind < 0.88:
        return f"({left} {chance.choice(['<', '<=', '>', '>=', '==', '!='])} {right})"
    if kind < 0.9:
        return f"(-{left})"
    return chance.choice([
        f"({left} | abs)", f"({left} | int)", f"({left} | float)", f"({left} | string)", f"({left} | round)",
        f"({left} | round({chance.randint(-25, 3)}))", f"('%d' % ({left},))", f"('%x' % ({left},))",
        f"('%o' % ({left},))", f"('%.3e' % ({left},))", f"({left} | string | int)", f"([{left}, {right}] | max)",
        f"([{left}, {right}, {number()}] | sort)", f"([{left}, {right}] | sum)", f"({left} in [{right}, {left}])",
        f"({left} is divisibleby {right})", f"({left} is even)", f"({left} ~ '')", f"([1, 2, 3, 4][:{left}])",
        f"('{{:,}}'.format({left}))", f"(({left}).bit_length())", f"({left} | filesizeformat)",
        f"({left} | round({chance.randint(-5, 25)}, '{chance.choice(['ceil', 'floor'])}'))",
    ])


def theirs(text):
    try:
        value = environment.compile_expression(text, undefined_to_none=False)()
        if isinstance(value, complex) or isinstance(value, jinja2.Undefined):
            return "error"
        return repr(value)
    except Exception:
        return "error"


texts = [expression() for _ in range(count)]
with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
    file.write("\n".join(texts) + "\n")
    file.flush()
    ours = subprocess.run([driver, "evaluate", file.name], stdout=subprocess.PIPE, check=True, text=True)
answers = ours.stdout.split("\n")[:-1]
if len(answers) != count:
    sys.exit(f"{len(answers)} answers to {count} expressions")
wrong = errors = 0
for text, answer in zip(texts, answers):
    wanted = theirs(text)
    errors += wanted == "error"
    if answer != wanted:
        wrong += 1
        if wrong <= 40:
            print(f"{text}\n    theirs {wanted[:200]}\n    ours   {answer[:200]}")
print(f"{count} expressions, seed {seed}: {wrong} differ; {errors} are errors there")
sys.exit(1 if wrong else 0)
