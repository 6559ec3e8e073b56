"""Strategy `command`: real programs load the model, say that they are ready in each way, fail in each way, and none of
them is left."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import unittest

from coldload_cli import (BINARY, CASE_FAILED, ENVIRONMENT, INTERRUPTED, MARK, MIB, OK, USAGE, CliTest, environment,
                          hasty, metric, processes_of, until)

PYTHON = sys.executable

# Reads every shard, as an eager loader does, and says how long that took.
LOADER = """
import glob, sys, time
began = time.monotonic()
total = 0
for name in sorted(glob.glob(sys.argv[1] + "/*.safetensors")):
    with open(name, "rb", buffering=0) as file:
        while block := file.read(1 << 20):
            total += len(block)
print(f"Loading weights took {time.monotonic() - began:.6f} seconds")
print(f"read {total} bytes", flush=True)
"""

# Loads, sleeps, then answers /health with 200; 503 before that. Writes when it became ready.
SERVER = LOADER + """
import http.server, os, threading
class Answer(http.server.BaseHTTPRequestHandler):
    ready = False
    def do_GET(self):
        self.send_response(200 if Answer.ready and self.path == "/health" else 503)
        self.end_headers()
    def log_message(self, *_):
        pass
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[2])), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
time.sleep(float(sys.argv[3]))
Answer.ready = True
with open(sys.argv[4], "a") as file:
    print(time.monotonic_ns(), file=file)
print("Application startup complete.", flush=True)
signal = __import__("signal")
signal.pause()
"""

# Leaves a grandchild behind, in a session of its own and deaf to SIGTERM, and becomes ready.
DAEMON = """
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("daemon up", flush=True)
        time.sleep(1000)
    os._exit(0)
time.sleep(1000)
"""


class CommandTest(CliTest):
    def program(self, name, text):
        return self.write(name, text)

    def scenario_of(self, strategy, compare="", more=""):
        """The small model on a local disk, loaded by a program."""
        return (f'[model]\npath = "model"\n[backend.disk]\nplugin = "local"\nroot = "{self.dir}"\n'
                f'[strategy.loader]\nplugin = "command"\n{strategy}\n{compare}' + hasty(1, more))

    def argv(self, *arguments):
        return "argv = " + json.dumps([PYTHON, *arguments])

    def run_program(self, strategy, expect=OK, compare="", more="", **options):
        finished, document = self.run_scenario(self.scenario_of(strategy, compare, more), "--allow-commands",
                                               expect=expect, **options)
        self.assert_nothing_left()
        return finished, document

    def assert_nothing_left(self):
        """No process that was started by this test, however often it forked, is alive."""
        self.assertEqual(processes_of(self.dir), [])

    def failed_run(self, strategy, **options):
        """The reason of the run of a case that fails."""
        _, document = self.run_program(strategy, expect=CASE_FAILED, **options)
        self.assertEqual(document["cases"][0]["status"], "failed")
        return document["runs"][-1]["reason"]


class Readiness(CommandTest):
    def setUp(self):
        super().setUp()
        self.small_model()
        self.model_bytes = sum(os.path.getsize(self.path("model", name)) for name in os.listdir(self.path("model"))
                               if name.endswith(".safetensors"))

    def assert_proved(self, document):
        case = document["cases"][0]
        self.assertEqual((case["status"], case["external"]), ("ok", True))
        for entry in document["runs"]:
            self.assertEqual(entry["status"], "ok", entry)
            self.assertEqual((entry["proof"]["kind"], entry["proof"]["valid"]), ("residency+bytes", True), entry["proof"])
            self.assertLessEqual(entry["proof"]["resident_before"], 0.01)
            self.assertGreaterEqual(entry["bytes"]["device"], self.model_bytes)
            self.assertEqual(entry["bytes"]["delivered"], 0, "nothing passed through the host")
            self.assertEqual(entry["checksum"], "")
            for tag in ("first_byte_ns", "cpu_user_ns", "rss_peak_bytes", "faults_major"):
                self.assertIsNone(metric(entry, tag), f"{tag} would be the waiting worker's")
            # The clock is from launch to ready, and what the host does around it.
            self.assertGreater(entry["load_ns"], metric(entry, "command/ready_ns"))
            self.assertLess(entry["load_ns"], metric(entry, "command/ready_ns") + 1e9, "loose: the machine may be busy")

    def test_by_exit(self):
        finished, document = self.run_program(
            self.argv(self.program("loader.py", LOADER), "{model}") +
            '\nphases = { weights = "Loading weights took ([0-9.]+) (seconds)" }')
        self.assert_proved(document)
        entry = document["runs"][-1]
        self.assertEqual(entry["evidence"]["ready"], "exit")
        self.assertEqual(entry["evidence"]["ended_by"], "itself")
        self.assertEqual(entry["evidence"]["model"], self.path("model"))
        self.assertIn(f"read {self.model_bytes} bytes", entry["output"])
        self.assertGreater(metric(entry, "command/weights_ns"), 0)
        self.assertLess(metric(entry, "command/weights_ns"), metric(entry, "command/ready_ns"))
        row = next(line for line in finished.out.splitlines() if line.startswith("disk/loader/stream/cold"))
        self.assertIn("residency+bytes", row)
        self.assertIn("external: another program reads, and is timed until it is ready", finished.out)

    def test_by_http(self):
        moments = self.path("moments")
        _, document = self.run_program(
            self.argv(self.program("server.py", SERVER), "{model}", "{port}", "0.3", moments) +
            '\nhealth = "/health"\npreset = "vllm"')
        self.assert_proved(document)
        for entry in document["runs"]:
            self.assertEqual((entry["evidence"]["ready"], entry["evidence"]["ended_by"]), ("http", "SIGTERM"))
            self.assertGreater(entry["evidence"]["health_requests"], 1)
            self.assertEqual(entry["evidence"]["phases_without_line"], "model,compile,capture,engine")
            # Loose: how near it is to the truth is measured by `./dev bench command`.
            self.assertGreater(metric(entry, "command/ready_ns"), 300e6)
            self.assertLess(metric(entry, "command/ready_ns"), 30e9)
        # The program had said so itself, before.
        with open(moments, encoding="ascii") as file:
            self.assertEqual(len(file.readlines()), 2)

    def test_by_line(self):
        _, document = self.run_program(
            self.argv(self.program("server.py", SERVER), "{model}", "{port}", "0.2", self.path("moments")) +
            '\nready_line = "^Application startup complete\\\\.$"')
        self.assert_proved(document)
        self.assertEqual(document["runs"][-1]["evidence"]["ready"], "line")

    def test_of_a_copy_that_a_staging_backend_made(self):
        text = (f'[model]\npath = "model"\n[backend.disk]\nplugin = "local"\nroot = "{self.dir}"\n'
                f'[backend.target]\nplugin = "local"\nroot = "{self.path("target")}"\n'
                '[backend.copy]\nplugin = "staged"\nsource = "disk"\ntarget = "target"\n'
                '[strategy.loader]\nplugin = "command"\n' +
                self.argv(self.program("loader.py", LOADER), "{model}") + "\n[[compare]]\nbackend = \"copy\"\ncache = \"cold\"\n" + hasty(1))
        os.mkdir(self.path("target"))
        _, document = self.run_scenario(text, "--allow-commands")
        self.assert_nothing_left()
        self.assert_proved(document)
        self.assertTrue(document["runs"][-1]["evidence"]["model"].startswith(self.path("target/.coldload-staged/")))

    def test_with_gpu_memory_where_there_is_nvidia_smi(self):
        tool = self.write("bin/nvidia-smi", '#!/bin/sh\n[ "$1" = --query-gpu=memory.used ] && printf "1024\\n512\\n"\n')
        os.chmod(tool, 0o755)
        argv = self.argv(self.program("loader.py", LOADER), "{model}")
        _, document = self.run_program(argv, env={"PATH": self.path("bin") + ":" + os.environ["PATH"]})
        self.assertEqual(metric(document["runs"][-1], "command/gpu_memory_used_bytes"), 1536 * MIB)
        _, document = self.run_program(argv, out="without", env={"PATH": "/usr/bin:/bin"})
        self.assertIsNone(metric(document["runs"][-1], "command/gpu_memory_used_bytes"))


class Failures(CommandTest):
    def setUp(self):
        super().setUp()
        self.small_model()

    def test_a_program_that_exits_early_with_a_status(self):
        reason = self.failed_run(self.argv("-c", "print('no such GPU'); raise SystemExit(7)"))
        self.assertRegex(reason, r"failed, after .* with exit status 7; its last line: no such GPU")

    def test_a_server_that_exits_before_it_is_ready(self):
        reason = self.failed_run(self.argv("-c", "pass", "{port}") + '\nhealth = "/health"')
        self.assertRegex(reason, "ended before it was ready, after .* with exit status 0")

    def test_a_program_that_is_never_ready(self):
        reason = self.failed_run(self.argv("-c", "import time; time.sleep(1000)", "{port}") +
                                 '\nhealth = "/health"\nready_timeout = "500 ms"')
        self.assertRegex(reason, "was not ready after 0.5 s: /health on port [0-9]+ gave connection refused")

    def test_a_program_that_outlives_the_runs_timeout(self):
        _, document = self.run_program(self.argv("-c", "import time; time.sleep(1000)"), more='timeout = "2 s"',
                                       expect=CASE_FAILED)
        self.assertEqual(document["runs"][-1]["status"], "timed_out")

    def test_a_port_that_is_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            reason = self.failed_run(self.argv("-c", "pass") + f'\nhealth = "/health"\nport = {port}')
        self.assertIn(f"port {port} is taken", reason)

    def test_a_program_that_is_not_there(self):
        self.assertIn('no program "no-such-loader" in any directory of PATH', self.failed_run('argv = ["no-such-loader"]'))
        missing = self.path("missing")
        self.assertIn(f'no program "{missing}" that can be run', self.failed_run(f'argv = ["{missing}"]', out="other"))

    def test_a_grandchild_that_left_group_and_parent(self):
        _, document = self.run_program(self.argv("-c", DAEMON) + '\nready_line = "daemon up"\nstop_grace = "200 ms"')
        self.assertEqual(document["runs"][-1]["evidence"]["ended_by"], "SIGKILL")

    def test_a_secret_of_the_environment_in_the_output(self):
        _, document = self.run_program(self.argv("-c", "import os; print(os.environ['MY_TOKEN']); raise SystemExit(1)"),
                                       expect=CASE_FAILED, env={"MY_TOKEN": "s3cr3t-of-mine"})
        text = json.dumps(document)
        self.assertIn("[MY_TOKEN]", text)
        # The scenario's own text names no value.
        self.assertNotIn("s3cr3t-of-mine", text)


class Endings(CommandTest):
    """However a run ends, its program ends with it."""

    def setUp(self):
        super().setUp()
        self.small_model()
        script = self.program("daemon.py", DAEMON)
        file = self.scenario(self.scenario_of(self.argv(script) + '\nready_line = "never"'))
        self.process = subprocess.Popen([BINARY, "run", file, "--allow-commands", "--out", self.path("run")],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
                                        env=environment({MARK: self.dir}))
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        self.assertTrue(until(lambda: len(self.programs()) == 2, 30), "the program and its grandchild run")

    def programs(self):
        return [pid for pid in processes_of(self.dir) if self.command_line(pid).endswith("daemon.py")]

    @staticmethod
    def command_line(pid):
        try:
            with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
                return file.read().rstrip("\0")
        except OSError:
            return ""

    def test_when_the_user_interrupts(self):
        self.process.send_signal(signal.SIGINT)
        self.assertEqual(self.process.wait(timeout=30), INTERRUPTED)
        # The keeper ends what is left once the worker is gone, and coldload may be gone before that.
        self.assertTrue(until(lambda: not processes_of(self.dir), 10))

    def test_when_the_worker_is_killed(self):
        workers = [pid for pid in processes_of(self.dir) if self.command_line(pid).endswith("\0worker")]
        # The keeper is a copy of the worker; the worker is the parent's child.
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            children = [int(pid) for pid in file.read().split()]
        worker, = set(workers) & set(children)
        os.kill(worker, signal.SIGKILL)
        self.assertEqual(self.process.wait(timeout=60), CASE_FAILED)
        self.assertTrue(until(lambda: processes_of(self.dir) == [], 10))

    def test_when_coldload_itself_is_killed(self):
        self.process.kill()
        self.process.wait()
        self.assertTrue(until(lambda: processes_of(self.dir) == [], 10))


class Refusals(CommandTest):
    def test_without_allow_commands(self):
        self.small_model()
        marker = self.path("started")
        file = self.scenario(self.scenario_of(self.argv("-c", f"open({marker!r}, 'w')")))
        finished = self.coldload("run", file, "--out", self.path("run"), expect=USAGE)
        self.assertRegex(finished.err, 'scenario.toml:[0-9]+:.*"loader" runs programs: --allow-commands allows it')
        self.assertIn("--allow-commands", self.coldload("plan", file, expect=USAGE).err)
        self.assertIn("disk/loader/stream/cold", self.coldload("plan", file, "--allow-commands").out)
        doctor = self.coldload("doctor", file, expect=(OK, ENVIRONMENT)).out
        self.assertIn("runs programs of its own, so it was not asked; a run needs --allow-commands", doctor)
        self.assertFalse(os.path.exists(marker), "neither plan nor doctor started it")

    def test_a_backend_without_paths_is_skipped(self):
        text = ('[model]\npath = ""\n[backend.null]\nsize = "1 MiB"\n[strategy.loader]\nplugin = "command"\n'
                'argv = ["true"]\n' + hasty(1))
        _, document = self.run_scenario(text, "--allow-commands", expect=ENVIRONMENT)
        case = document["cases"][0]
        self.assertEqual((case["status"], case["reason"]),
                         ("skipped", 'needs PATH: objects of backend "null" have none'))

    def test_what_only_our_own_reading_can_do_is_skipped_by_name(self):
        self.small_model()
        _, document = self.run_scenario(
            self.scenario_of('argv = ["true"]', compare='[[compare]]\ndestination = "host"\n'), "--allow-commands",
            expect=ENVIRONMENT)
        self.assertIn("its own program's memory, not to destination", document["cases"][0]["reason"])

    def test_a_mistake_is_told_with_its_place(self):
        self.small_model()
        file = self.scenario(self.scenario_of('argv = ["serve"]\nhealth = "/health"'))
        finished = self.coldload("run", file, "--allow-commands", "--out", self.path("run"), expect=USAGE)
        self.assertIn("neither argv nor env has {port}", finished.err)


if __name__ == "__main__":
    unittest.main()
