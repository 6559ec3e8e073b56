"""The main job: every strategy over a model of several gigabytes, cold and warm, cached and direct."""

import glob
import json
import os
import subprocess
import sys
import unittest

from coldload_cli import BINARY, CASE_FAILED, ENVIRONMENT, MIB, OK, CliTest, hasty, metric, run

CASES = ([f"local/{name}/stream/{cache}" for name in ("sequential", "parallel", "mmap", "io_uring")
          for cache in ("cold", "warm")] +
         [f"local/{name}-direct/stream/cold" for name in ("sequential", "parallel", "io_uring")])
POOL = 64 * MIB


class ElevenCases(CliTest):
    """One scenario, run once; each test looks at its document."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        directory = cls.scratch()
        made = run([BINARY, "gen-model", os.path.join(directory, "llama"), "--like", "llama-3.1-8b",
                    "--scale", "0.1"], timeout=600)
        assert made.code == 0, made
        file = os.path.join(directory, "scenario.toml")
        with open(file, "w", encoding="utf-8") as out:
            out.write(f"""schema = 1
name = "main-job"
[model]
path = "llama"
[backend.local]
root = "{directory}"
[strategy.sequential]
[strategy.parallel]
[strategy.mmap]
[strategy.io_uring]
[strategy.sequential-direct]
plugin = "sequential"
direct = true
[strategy.parallel-direct]
plugin = "parallel"
direct = true
[strategy.io_uring-direct]
plugin = "io_uring"
direct = true
[[compare]]
strategy = ["sequential", "parallel", "mmap", "io_uring"]
cache = ["cold", "warm"]
baseline = "local/sequential/*"
[[compare]]
strategy = ["sequential-direct", "parallel-direct", "io_uring-direct"]
cache = ["cold"]
baseline = "local/sequential/*"
[run]
pool = "64 MiB"
""")
        cls.model = os.path.join(directory, "llama")
        cls.directory = os.path.join(directory, "run")
        cls.finished = run([BINARY, "run", file, "--runs", "2", "--out", cls.directory], timeout=1500)
        assert cls.finished.code == 0, cls.finished
        with open(os.path.join(cls.directory, "result.json"), encoding="utf-8") as document:
            cls.result = json.load(document)
        cls.cold = [entry for entry in cls.result["runs"] if entry["case"].endswith("/cold")]
        cls.warm = [entry for entry in cls.result["runs"] if entry["case"].endswith("/warm")]

    def test_the_document_is_valid_by_the_schema(self):
        self.assertEqual(self.document(self.directory), self.result)

    def test_all_eleven_cases_and_all_their_runs_are_ok(self):
        self.assertEqual(self.statuses(self.result), dict.fromkeys(CASES, "ok"))
        self.assertEqual({entry["status"] for entry in self.result["runs"]}, {"ok"})
        self.assertGreaterEqual(len(self.result["runs"]), 3 * len(CASES))

    def test_the_model_has_several_unequal_shards_and_all_of_them_are_loaded(self):
        sizes = [os.path.getsize(path) for path in glob.glob(os.path.join(self.model, "*.safetensors"))]
        self.assertGreater(len(set(sizes)), 2)
        for entry in self.result["runs"]:
            self.assertEqual(entry["bytes"]["model"], sum(sizes))
            self.assertEqual(entry["bytes"]["delivered"], sum(sizes))
            self.assertEqual([part["size_bytes"] for part in entry["objects"]],
                             [os.path.getsize(os.path.join(self.model, os.path.basename(part["name"])))
                              for part in entry["objects"]])

    def test_nine_of_ten_cold_runs_are_proved_at_the_first_try(self):
        first = [entry for entry in self.cold if 1 <= entry["repetition"] <= 2]
        valid = [entry for entry in first if entry["proof"]["valid"]]
        self.assertEqual(len(first), 14)
        self.assertGreaterEqual(len(valid), 0.9 * len(first), [entry["proof"] for entry in first])

    def test_what_is_proved_cold_was_not_resident_and_came_from_the_device(self):
        for entry in self.cold:
            if not entry["proof"]["valid"]:
                continue
            with self.subTest(entry["case"], repetition=entry["repetition"]):
                self.assertEqual(entry["proof"]["kind"], "residency+bytes")
                self.assertLessEqual(entry["proof"]["resident_before"], 0.01)
                ratio = entry["bytes"]["device"] / entry["bytes"]["model"]
                self.assertGreaterEqual(ratio, 0.98)
                self.assertLessEqual(ratio, 1.05)

    def test_what_is_proved_warm_was_resident_and_came_from_memory(self):
        valid = [entry for entry in self.warm if entry["proof"]["valid"]]
        self.assertGreaterEqual(len(valid), 8)
        for entry in valid:
            self.assertGreaterEqual(entry["proof"]["resident_before"], 0.99)
            self.assertLessEqual(entry["bytes"]["device"] / entry["bytes"]["model"], 0.01)

    def test_all_cases_saw_the_same_bytes(self):
        verifying = [entry for entry in self.result["runs"] if entry["repetition"] == 0]
        self.assertEqual(len(verifying), len(CASES))
        self.assertEqual(len({entry["checksum"] for entry in verifying}), 1)
        sums = {}
        for entry in verifying:
            for part in entry["objects"]:
                sums.setdefault(part["name"], set()).add(part["checksum"])
        self.assertEqual([len(seen) for seen in sums.values()], [1] * 4)
        self.assertEqual(len(set.union(*sums.values())), 4)

    def test_phases_and_what_is_unaccounted_make_the_workers_total(self):
        much = 0
        for entry in self.result["runs"]:
            total, unaccounted = metric(entry, "worker_total_ns"), metric(entry, "unaccounted_ns")
            with self.subTest(entry["case"], repetition=entry["repetition"]):
                # Two readings of a clock lie between the sum and the total.
                self.assertAlmostEqual(sum(entry["phases_ns"].values()) + unaccounted, total, delta=1e6)
                much += unaccounted >= max(0.01 * total, 2e6)
                self.assertEqual(entry["cold_load_ns"], sum(entry["phases_ns"][name]
                                                            for name in ("inspect", "open", "load")))
        # A busy machine may keep a worker waiting between two phases now and then, not as a rule.
        self.assertLessEqual(much, len(self.result["runs"]) // 4)

    def test_the_parents_clock_agrees_or_the_run_says_that_it_does_not(self):
        def difference(entry):
            return abs(metric(entry, "parent_total_ns") - metric(entry, "worker_total_ns"))

        late = [entry for entry in self.result["runs"] if difference(entry) > 50e6]
        for entry in late:
            self.assertIn("the parent's clock and the worker's differ by", " ".join(entry["disturbed"]))
        # A busy machine may keep a process waiting now and then, not as a rule.
        self.assertLessEqual(len(late), len(self.result["runs"]) // 4)

    def test_stream_peaks_at_the_pool_and_64_mib(self):
        for entry in self.result["runs"]:
            # Mapped pages of the model count as resident, though they are the page cache's.
            tag = "rss_anonymous_bytes" if "/mmap/" in entry["case"] else "rss_peak_bytes"
            with self.subTest(entry["case"], repetition=entry["repetition"]):
                self.assertLessEqual(metric(entry, tag), POOL + 64 * MIB)

    def test_direct_reads_leave_nothing_in_the_cache_and_say_that_they_were_direct(self):
        for entry in self.cold:
            if "-direct/" in entry["case"]:
                self.assertTrue(entry["evidence"]["direct"])
                self.assertLess(entry["proof"]["resident_after"], 0.01)

    def test_ceilings_were_taken_first_and_last(self):
        for moment in ("first", "last"):
            tags = {probe["tag"] for probe in self.result["probes"] if probe["moment"] == moment}
            self.assertLessEqual({"device/direct", "memory/copy", "memory/page_cache_read"}, tags)
        for probe in self.result["probes"]:
            if probe["tag"] == "memory/page_cache_read":
                self.assertIn(probe["detail"]["page_bytes"], (4096, 2 * MIB))

    def test_the_table_has_a_row_for_each_case_and_stderr_is_silent(self):
        for case in CASES:
            self.assertEqual(sum(line.startswith(case + " ") for line in self.finished.out.splitlines()), 1, case)
        self.assertIn("residency+bytes", self.finished.out)
        self.assertIn("cases: 11 ok, 0 skipped, 0 failed, 0 not measured", self.finished.out)
        self.assertEqual(self.finished.err, "")


class Variants(CliTest):
    """On a smaller model: the other destination, the other proof, and somebody else's mapping."""

    def text(self, more="", strategies="[strategy.sequential]\n"):
        return (f'[model]\npath = "model"\n[backend.local]\nroot = "{self.dir}"\n' + strategies + more + hasty(2))

    def test_the_host_destination_holds_the_whole_model(self):
        self.model()
        _, document = self.run_scenario(self.text('[[compare]]\ndestination = ["host", "stream"]\n',
                                                  "[strategy.sequential]\n[strategy.parallel]\n[strategy.mmap]\n"
                                                  "[strategy.io_uring]\n[strategy.direct]\nplugin = \"io_uring\"\n"
                                                  "direct = true\n"))
        self.assertEqual(set(self.statuses(document).values()), {"ok"})
        self.assertEqual(len(document["cases"]), 10)
        for entry in document["runs"]:
            self.assertTrue(entry["proof"]["valid"], entry["proof"])
            if "/host/" in entry["case"]:
                self.assertGreaterEqual(metric(entry, "rss_anonymous_bytes"), entry["bytes"]["model"])
        self.assertEqual(len({entry["checksum"] for entry in document["runs"] if entry["repetition"] == 0}), 1)

    def test_mincore_proves_as_cachestat_does(self):
        self.small_model()
        _, document = self.run_scenario(self.text('[[compare]]\ncache = ["cold", "warm"]\n'), "--by-mincore")
        self.assertEqual(set(self.statuses(document).values()), {"ok"})
        for entry in document["runs"]:
            self.assertEqual(entry["proof"]["method"], "mincore")
            self.assertTrue(entry["proof"]["valid"], entry["proof"])
        _, document = self.run_scenario(self.text(), out="again")
        self.assertIn({entry["proof"]["method"] for entry in document["runs"]}, ({"cachestat"}, {"mincore"}))

    def test_dirty_pages_are_written_before_they_are_evicted(self):
        model = self.small_model()
        path = os.path.join(model, "model-00001-of-00002.safetensors")
        with open(path, "r+b") as file:
            content = file.read()
            file.seek(0)
            file.write(content)
        _, document = self.run_scenario(self.text())
        for entry in document["runs"]:
            self.assertTrue(entry["proof"]["valid"], entry["proof"])

    def test_files_of_any_sizes_are_read_to_their_odd_ends(self):
        self.small_model(shards=(1, 511, 4095, 4096, 4097, 65_537, MIB, 8 * MIB + 1))
        names = ("sequential", "parallel", "io_uring")
        direct = "".join(f'[strategy.{name}-direct]\nplugin = "{name}"\ndirect = true\n' for name in names)
        plain = "".join(f"[strategy.{name}]\n" for name in (*names, "mmap"))
        _, document = self.run_scenario(self.text(strategies=plain + direct))
        self.assertEqual(set(self.statuses(document).values()), {"ok"})
        for entry in document["runs"]:
            self.assertEqual(entry["bytes"]["delivered"], entry["bytes"]["model"])
        self.assertEqual(len({entry["checksum"] for entry in document["runs"] if entry["repetition"] == 0}), 1)


MAP_AND_WAIT = """
import mmap, sys
file = open(sys.argv[1], "rb")
mapped = mmap.mmap(file.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_READ)
total = sum(mapped[at] for at in range(0, len(mapped), 4096))
print("mapped", flush=True)
sys.stdin.read()
"""


class SomebodyElsesMapping(CliTest):
    def setUp(self):
        super().setUp()
        model = self.small_model()
        self.shard = os.path.join(model, "model-00001-of-00002.safetensors")
        self.other = subprocess.Popen([sys.executable, "-c", MAP_AND_WAIT, self.shard], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE)
        self.addCleanup(self.end)
        self.assertEqual(self.other.stdout.readline(), b"mapped\n")
        self.text = (f'[model]\npath = "model"\n[backend.local]\nroot = "{self.dir}"\n[strategy.sequential]\n' +
                     hasty(1))

    def end(self):
        if not self.other.stdin.closed:
            self.other.communicate()

    def test_it_is_not_disturbed_unless_asked_and_is_named(self):
        finished, document = self.run_scenario(self.text, expect=ENVIRONMENT)
        self.assertEqual([entry["status"] for entry in document["runs"]], ["skipped"])
        reason = document["runs"][0]["reason"]
        self.assertIn(f"process {self.other.pid} (python3", reason)
        self.assertIn(f"maps {self.shard}", reason)
        self.assertIn("--disturb allows it", reason)
        self.assertIn(str(self.other.pid), finished.out)

    def test_with_disturb_its_pages_stay_and_it_is_named_as_the_cause(self):
        _, document = self.run_scenario(self.text, "--disturb", expect=(OK, ENVIRONMENT, CASE_FAILED))
        for entry in document["runs"]:
            self.assertEqual(entry["status"], "ok")
            self.assertFalse(entry["proof"]["valid"])
            self.assertGreater(entry["proof"]["resident_before"], 0.5)
            self.assertIn("still in the page cache when the clock started", entry["proof"]["reason"])
            self.assertIn(f"process {self.other.pid} (python3", entry["proof"]["reason"])

    def test_once_it_is_gone_runs_are_valid(self):
        self.end()
        _, document = self.run_scenario(self.text)
        for entry in document["runs"]:
            self.assertTrue(entry["proof"]["valid"], entry["proof"])


if __name__ == "__main__":
    unittest.main()
