"""The reference set's program, with a small model: what it publishes, and that it leaves nothing behind, however it ends."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from coldload_cli import BINARY, MARK, SOURCE, CliTest, environment, processes_of, until

sys.path.insert(0, os.path.join(SOURCE, "tests/benchmark"))
import reference_set  # noqa: E402

PROGRAM = os.path.join(SOURCE, "tests/benchmark/reference.py")
READY = "servers are ready"


class Program(CliTest):
    """What is recorded may name no directory of the build, so the program works beside it: on a disk, not in memory."""

    def setUp(self):
        super().setUp()
        self.needs_root()
        place = tempfile.mkdtemp(prefix="coldload-reference-", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, place, ignore_errors=True)
        self.root, self.out = os.path.join(place, "root"), os.path.join(place, "out")

    def start(self, *arguments):
        return subprocess.Popen(
            ["/usr/bin/python3", "-B", PROGRAM, BINARY, "--root", self.root, "--out", self.out, *arguments],
            env=environment({MARK: self.dir}), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True)

    def finish(self, process, before=""):
        try:
            return before + process.communicate(timeout=240)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise

    def assert_nothing_left(self):
        self.assertFalse(os.path.exists(self.root))
        self.assertTrue(until(lambda: not processes_of(self.dir), 10), processes_of(self.dir))


class Measured(Program, CliTest):
    def test_a_set_is_published_and_nothing_else_is_left(self):
        process = self.start("--model", self.small_model(), "--runs", "4", "--link", "1gbit")
        printed = self.finish(process)
        self.assertEqual(process.returncode, 0, printed)
        self.assert_nothing_left()
        document = self.document(self.out)
        self.assertEqual({case["status"] for case in document["cases"]}, {"ok"})
        backends = {case["backend"] for case in document["cases"]}
        self.assertEqual(backends, {"disk", "nfs", "s3", "nfs-to-disk", "s3-to-disk"})
        self.assertFalse(any(case["emulated"] for case in document["cases"]))
        self.assertEqual(document["environment"]["tcp_congestion_control"], "reno")
        self.assertEqual(document["environment"]["proxies"], {})
        for name in sorted(os.listdir(self.out)):
            content = pathlib.Path(self.out, name).read_bytes()
            self.assertNotIn(SOURCE.encode(), content, name)
            self.assertIsNone(re.search(rb"reference[0-9a-f]{16}", content), f"{name} names the key")
        self.assertTrue(pathlib.Path(self.out, "report.png").read_bytes().startswith(b"\x89PNG"))
        readme = pathlib.Path(self.out, "README.md").read_text(encoding="utf-8")
        self.assertIn("./dev reference --link 1gbit --runs 4 --model DIR\n", readme)
        self.assertIn("token bucket (`tc tbf`) of 1gbit with a burst of 256 KiB", readme)
        self.assertIn("disk/parallel", readme)
        self.assertNotIn("$", readme)


class Published(CliTest):
    def test_both_readmes_show_the_table_that_show_prints(self):
        table = self.coldload("show", os.path.join(SOURCE, "results/reference")).out.rstrip()
        self.assertIn("disk/parallel/stream/cold", table)
        for name in ("README.md", "results/reference/README.md"):
            text = pathlib.Path(SOURCE, name).read_text(encoding="utf-8")
            # One indents the block, the other fences it.
            shown = [line.strip() for line in text.splitlines()]
            self.assertIn("\n".join(line.strip() for line in table.splitlines()), "\n".join(shown), name)


class Ended(Program, CliTest):
    def test_a_signal_in_the_midst_of_it_leaves_nothing(self):
        process = self.start("--model", self.small_model())
        seen = ""
        while READY not in seen:
            line = process.stdout.readline()
            self.assertTrue(line, seen)
            seen += line
        self.assertTrue(until(lambda: os.path.exists(os.path.join(self.root, "reference/header.json")), 30), "coldload runs")
        process.send_signal(signal.SIGINT)
        printed = self.finish(process, seen)
        self.assertEqual(process.returncode, 128 + signal.SIGINT, printed)
        self.assertIn("SIGINT: ending what was begun", printed)
        self.assertFalse(os.path.exists(self.out))
        self.assert_nothing_left()


class Refused(Program, CliTest):
    def refused(self, *arguments):
        process = self.start(*arguments)
        printed = self.finish(process)
        self.assertNotEqual(process.returncode, 0, printed)
        return printed

    def test_foreign_directories_are_left_as_they_are(self):
        for directory, said in ((self.root, "is there and not ours"), (self.out, "holds something else than a result set")):
            with self.subTest(directory=directory):
                os.mkdir(directory)
                pathlib.Path(directory, "theirs").write_text("kept", encoding="ascii")
                self.assertIn(said, self.refused())
                self.assertEqual(os.listdir(directory), ["theirs"])
                shutil.rmtree(directory)

    def test_a_mount_below_the_tree_is_named_before_anything_is_measured(self):
        mounted = self.path("mounted")
        os.mkdir(mounted)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mounted], check=True)
        self.addCleanup(subprocess.run, ["umount", mounted], check=True)
        self.assertIn(f"reference: {mounted} is a mount below {SOURCE}, and its path would be in the result: unmount it first",
                      self.refused())
        self.assertFalse(os.path.exists(self.root))

    def test_a_rate_that_is_none_is_named_with_what_one_is(self):
        self.assertIn('"fast" is no rate: a number with kbit, mbit or gbit, for example 2gbit', self.refused("--link", "fast"))
        self.assertFalse(os.path.exists(self.root))

    def test_a_failure_on_the_way_leaves_nothing(self):
        self.assertIn("nothing was published", self.refused("--scale", "7"))
        self.assertFalse(os.path.exists(self.out))
        self.assert_nothing_left()


class Checked(CliTest):
    """What keeps a set from being published, on a set made up for it."""

    def mistakes(self, text, secrets=(), paths=(), runs=4, status="ok"):
        case = {"id": "disk/parallel/stream/cold", "status": status, "reason": ""}
        run = {"case": case["id"], "status": "ok", "repetition": 1, "proof": {"valid": True}}
        directory = pathlib.Path(tempfile.mkdtemp(dir=self.dir))
        (directory / "runs.jsonl").write_text(text, encoding="utf-8")
        return reference_set.mistakes_of(directory, {"cases": [case], "runs": [run] * runs}, secrets, paths)

    def test_a_secret_is_found_anywhere_and_not_repeated(self):
        self.assertEqual(self.mistakes("xs3crety", ["s3cret"]), ["runs.jsonl holds a credential"])
        self.assertEqual(self.mistakes("harmless", ["s3cret"]), [])

    def test_a_path_is_found_where_it_stands_for_itself(self):
        self.assertEqual(self.mistakes('"/build/here/x.so"', paths=["/build/here"]), ["runs.jsonl holds the path /build/here: '\"/build/here/x.so\"'"])
        self.assertEqual(self.mistakes('"/srv/build/here", "/build/heretic"', paths=["/build/here"]), [])

    def test_the_hosts_name_is_found(self):
        with mock.patch("socket.gethostname", lambda: "client-7"):
            self.assertEqual(self.mistakes("of client-7: 3 s"), ["runs.jsonl holds the host's name client-7: 'of client-7: 3 s'"])
            self.assertEqual(self.mistakes("of client-70"), [])

    def test_too_few_runs_and_too_much_to_keep_are_found(self):
        self.assertEqual(self.mistakes("", runs=3), ["disk/parallel/stream/cold: ok, 3 valid runs of at least 4"])
        self.assertEqual(len(self.mistakes("", status="not_measured")), 1)
        self.assertEqual(self.mistakes("x" * 3_000_000), [])
        self.assertEqual(self.mistakes("x" * 3_000_001), ["the set has 3000001 bytes, more than 3000000"])


if __name__ == "__main__":
    unittest.main()
