"""show_stage.py - what a row of a scene plays on: generated files, the hub and relayd, a folder for
the download, and the measuring of one command."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path

import rounds
import tools
from origin import make_dataset

REPO = "show/data"


class Server:
    """A program that prints where it is and ends with its stdin."""

    def __init__(self, command):
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.said = self.process.stdout.readline().strip()
        if not self.said:
            raise OSError(f"'{command[0]}' does not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Stage:
    """For one scene; its files are made once."""

    def __init__(self, args, scratch):
        self.args, self.scratch = args, scratch
        self.programs = args.programs
        self.round = 0

    def data(self, count, each):
        """Generated files with nothing beside them, as the repo has them."""
        made = make_dataset(self.scratch / "data", count, each, self.programs)
        folder = self.scratch / "repo" / made.folder.name
        if not folder.is_dir():
            folder.mkdir(parents=True)
            for name in made.digests:
                os.link(made.folder / name, folder / name)
        return replace(made, folder=folder)

    @contextlib.contextmanager
    def run(self):
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self.scratch))
        try:
            with contextlib.ExitStack() as servers:
                yield Run(self, folder, servers)
        finally:
            shutil.rmtree(folder)


@dataclass
class Run:
    """One run of one row: servers, home and target are its own."""

    stage: Stage
    folder: Path
    servers: contextlib.ExitStack
    data: object = None
    endpoint: str = None

    def serve(self, data, *hub_options, relay=()):
        """The hub with these files, behind relayd when it has options; returns self."""
        self.data = data
        filled = ["--dir", f"{REPO}={data.folder}"] if data else []
        self.endpoint = self._start("hubd", "--until-eof", "--one-origin", *filled, *hub_options)
        if relay:
            to = self.endpoint.removeprefix("http://")
            self.endpoint = "http://" + self._start("relayd", "--to", to, *relay)
        return self

    def _start(self, program, *options):
        server = Server([self.stage.programs / program, *options])
        return self.servers.enter_context(server).said

    @property
    def out(self):
        return self.folder / "out"

    @property
    def url(self):
        return f"{self.endpoint}/{REPO}/resolve/main/"

    def signed(self, name):
        """Where the bytes of a file are, past the redirect."""
        request = urllib.request.Request(self.url + name, method="HEAD")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request) as reply:
            return reply.url

    def job(self, out=None):
        work = Path(tempfile.mkdtemp(prefix="work-", dir=self.folder))
        return tools.Job(self.data, self.url, None, out or self.out, work, self.stage.programs,
                         self.stage.programs / "shardfetch")

    def get(self, *options, out=None):
        """Our command for the whole repo."""
        return [self.stage.programs / "shardfetch", "get", REPO, "--endpoint", self.endpoint,
                "--local-dir", out or self.out, *options]

    def measure(self, command, outs=None, whole=True):
        """wall_s, cpu_s and problem of one command, whose files are compared when it should have
        fetched them all."""
        self.out.mkdir(exist_ok=True)
        sample, said = rounds.measured(command, self.job(), self.stage.args.limit)
        if sample["exit"]:
            return {"problem": f"exit {sample['exit']}: {said}", "value": None}
        sample["cpu_s"] = sample["user_s"] + sample["sys_s"]
        for out in (outs or [self.out]) if whole else []:
            problem = self.data.problem_in(out)
            if problem:
                return {"problem": problem, "value": None}
        sample["problem"] = None
        return sample

    def events(self, command, until_ms=None):
        """The event stream of one command of ours; ended (SIGTERM) once a progress event is that
        late."""
        job = self.job()
        process = subprocess.Popen([*map(str, command), "--json", "--progress", "none"],
                                   env=tools.environment(job), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        events = []
        try:
            for line in process.stdout:
                events.append(json.loads(line))
                if until_ms and events[-1]["mono_ms"] >= until_ms:
                    process.send_signal(signal.SIGTERM)
                    until_ms = None
        finally:
            process.stdout.close()
            if process.poll() is None:
                process.wait(self.stage.args.limit)
        return events
