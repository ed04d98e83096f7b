"""Writes what a run did, a line an event, in the words of Tests/EngineTests/RunFixture.swift."""
import json
import os

from ansible.playbook.handler import Handler
from ansible.playbook.task_include import TaskInclude
from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "recorder"

    def put(self, line):
        with open(os.environ["RECORDING"], "a") as file:
            file.write(line.replace(os.environ["RECORDED_FOLDER"], "DIR") + "\n")

    def text(self, value):
        return json.dumps(value, sort_keys=True, default=str)

    # Where hosts go their own ways, each line says whose it is, and a task is named before a host's first result.
    free = False
    titles = {}

    def title(self, result):
        name = f"{'handler' if isinstance(result.task, Handler) else 'task'} {result.task.get_name().strip()}"
        if self.free and self.titles.get(result.host.name) != name:
            self.titles[result.host.name] = name
            self.put(f"{result.host.name} {name}")

    def tell(self, result, status, ignored=False, item=False):
        self.title(result)
        values = result.result
        line = f"item {result.host.name} {status}" if item else f"{result.host.name} {status}"
        if item:
            line += " " + self.text(self._get_item_label(values))
        if ignored:
            line += " ignored"
        action = result.task.action.split(".")[-1]
        if action == "debug" and status == "ok" and "msg" in values and "results" not in values:
            line += " " + self.text(values["msg"])
        self.put(line)

    def v2_playbook_on_play_start(self, play):
        self.free = play.strategy.split(".")[-1] in ("free", "host_pinned")
        self.titles = {}
        self.put(f"play {play.get_name().strip()}")

    def v2_playbook_on_no_hosts_matched(self):
        self.put("no hosts matched")

    def v2_playbook_on_no_hosts_remaining(self):
        self.put("no hosts left")

    last_task = None

    def v2_playbook_on_task_start(self, task, is_conditional):
        # Some meta tasks are announced host by host; once is enough.
        if task._uuid == self.last_task and task.action.split(".")[-1] == "meta":
            return
        self.last_task = task._uuid
        if self.free:
            return
        self.put(f"{'handler' if isinstance(task, Handler) else 'task'} {task.get_name().strip()}")

    v2_playbook_on_cleanup_task_start = lambda self, task: self.v2_playbook_on_task_start(task, False)

    def v2_playbook_on_handler_task_start(self, task):
        if task._uuid == self.last_task and task.action.split(".")[-1] == "meta":
            return
        self.last_task = task._uuid
        if not self.free:
            self.put(f"handler {task.get_name().strip()}")

    def v2_playbook_on_include(self, included):
        hosts = ", ".join(sorted(host.name for host in included._hosts))
        if self.free:
            for host in included._hosts:
                self.put(f"{host.name} included {os.path.basename(included._filename)}")
            return
        self.put(f"included {os.path.basename(included._filename)} for {hosts}")

    def v2_runner_on_ok(self, result):
        if isinstance(result.task, TaskInclude):
            return
        self.tell(result, "changed" if result.result.get("changed") else "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.tell(result, "failed", ignored=ignore_errors)

    def v2_runner_on_skipped(self, result):
        self.tell(result, "skipped")

    def v2_runner_on_unreachable(self, result):
        self.tell(result, "unreachable")

    def v2_runner_item_on_ok(self, result):
        if isinstance(result.task, TaskInclude):
            return
        self.tell(result, "changed" if result.result.get("changed") else "ok", item=True)

    def v2_runner_item_on_failed(self, result):
        self.tell(result, "failed", item=True)

    def v2_runner_item_on_skipped(self, result):
        self.tell(result, "skipped", item=True)

    def v2_runner_retry(self, result):
        # How often a job is asked about depends on how long it takes.
        if result.task.action.endswith("async_status"):
            return
        self.title(result)
        self.put(f"retry {result.host.name}")

    def v2_playbook_on_stats(self, stats):
        recap = {}
        for host in sorted(stats.processed):
            counts = stats.summarize(host)
            recap[host] = " ".join(
                f"{name}={counts[key]}"
                for name, key in [
                    ("ok", "ok"), ("changed", "changed"), ("unreachable", "unreachable"), ("failed", "failures"),
                    ("skipped", "skipped"), ("rescued", "rescued"), ("ignored", "ignored"),
                ])
        self.put("recap " + json.dumps(recap, sort_keys=True))
