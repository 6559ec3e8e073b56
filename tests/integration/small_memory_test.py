"""In a memory cgroup smaller than the model."""

import os
import time
import unittest

from coldload_cli import BINARY, MIB, CliTest, hasty, metric, run

LIMIT = 512 * MIB


class MemoryCgroup:
    """A cgroup of LIMIT bytes, version 1 or 2, for as long as the test takes."""

    def __init__(self, test):
        unified = "/sys/fs/cgroup/cgroup.controllers"
        name = f"coldload-test-{os.getpid()}"
        if os.path.exists(unified):
            with open(unified, encoding="ascii") as file:
                if "memory" not in file.read().split():
                    test.fail("the memory controller is not available in /sys/fs/cgroup")
            self.write("/sys/fs/cgroup/cgroup.subtree_control", "+memory")
            self.path, limit = f"/sys/fs/cgroup/{name}", "memory.max"
        elif os.path.isdir("/sys/fs/cgroup/memory"):
            self.path, limit = f"/sys/fs/cgroup/memory/{name}", "memory.limit_in_bytes"
        else:
            test.fail("no memory cgroup is mounted at /sys/fs/cgroup")
        os.mkdir(self.path)
        test.addCleanup(self.remove)
        self.write(os.path.join(self.path, limit), str(LIMIT))

    def write(self, path, text):
        with open(path, "w", encoding="ascii") as file:
            file.write(text)

    def enter(self):
        self.write(os.path.join(self.path, "cgroup.procs"), str(os.getpid()))

    def remove(self):
        for _ in range(50):
            try:
                return os.rmdir(self.path)
            except OSError:
                time.sleep(0.1)
        return os.rmdir(self.path)


class MemoryLimit(CliTest):
    def test_stream_runs_while_host_and_warm_are_refused_with_the_figure(self):
        self.needs_root()
        self.model(scale=0.5)
        group = MemoryCgroup(self)
        file = self.scenario(f'[model]\npath = "model"\n[backend.local]\nroot = "{self.dir}"\n[strategy.sequential]\n'
                             '[strategy.parallel]\n[strategy.mmap]\n[strategy.io_uring]\n[[compare]]\n'
                             'cache = ["cold", "warm"]\n[[compare]]\nstrategy = ["sequential"]\n'
                             'destination = ["host"]\ncache = ["cold"]\n' + hasty(1))
        finished = run([BINARY, "run", file, "--out", self.path("run")], preexec_fn=group.enter, timeout=300)
        self.assertEqual(finished.code, 0, finished)
        document = self.document(self.path("run"))
        self.assertGreater(document["scenario"]["model_bytes"], LIMIT)
        self.assertEqual(document["environment"]["memory"]["cgroup_limit_bytes"], LIMIT)
        for name in ("sequential", "parallel", "mmap", "io_uring"):
            runs = self.runs_of(document, f"local/{name}/stream/cold")
            self.assertEqual([entry["status"] for entry in runs], ["ok", "ok"], finished)
            for entry in runs:
                self.assertTrue(entry["proof"]["valid"], entry["proof"])
                self.assertLess(metric(entry, "rss_anonymous_bytes"), 128 * MIB)
            self.refused(document, f"local/{name}/stream/warm", "warm needs the model's")
        self.refused(document, "local/sequential/host/cold", "host needs the model's")

    def refused(self, document, case, words):
        runs = self.runs_of(document, case)
        self.assertEqual([entry["status"] for entry in runs], ["skipped"])
        self.assertIn(words, runs[0]["reason"])
        self.assertIn("cgroup memory limit of 512 MiB", runs[0]["reason"])


if __name__ == "__main__":
    unittest.main()
