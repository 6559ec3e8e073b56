"""Renders bootstrap scripts from plans and runs them in a throw-away tree."""

import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys

from coldload_cli import BINARY, MARK, SOURCE, CliTest, environment, processes_of, run, until
from servers import free_port

RENDER = os.environ["COLDLOAD_RENDER_BOOTSTRAP"]
SERVER = os.path.join(SOURCE, "tests/support/health_server.py")
USAGE, TOOL, MOUNT, LOCKED, SPACE, COPY, FOREIGN, CORRUPT, MODEL, NOT_READY, ENDED = 2, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19
OWN_MANIFEST = ".coldload-bootstrap-manifest"


def tree(directory):
    """Everything below a directory that a change would show in: names, inodes, times, sizes, contents."""
    found = {}
    for folder, names, files in os.walk(directory):
        for name in names + files:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            content = ""
            if os.path.islink(path):
                content = os.readlink(path)
            elif os.path.isfile(path):
                content = digest(path)
            found[os.path.relpath(path, directory)] = (status.st_ino, status.st_mtime_ns, status.st_size, content)
    return found


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def contents(directory):
    """{name: digest} of a model's files, manifests left out; a link is what it leads to."""
    found = {}
    for folder, _, files in os.walk(directory):
        for name in files:
            path = os.path.join(folder, name)
            if not name.startswith(".coldload"):
                found[os.path.relpath(path, directory)] = digest(path)
    return found


class BootstrapTest(CliTest):
    """A source in lake/model, a target nvme/, and a plan of a staged home that a test changes as it needs."""

    with_coldload = False

    def setUp(self):
        super().setUp()
        self.source = self.small_model("lake/model")
        self.target = self.path("nvme")
        os.makedirs(self.target)
        self.root = os.path.join(self.target, "model")
        self.port = free_port()
        self.addCleanup(self.end_processes)

    def end_processes(self):
        for pid in processes_of(self.dir):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it ended by itself meanwhile

    def weights(self, directory=None):
        directory = directory or self.source
        return sum(os.path.getsize(os.path.join(directory, name)) for name in os.listdir(directory)
                   if name.endswith(".safetensors"))

    def staged(self, **changes):
        return {"home": "staged", "scenario": "test", "run_id": "run-1", "model_name": "model",
                "model_bytes": self.weights(), "source": self.source, "target_root": self.target, **changes}

    def in_place(self, **changes):
        return {"home": "local_disk", "scenario": "test", "run_id": "run-1", "model_name": "model",
                "model_bytes": self.weights(), "model_directory": self.source, **changes}

    def served(self, *flags, **changes):
        """A plan with the stand-in as its service."""
        return {"argv": ["python3", SERVER, "{port}", self.path("report"), *flags, "--model", "{model}"],
                "port": self.port, "health": "/health", "ready_timeout_ns": 60_000_000_000, **changes}

    def report(self):
        with open(self.path("report"), encoding="utf-8") as file:
            return json.load(file)

    def render(self, plan, what="script", name="bootstrap.sh"):
        done = subprocess.run([RENDER, what, self.path(name)], input=json.dumps(plan).encode(), capture_output=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.write(name if what == "script" else "bootstrap.service", done.stdout)

    def variables(self, **more):
        os.makedirs(self.path("runtime"), exist_ok=True)
        given = {MARK: self.dir, "RUNTIME_DIRECTORY": self.path("runtime"), **more}
        if self.with_coldload:
            given.setdefault("COLDLOAD", BINARY)
        return given

    def bootstrap(self, plan, *arguments, expect=0, before="", env=None, timeout=120):
        """Runs a plan's script; with `before` in a mount namespace of its own after these lines of shell."""
        script = self.render(plan)
        command = ["bash", script, *arguments]
        if before:
            self.needs_root()
            command = ["unshare", "--mount", "--propagation", "private", "bash", "-euc",
                       before + "\nexec " + " ".join(map(shlex.quote, command))]
        finished = run(command, cwd=self.dir, env=self.variables(**(env or {})), timeout=timeout)
        self.assertEqual(finished.code, expect, str(finished))
        if expect not in (0, 143) and "warning: " not in finished.err:
            # One sentence, whatever went wrong.
            self.assertEqual(finished.err.count("\n"), 1, str(finished))
        return finished

    def start(self, plan, *arguments, env=None, **more):
        """Begins a plan's script and leaves it running; it is ended with the test."""
        process = subprocess.Popen(["bash", self.render(plan), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, cwd=self.dir, env=environment(self.variables(**(env or {}))), **more)
        self.addCleanup(self.collect, process)
        return process

    def collect(self, process):
        if process.poll() is None:
            process.kill()
        # What a killed script leaves holds its output open.
        self.end_processes()
        process.communicate(timeout=60)

    def wait_for(self, process, text):
        """Reads what a script says until `text` stands in it."""
        said = ""
        while text not in said:
            line = process.stdout.readline().decode(errors="replace")
            if not line:
                self.fail(f"it ended, and never said {text!r}: {said}{process.stderr.read().decode()}")
            said += line
        return said

    def ended(self, process, seconds=60):
        """Waits for the end of a script: its status and what it still said."""
        out, err = process.communicate(timeout=seconds)
        return process.returncode, out.decode(errors="replace"), err.decode(errors="replace")

    def assert_nothing_runs(self):
        self.assertTrue(until(lambda: not processes_of(self.dir), 10), processes_of(self.dir))

    def versions(self):
        return sorted(name for name in os.listdir(self.root) if not name.startswith(".") and name != "current")

    def current(self):
        return os.path.join(self.root, os.readlink(os.path.join(self.root, "current")))

    def tools_without(self, *missing):
        """A PATH with every program of this machine but some."""
        directory = self.path("bin")
        os.makedirs(directory, exist_ok=True)
        for folder in ("/usr/sbin", "/usr/bin", "/bin", "/sbin"):
            for name in os.listdir(folder):
                link = os.path.join(directory, name)
                if name not in missing and not os.path.lexists(link):
                    os.symlink(os.path.join(folder, name), link)
        return directory
