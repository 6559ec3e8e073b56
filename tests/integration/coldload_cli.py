"""Runs the real coldload and reads what it leaves behind.

Every test works in a directory of its own below COLDLOAD_SCRATCH, on a real disk: on tmpfs nothing is ever cold.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BINARY = os.environ["COLDLOAD_BIN"]
SOURCE = os.environ["COLDLOAD_SOURCE"]
BUILD = os.environ["COLDLOAD_BUILD"]
SCRATCH = os.environ["COLDLOAD_SCRATCH"]
MISBEHAVING = os.path.join(BUILD, "lib/coldload/misbehaving")
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
# Children inherit it: it tells whose a process is.
MARK = "COLDLOAD_TEST_MARK"

sys.path.insert(0, os.path.join(SOURCE, "tests/support"))
import validate_result  # noqa: E402

SCHEMA = validate_result.read(os.path.join(SOURCE, "results/schema/result.schema.json"))
VALIDATOR = validate_result.Draft202012Validator(SCHEMA)

OK, USAGE, ENVIRONMENT, CASE_FAILED, INTEGRITY, INTERRUPTED = 0, 2, 3, 4, 5, 130

# Runs of seconds need neither ceilings nor a quiet machine; the main job has both.
HASTY = '[run]\nprobe = false\nrepetitions = {{ min = {0}, max = {0} }}\n{1}\n'


def hasty(repetitions=1, more=""):
    """A [run] section without probes."""
    return HASTY.format(repetitions, more)


class Finished:
    """What a process that ended left: exit status, stdout, stderr, and how long it took."""

    def __init__(self, process, out, err, seconds):
        self.code, self.out, self.err, self.seconds = process.returncode, out, err, seconds

    def __str__(self):
        return f"exit status {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


def environment(changes=None):
    """Ours, without what would change what coldload finds or prints."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("COLDLOAD_", "XDG_", "NO_COLOR"))}
    clean.update(changes or {})
    return clean


def run(arguments, stdin="", timeout=300, cwd=None, env=None, **more):
    """Runs a command to its end. A bytes `stdin` or text is what it reads."""
    began = time.monotonic()
    data = stdin.encode() if isinstance(stdin, str) else stdin
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               cwd=cwd, env=environment(env), start_new_session=True, **more)
    try:
        out, err = process.communicate(data, timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return Finished(process, out.decode(), err.decode(), time.monotonic() - began)


def processes_of(mark):
    """Living processes that were started, by us or by ours, with this mark in their environment."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                marked = wanted in file.read().split(b"\0")
        except OSError:
            continue
        if marked and alive(name):
            found.append(int(name))
    return found


def alive(pid):
    """Neither gone nor a zombie that only waits for whoever adopted it."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def until(condition, seconds):
    """Waits until condition() is true; says whether it came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


def metric(record, tag):
    return next((entry["value"] for entry in record["metrics"] if entry["tag"] == tag), None)


class CliTest(unittest.TestCase):
    """A test of the command line with a directory `self.dir` of its own."""

    maxDiff = None

    @classmethod
    def scratch(cls):
        os.makedirs(SCRATCH, exist_ok=True)
        directory = tempfile.mkdtemp(prefix=cls.__name__ + "-", dir=SCRATCH)
        cls.addClassCleanup(shutil.rmtree, directory, ignore_errors=True)
        return directory

    def setUp(self):
        os.makedirs(SCRATCH, exist_ok=True)
        self.dir = tempfile.mkdtemp(prefix=type(self).__name__ + "-", dir=SCRATCH)
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def write(self, name, content):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def coldload(self, *arguments, expect=OK, **more):
        """Runs coldload, and fails unless it ends with `expect`, one exit status or several."""
        finished = run([BINARY, *arguments], env={MARK: self.dir, **more.pop("env", {})}, **more)
        wanted = expect if isinstance(expect, tuple) else (expect,)
        if finished.code not in wanted:
            self.fail(f"coldload {' '.join(arguments)}: expected exit status {expect}, got {finished}")
        return finished

    def model(self, name="model", like="qwen2.5-0.5b", scale=0.05, **more):
        """A generated model below this test's directory; 302 MB unless told otherwise."""
        extra = [part for key, value in more.items() for part in (f"--{key}", str(value))]
        self.coldload("gen-model", self.path(name), "--like", like, "--scale", str(scale), *extra)
        return self.path(name)

    def small_model(self, name="model", shards=(3 * MIB + 17, MIB + 4099)):
        """Shards of these many bytes of U8 tensor data each: what the quick tests load."""
        for number, size in enumerate(shards, 1):
            header = json.dumps({f"t{number}": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
            block = os.urandom(64 * KIB)
            body = (block * (size // len(block) + 1))[:size]
            self.write(f"{name}/model-{number:05}-of-{len(shards):05}.safetensors",
                       len(header).to_bytes(8, "little") + header + body)
        index = {"metadata": {"total_size": sum(shards)},
                 "weight_map": {f"t{n}": f"model-{n:05}-of-{len(shards):05}.safetensors"
                                for n in range(1, len(shards) + 1)}}
        self.write(f"{name}/model.safetensors.index.json", json.dumps(index))
        self.write(f"{name}/config.json", "{}")
        os.sync()
        return self.path(name)

    def scenario(self, text, name="scenario.toml"):
        return self.write(name, "schema = 1\nname = \"test\"\n" + text)

    def document(self, directory):
        """result.json of a run, valid by the schema."""
        path = os.path.join(directory, "result.json")
        self.assertEqual(validate_result.mistakes_of(path, VALIDATOR), [])
        return validate_result.read(path)

    def run_scenario(self, text, *arguments, expect=OK, out="run", **more):
        """Runs a scenario; returns how it ended and its document."""
        file = self.scenario(text)
        finished = self.coldload(*more.pop("before", ()), "run", file, "--out", self.path(out), *arguments,
                                 expect=expect, **more)
        return finished, self.document(self.path(out))

    def statuses(self, document):
        return {case["id"]: case["status"] for case in document["cases"]}

    def runs_of(self, document, case):
        return [entry for entry in document["runs"] if entry["case"] == case]

    def needs_root(self):
        # Failing, not skipping: a suite that silently leaves this out has not tested it.
        if os.geteuid() != 0:
            self.fail("this test needs root, for a mount namespace or a memory cgroup: run the suite with sudo")
