"""Prepares the cases of record_modules.py before their tasks, and writes down what their tasks did."""
import grp
import hashlib
import json
import os
import pwd
import re
import shlex
import stat
import subprocess

from ansible.plugins.callback import CallbackBase

# What no two runs have in common, and what is said about the machinery rather than by the module.
VOLATILE = {
    "invocation", "diff", "warnings", "deprecations", "exception", "start", "end", "delta", "elapsed", "atime", "mtime",
    "ctime", "inode", "dev", "version", "attributes", "attr_flags", "failed", "changed", "skipped", "skip_reason",
    "ansible_facts", "failed_when_result", "failed_when_suppressed_exception", "cookies", "cookies_string", "date",
    "stdout_lines", "stderr_lines", "block_size", "blocks", "nlink", "device_type", "module_stdout", "module_stderr", "extract_results",
}
BACKUP = re.compile(r"\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~")


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "module_recorder"

    def __init__(self):
        super().__init__()
        with open(os.environ["CASES"]) as file:
            self.cases = json.load(file)
        self.base = os.environ["CASES_BASE"]
        self.records = {}
        # Whoever runs the cases is no part of what is recorded.
        user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
        self.own = [("uid", os.getuid()), ("gid", os.getgid()), ("owner", user), ("group", group),
                    ("pw_name", user), ("gr_name", group)]

    def folder(self, number):
        return f"{self.base}/{number}"

    def shell(self, text, folder):
        program = os.environ["CASES_PROGRAM"]
        script = f"umask 022; mkdir -p {folder}; cd {folder} || exit 1\n" + text.replace("$T", folder)
        words = shlex.split(program) if program else ["sh"]
        return subprocess.run(words, input=script, capture_output=True, text=True)

    def v2_playbook_on_task_start(self, task, is_conditional):
        number, step = task.get_name().split()[-2:]
        if step != "check":
            return
        prepared = self.shell(self.cases[int(number)].get("prepare") or "", self.folder(number))
        if prepared.returncode != 0:
            self._display.display(f"prepare of {number} failed: {prepared.stderr}")

    def put(self, result, status):
        number, step = result.task.get_name().split()[-2:]
        record = self.records.setdefault(number, {})
        record[step] = status
        folder = self.folder(number)
        values = result.result
        if step == "check":
            differences = values.get("diff") or []
            differences = differences if isinstance(differences, list) else [differences]
            for difference in differences:
                texts = [difference.get("before", ""), difference.get("after", "")]
                if all(isinstance(text, str) for text in texts) and any(texts):
                    record["diff"] = [self.neutral(text, folder) for text in texts]
                    break
        if step == "run":
            if status == "failed":
                record["error"] = self.neutral(str(values.get("msg", ""))[:300], folder)
            else:
                record["values"] = self.kept(values, folder)
            if not os.environ["CASES_PROGRAM"] and not self.cases[int(number)].get("ignore_state"):
                record["state"] = self.state(folder)
        with open(os.environ["RECORDING"], "w") as file:
            json.dump(self.records, file)

    def kept(self, value, folder):
        if isinstance(value, dict):
            return {
                self.neutral(str(key), folder): self.kept(item, folder) for key, item in value.items()
                if key not in VOLATILE and not str(key).startswith("_ansible") and (str(key), item) not in self.own
                and not (isinstance(item, str) and ".ansible/tmp" in item)
                # How large a directory is depends on the file system.
                and not (key == "size" and value.get("state") == "directory")
            }
        if isinstance(value, (list, tuple)):
            items = [self.kept(item, folder) for item in value]
            # What a directory holds comes in no order.
            if items and all(isinstance(item, dict) and "path" in item for item in items):
                items.sort(key=lambda item: item["path"])
            return items
        return self.neutral(value, folder) if isinstance(value, str) else value

    def neutral(self, text, folder):
        return BACKUP.sub(".BACKUP~", text.replace(folder, "$T"))

    def state(self, folder):
        lines = []
        for top, folders, files in os.walk(folder):
            for name in folders + files:
                path = os.path.join(top, name)
                info = os.lstat(path)
                shown = self.neutral(os.path.relpath(path, folder), folder)
                kind = {stat.S_IFREG: "f", stat.S_IFDIR: "d", stat.S_IFLNK: "l"}.get(stat.S_IFMT(info.st_mode), "s")
                owner = "" if (info.st_uid, info.st_gid) == (os.getuid(), os.getgid()) else f"{info.st_uid}:{info.st_gid}"
                content = ""
                if kind == "f":
                    with open(path, "rb") as file:
                        content = hashlib.sha1(file.read()).hexdigest()
                elif kind == "l":
                    content = self.neutral(os.readlink(path), folder)
                mode = "" if kind == "l" else format(stat.S_IMODE(info.st_mode), "o")
                lines.append(f"{shown} {kind} {mode} {owner} {content}")
        return sorted(lines)

    def v2_runner_on_ok(self, result):
        self.put(result, "changed" if result.result.get("changed") else "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.put(result, "failed")

    def v2_runner_on_skipped(self, result):
        self.put(result, "skipped")

    def v2_runner_on_unreachable(self, result):
        self.put(result, "unreachable")
