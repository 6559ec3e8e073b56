"""coldload warm: a bounded fill of the page cache that says what it did, and what it cannot know."""

import os
import re
import signal
import subprocess
import tempfile
import time
import unittest

from coldload_cli import BINARY, ENVIRONMENT, INTERRUPTED, MARK, MIB, OK, USAGE, CliTest, environment, until

SHARDS = (30 * MIB, 20 * MIB, 8 * MIB)
NAMES = [f"model-{number:05}-of-00003.safetensors" for number in (1, 2, 3)]


class WarmCase:
    def evicted_model(self):
        """A model of three shards, none of it in the page cache."""
        model = self.small_model(shards=SHARDS)
        for name in os.listdir(model):
            with open(os.path.join(model, name), "rb") as file:
                os.fdatasync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return model

    def rows(self, finished):
        """The answer as {label: text}, continuation lines joined."""
        rows, label = {}, None
        for line in finished.out.splitlines():
            # Nothing but a path, which must not break, is wider.
            self.assertTrue(len(line) <= 100 or " " not in line[15:], line)
            label = line[:15].strip() or label
            rows[label] = (rows.get(label, "") + " " + line[15:].strip()).strip()
        return rows


class Fills(WarmCase, CliTest):
    def test_all_of_it_when_it_fits_and_says_so(self):
        model = self.evicted_model()
        rows = self.rows(self.coldload("warm", model))
        self.assertEqual((rows["model"], rows["shards"]), (model, "3, 60.8 MB"))
        self.assertRegex(rows["cached before"], r"^0\.\d %, [\d.]+ k?B of 60\.8 MB, by (cachestat|mincore)$")
        self.assertRegex(rows["read"], r"^60\.8 MB in [\d.]+ m?s, [\d.]+ [MG]B/s, 4 threads$")
        self.assertRegex(rows["cached after"], r"^100\.0 %, 60\.8 MB of 60\.8 MB")
        self.assertRegex(rows["room"], r"0\.8 of [\d.]+ GB \((MemAvailable|cgroup memory limit of .*)\)$")
        self.assertNotIn("left out", rows)

    def test_what_does_not_fit_is_not_read_and_named(self):
        model = self.evicted_model()
        rows = self.rows(self.coldload("warm", model, "--max", "40 MiB", expect=ENVIRONMENT))
        self.assertIn("1 of 3 shards, 21.0 MB, not read", rows["left out"])
        self.assertTrue(rows["left out"].endswith(NAMES[1]), rows["left out"])
        self.assertRegex(rows["read"], r"^39\.8 MB ")
        self.assertTrue(rows["cached after"].startswith("100.0 %, 39.8 MB of 39.8 MB"), rows)
        # The kernel's word, not ours: all of the shard that was left out is still on the disk alone.
        rows = self.rows(self.coldload("warm", model))
        self.assertRegex(rows["cached before"], r"^65\.\d %, 39\.\d MB of 60\.8 MB")

    def test_nothing_fits(self):
        rows = self.rows(self.coldload("warm", self.evicted_model(), "--max", "1 MiB", expect=ENVIRONMENT))
        self.assertIn("3 of 3 shards", rows["left out"])
        self.assertNotIn("read", rows)

    def test_links_of_a_cache_entry_are_followed(self):
        model = self.evicted_model()
        for part in ("blobs", "refs", "snapshots/abc"):
            os.makedirs(self.path("models--o--n", part))
        self.write("models--o--n/refs/main", "abc")
        for name in NAMES:
            os.rename(os.path.join(model, name), self.path("models--o--n/blobs", name))
            os.symlink("../../blobs/" + name, self.path("models--o--n/snapshots/abc", name))
        rows = self.rows(self.coldload("warm", self.path("models--o--n")))
        self.assertTrue(rows["cached after"].startswith("100.0 %, 60.8 MB"), rows)


class Unknowns(WarmCase, CliTest):
    def test_residency_that_the_kernel_does_not_tell_is_unknown_not_a_number(self):
        self.needs_root()
        model = self.evicted_model()
        # Another's files, and an empty place for the program where anybody may run it.
        os.chmod(self.dir, 0o755)
        as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", BINARY, "warm", model]
        done = subprocess.run(as_nobody, capture_output=True, text=True, env=environment(), timeout=60)
        self.assertEqual(done.returncode, OK, done.stderr)
        for label in ("before", "after"):
            self.assertRegex(done.stdout, rf"(?s)cached {label} +unknown: .*the kernel tells only its owner")
        self.assertNotIn("%", done.stdout)

    def test_a_file_system_in_memory_has_nothing_to_read(self):
        # Elsewhere than the scratch folder, which is on a disk.
        directory = tempfile.mkdtemp(dir="/dev/shm")
        self.addCleanup(lambda: subprocess.run(["rm", "-r", directory], check=True))
        for name in NAMES:
            with open(os.path.join(directory, name), "wb") as file:
                file.write(b"x" * MIB)
        rows = self.rows(self.coldload("warm", directory, "--max", "1 MiB"))
        self.assertRegex(rows["in memory"], r"^3\.15 MB of it: the file system lives in memory")
        self.assertIn("not known", rows["in memory"])
        self.assertNotIn("read", rows)


class Refuses(WarmCase, CliTest):
    def test_mistakes_are_usage(self):
        model = self.small_model()
        for arguments, told in (((self.path("none"),), "no such directory"), ((self.dir,), "no *.safetensors"),
                                ((model, "--limit", "0"), "--limit"), ((model, "--max", "3 XB"), "--max: \"3 XB\""),
                                ((model, "--threads", "0"), "--threads")):
            with self.subTest(arguments):
                self.assertIn(told, self.coldload("warm", *arguments, expect=USAGE).err)


class Interrupted(WarmCase, CliTest):
    def test_an_interrupt_ends_it_at_once(self):
        model = self.evicted_model()
        for threads in ("1", "8"):
            process = subprocess.Popen([BINARY, "warm", model, "--limit", "2 MB/s", "--threads", threads],
                                       env=environment({MARK: self.dir}), stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
            reading = until(lambda: len(os.listdir(f"/proc/{process.pid}/task")) > 1, 20)
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
            seconds = time.monotonic() - began
            self.assertTrue(reading)
            self.assertEqual(process.returncode, INTERRUPTED, (out, err))
            # Without the interrupt the limit would take 30 s; the 100 ms of the documents cannot be held where others are busy.
            self.assertLess(seconds, 3)
            self.assertTrue(re.search(r"^interrupted +[\d.]+ k?M?B in ", out, re.M), out)
            self.assertNotIn("cached after", out)


if __name__ == "__main__":
    unittest.main()
