"""Interrupted at any moment: what was measured stays, and no process does."""

import os
import random
import shutil
import signal
import subprocess
import time
import unittest

from coldload_cli import (BINARY, INTERRUPTED, MARK, MISBEHAVING, CliTest, environment, hasty, processes_of, until)

# Half a second a run, for as long as anybody waits.
SLOW = ('[model]\npath = ""\n[backend.null]\nsize = "4 MiB"\nrate = "8 MB/s"\n[strategy.sequential]\n'
        '[strategy.parallel]\n' + hasty(500))
SECONDS_MAX = 5


class Started:
    """A coldload that is running, and what becomes of it."""

    def start(self, text, before=(), ignoring=False):
        file = self.scenario(text)

        def prepare():
            if ignoring:
                signal.signal(signal.SIGINT, signal.SIG_IGN)

        process = subprocess.Popen([BINARY, *before, "run", file, "--out", self.path("run")],
                                   env=environment({MARK: self.dir}), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   stdin=subprocess.DEVNULL, preexec_fn=prepare, start_new_session=True)
        self.addCleanup(self.end, process)
        # Before main() no program can promise anything: from when it holds the signal back, it must.
        self.assertTrue(until(lambda: self.holds_back(process, signal.SIGINT), 30))
        return process

    def end(self, process):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        for left in processes_of(self.dir):
            os.kill(left, signal.SIGKILL)

    def holds_back(self, process, number):
        with open(f"/proc/{process.pid}/status", encoding="ascii", errors="replace") as file:
            blocked = next((line.split()[1] for line in file if line.startswith("SigBlk:")), "0")
        return bool(int(blocked, 16) >> (number - 1) & 1)

    def lines(self):
        try:
            with open(self.path("run/runs.jsonl"), "rb") as file:
                return file.read().count(b"\n")
        except OSError:
            return 0

    def interrupt(self, process, number=signal.SIGINT):
        """Sends the signal; exit status 130 within 5 s, and nobody left. Returns how many runs were recorded before."""
        recorded = self.lines()
        began = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        seconds = time.monotonic() - began
        self.assertEqual(process.returncode, INTERRUPTED, (out, err))
        self.assertLess(seconds, SECONDS_MAX)
        # One that the kernel holds in a sync takes its SIGKILL when that ends.
        self.assertTrue(until(lambda: not processes_of(self.dir), 30), processes_of(self.dir))
        return recorded

    def kept(self, recorded):
        """The document of an interrupted scenario: complete, and with all that was recorded."""
        document = self.document(self.path("run"))
        self.assertTrue(document["interrupted"])
        self.assertEqual(len(document["runs"]), self.lines())
        self.assertGreaterEqual(len(document["runs"]), recorded)
        for entry in document["runs"][:recorded]:
            self.assertEqual(entry["status"], "ok")
        for entry in document["runs"][recorded:]:
            self.assertIn(entry["status"], ("ok", "cancelled"))
        self.coldload("check", self.path("run"))
        return document


class Loads(Started, CliTest):
    def test_an_interrupt_in_a_load_keeps_all_finished_runs(self):
        process = self.start(SLOW)
        self.assertTrue(until(lambda: self.lines() >= 3, 60))
        time.sleep(0.25)
        document = self.kept(self.interrupt(process))
        self.assertGreaterEqual(len(document["runs"]), 3)
        last = document["runs"][-1]
        if last["status"] == "cancelled":
            self.assertIn("interrupted", last["reason"])

    def test_a_terminate_does_the_same(self):
        process = self.start(SLOW)
        self.assertTrue(until(lambda: self.lines() >= 1, 60))
        self.kept(self.interrupt(process, signal.SIGTERM))

    def test_a_second_interrupt_changes_nothing(self):
        process = self.start(SLOW)
        self.assertTrue(until(lambda: self.lines() >= 1, 60))
        process.send_signal(signal.SIGINT)
        self.kept(self.interrupt(process))

    def test_an_interrupt_works_where_it_was_inherited_as_ignored(self):
        process = self.start(SLOW, ignoring=True)
        self.assertTrue(until(lambda: self.lines() >= 2, 60))
        self.kept(self.interrupt(process))

    def test_a_load_that_heeds_nothing_is_killed(self):
        self.small_model()
        shutil.copy(os.path.join(MISBEHAVING, "coldload_misbehaving_hang.so"), self.path("hang.so"))
        process = self.start(f'[model]\npath = "model"\n[backend.local]\nroot = "{self.dir}"\n'
                             '[strategy.misbehaving_hang]\n' + hasty(1, "quiet = false"), before=("--plugin", self.path("hang.so")))
        self.assertTrue(until(lambda: os.path.exists(self.path("hanging")), 60))
        document = self.kept(self.interrupt(process))
        self.assertEqual([entry["status"] for entry in document["runs"]], ["cancelled"])
        self.assertIn("interrupted in phase load", document["runs"][0]["reason"])


class Moments(Started, CliTest):
    def test_at_random_moments_from_planning_on(self):
        self.small_model(shards=(40_000_001, 20_000_003))
        text = (f'[model]\npath = "model"\n[backend.local]\nroot = "{self.dir}"\n[strategy.sequential]\n'
                '[strategy.parallel]\nthreads = [1, 2, 4]\n[strategy.io_uring]\n[strategy.mmap]\n'
                '[run]\nrepetitions = { min = 100, max = 100 }\n')
        seed = random.randrange(1 << 30)
        moments = random.Random(seed)
        reached = set()
        for number in range(10):
            # Short ones fall into planning, middle ones into the probe, long ones into a load.
            delay = moments.uniform(0, 0.15) if number < 4 else moments.uniform(0.1, 4)
            with self.subTest(seed=seed, delay=delay):
                process = self.start(text)
                time.sleep(delay)
                recorded = self.interrupt(process)
                if os.path.exists(self.path("run")):
                    document = self.kept(recorded)
                    reached.add("load" if document["runs"] else "probe")
                    shutil.rmtree(self.path("run"))
                else:
                    reached.add("planning")
        self.assertTrue(reached)


class KilledParent(Started, CliTest):
    def test_its_worker_dies_with_it_and_what_was_recorded_can_be_read(self):
        process = self.start(SLOW)
        self.assertTrue(until(lambda: self.lines() >= 3 and len(processes_of(self.dir)) >= 2, 60))
        process.kill()
        process.communicate()
        self.assertTrue(until(lambda: not processes_of(self.dir), 5), processes_of(self.dir))
        recorded = self.lines()
        self.assertFalse(os.path.exists(self.path("run/result.json")))
        told = self.coldload("check", self.path("run")).out
        self.assertIn(f"2 cases, {recorded} run{'s' if recorded != 1 else ''}, 0 probes; not finished, there is no result.json: ", told)

        # A cut last line is what a kill in the middle of a write leaves.
        with open(self.path("run/runs.jsonl"), "r+b") as file:
            last = file.read().splitlines()[-1]
            file.write(last[:len(last) // 2])
        told = self.coldload("check", self.path("run")).out
        self.assertIn(f"2 cases, {recorded} run{'s' if recorded != 1 else ''}, 0 probes; not finished, there is no result.json: ", told)


if __name__ == "__main__":
    unittest.main()
