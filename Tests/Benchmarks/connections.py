"""What the benchmarks of connections are made of.

    connections.py play FOLDER TARGET      a playbook of 50 mixed tasks (play.yml), and the same for pyinfra (deploy.py)
    connections.py limit COUNT COMMAND...  COUNT requests, one after the other's answer, through one bare `sh` that
                                           COMMAND starts; prints the seconds
    connections.py proxy PORT TO MS FILE   forwards 127.0.0.1:PORT to 127.0.0.1:TO, MS milliseconds late in each
                                           direction; writes its process number into FILE once it listens
    connections.py trips REPORT            the round trips that a JSON report counts
"""

import asyncio
import json
import os
import subprocess
import sys
import time


def play(folder, target):
    os.makedirs(folder, exist_ok=True)
    tasks, deploy = [], ["from pyinfra.operations import files, server"]
    for n in range(10):
        tasks.append(f"    - file: {{path: {target}/d{n}, state: directory, mode: '0750'}}")
        deploy.append(f"files.directory(path='{target}/d{n}', mode='750')")
    for n in range(10):
        tasks.append(f"    - copy: {{content: \"text {n}\\n\", dest: {target}/d{n}/c, mode: '0640'}}")
        deploy.append(f"files.put(src=__import__('io').StringIO('text {n}\\n'), dest='{target}/d{n}/c', mode='640')")
    with open(f"{folder}/t.j2", "w") as file:
        file.write("number = {{ number }}\nhost = here\n")
    for n in range(8):
        tasks.append(f"    - template: {{src: t.j2, dest: {target}/d{n}/t, mode: '0644'}}\n      vars: {{number: {n}}}")
        deploy.append(f"files.template(src='{folder}/t.j2', dest='{target}/d{n}/t', mode='644', number={n})")
    for n in range(8):
        tasks.append(f"    - lineinfile: {{path: {target}/lines, line: 'line {n}', create: true}}")
        deploy.append(f"files.line(path='{target}/lines', line='line {n}')")
    for n in range(6):
        tasks.append(f"    - file: {{src: {target}/d{n}/c, dest: {target}/l{n}, state: link}}")
        deploy.append(f"files.link(path='{target}/l{n}', target='{target}/d{n}/c')")
    for n in range(8):
        tasks.append(f"    - command: test -e {target}/d{n}/c\n      changed_when: false")
        deploy.append(f"server.shell(commands=['test -e {target}/d{n}/c'])")
    assert len(tasks) == 50
    with open(f"{folder}/play.yml", "w") as file:
        file.write("- hosts: all\n  gather_facts: false\n  tasks:\n" + "\n".join(tasks) + "\n")
    with open(f"{folder}/deploy.py", "w") as file:
        file.write("\n".join(deploy) + "\n")


def limit(count, command):
    begin = time.monotonic()
    shell = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for number in range(count):
        # What a converged task asks at the least: the state of a path, and a sum of what is in it.
        shell.stdin.write(f"stat -c %a%u%g%s /etc/passwd; sha1sum /etc/passwd; echo done {number}\n".encode())
        shell.stdin.flush()
        while shell.stdout.readline() != f"done {number}\n".encode():
            pass
    shell.stdin.close()
    shell.wait()
    print(f"{time.monotonic() - begin:.3f}")


async def carry(reader, writer, delay):
    queue = asyncio.Queue()

    async def deliver():
        while (item := await queue.get()) is not None:
            due, data = item
            await asyncio.sleep(max(0, due - asyncio.get_running_loop().time()))
            writer.write(data)
            await writer.drain()
        writer.close()

    task = asyncio.create_task(deliver())
    try:
        while data := await reader.read(65536):
            queue.put_nowait((asyncio.get_running_loop().time() + delay, data))
    except ConnectionError:
        pass
    queue.put_nowait(None)
    await asyncio.gather(task, return_exceptions=True)


async def proxy(port, to, delay, path):
    async def take(reader, writer):
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", to)
        await asyncio.gather(carry(reader, inner_writer, delay), carry(inner_reader, writer, delay))

    async with await asyncio.start_server(take, "127.0.0.1", port) as server:
        with open(path, "w") as file:
            file.write(str(os.getpid()))
        await server.serve_forever()


def trips(path):
    with open(path) as file:
        for line in file:
            event = json.loads(line)
            if event["event"] == "recap":
                print(sum(host["round_trips"] + host["connect_round_trips"] for host in event["hosts"].values()))


kind, rest = sys.argv[1], sys.argv[2:]
if kind == "play":
    play(*rest)
elif kind == "limit":
    limit(int(rest[0]), rest[1:])
elif kind == "proxy":
    asyncio.run(proxy(int(rest[0]), int(rest[1]), float(rest[2]) / 1000, rest[3]))
elif kind == "trips":
    trips(rest[0])
else:
    sys.exit(__doc__)
