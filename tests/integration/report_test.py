"""A run becomes a note, a table and a script, and every number in them is one of the run's."""

import csv
import io
import os
import re
import statistics
import unittest

from coldload_cli import INTEGRITY, MIB, USAGE, CliTest
from report_numbers import Derived, numbers

SHARDS = (9 * MIB + 17, 6 * MIB + 4099, 4096)

SCENARIO = """\
schema = 1
name = "node"
[model]
path = "m"
[backend.disk]
plugin = "local"
root = "{root}"
[backend.network]
plugin = "shaped"
source = "disk"
bandwidth = "1 Gbit/s"
[backend.copy]
plugin = "staged"
source = "network"
target = "disk"
[strategy.parallel]
[strategy.mmap]
order = "name"
[[compare]]
backend = ["disk", "network", "copy"]
strategy = "parallel"
[[compare]]
backend = "disk"
strategy = ["parallel", "mmap"]
cache = ["cold", "warm"]
[run]
repetitions = 5
copies = 4
probe = false
[policy]
user_facing = "30 s"
internal = "2 min"
engine_start = "12 s"
restarts_per_day = 4
[service]
argv = ["vllm", "serve", "{{model}}", "--max-model-len", "8192"]
port = 8000
health = "/health"
"""

# "… [1, 4; scenario.policy]", escaped for Markdown.
SENTENCE = re.compile(r"^(?:- |\d+\. )(?P<text>.*?) \\\[(?P<basis>[^\]]*)\\\]$")


class Reported(CliTest):
    """One run, looked at by every test."""

    shared = None

    def report(self, *more):
        if Reported.shared is None:
            own, self.dir = self.dir, self.scratch()
            self.small_model("models/m", shards=SHARDS)
            file = self.write("node.toml", SCENARIO.format(root=self.path("models")))
            self.coldload("run", file, "--out", self.path("node-run"), timeout=300)
            Reported.shared, self.dir = self.path("node-run"), own
        out = self.path("report")
        finished = self.coldload("report", Reported.shared, "-o", out, *more)
        return finished, out

    def text(self, folder, name):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            return file.read()

    def basis_of(self, document, brackets):
        names, _, places = brackets.partition(";")
        if not re.match(r"^[\d, ]+$", names):
            names, places = "", brackets
        cases = [document["cases"][int(number) - 1]["id"] for number in re.findall(r"\d+", names)]
        return cases + [place.strip() for place in places.split(";") if place.strip()]


class Note(Reported):
    def test_from_the_run_to_the_note_in_one_command(self):
        finished, out = self.report()
        for name in ("storage_layout_notes.md", "storage_layout_bench.csv", "report.html", "bootstrap.sh"):
            self.assertIn(name, finished.out)
            self.assertTrue(os.path.getsize(os.path.join(out, name)))
        self.assertTrue(os.access(os.path.join(out, "bootstrap.sh"), os.X_OK))
        note = self.text(out, "storage_layout_notes.md")
        # The network is emulated: what stands is the disk alone.
        self.assertIn("**Keep the weights on this node's local disk, where a cold load takes", note)
        self.assertIn("emulated", note)
        document = self.document(Reported.shared)
        for case in document["cases"]:
            self.assertIn(case["id"], note)

    def test_every_number_of_every_sentence_follows_from_the_rows_it_names(self):
        _, out = self.report()
        document = self.document(Reported.shared)
        derived, seen = Derived(document), 0
        for line in self.text(out, "storage_layout_notes.md").splitlines():
            match = SENTENCE.match(line)
            if not match:
                continue
            seen += 1
            text = match["text"].replace("\\", "")
            allowed = derived.of_basis(self.basis_of(document, match["basis"]))
            # "4 runs", "95 %": words of the method, told in docs/report.md.
            stray = numbers(text) - allowed
            self.assertFalse(stray, f"{line}\nallowed: {sorted(allowed)}")
        self.assertGreaterEqual(seen, 8)

    def test_a_number_that_is_none_of_the_runs_is_found(self):
        _, _ = self.report()
        document = self.document(Reported.shared)
        allowed = Derived(document).of_basis([document["cases"][0]["id"]])
        self.assertTrue(numbers("a cold load takes 31.41 s") - allowed)

    def test_the_table_has_a_row_a_case_and_its_columns_in_order(self):
        _, out = self.report()
        document = self.document(Reported.shared)
        rows = list(csv.reader(io.StringIO(self.text(out, "storage_layout_bench.csv"))))
        self.assertEqual(rows[0][:7], ["run_id", "storage_mode", "model", "max_model_len", "load_s", "gpu_mem_used_mb", "notes"])
        self.assertEqual([row[7] for row in rows[1:]], [case["id"] for case in document["cases"]])
        self.assertEqual(rows[1][0], "node-run")
        self.assertEqual(rows[1][3], "8192")
        derived = Derived(document)
        for row in rows[1:]:
            entry = dict(zip(rows[0], row))
            if entry["runs_valid"] == "0":
                continue
            seconds = sorted(derived.ranked(entry["case"]))
            middle = (seconds[(len(seconds) - 1) // 2] + seconds[len(seconds) // 2]) / 2
            ranked = entry["first_start_s"] or entry["cold_load_s"]
            self.assertAlmostEqual(float(ranked), middle, places=5)

    def test_every_number_of_the_table_is_derived_anew(self):
        _, out = self.report()
        document = self.document(Reported.shared)
        derived = Derived(document)
        for row in csv.DictReader(io.StringIO(self.text(out, "storage_layout_bench.csv"))):
            with self.subTest(case=row["case"]):
                expected = derived.csv_numbers(row["case"])
                shown = {name: text for name, text in row.items() if re.fullmatch(r"[\d.]+", text)}
                # Each column that holds a number is one of these, and each of these is shown.
                self.assertEqual(set(shown) - {"max_model_len"}, set(expected) | {"cold_load_low_s", "cold_load_high_s"} & set(shown))
                for name, value in expected.items():
                    self.assertLessEqual(abs(float(row[name]) - value), 1e-5 * max(value, 0.1), name)
                if "cold_load_low_s" in shown:
                    seconds = derived.ranked(row["case"])
                    low, high = float(row["cold_load_low_s"]), float(row["cold_load_high_s"])
                    self.assertLessEqual(min(seconds) - 1e-6, low)
                    self.assertLessEqual(low, statistics.median(seconds) + 1e-6)
                    self.assertLessEqual(statistics.median(seconds) - 1e-6, high)
                    self.assertLessEqual(high, max(seconds) + 1e-6)

    def test_every_number_of_the_script_follows_from_the_run(self):
        _, out = self.report()
        document = self.document(Reported.shared)
        head, _, rest = self.text(out, "bootstrap.sh").partition("set -Eeuo pipefail")
        derived, seen = Derived(document), 0
        for reason in re.findall(r"^# - (.*(?:\n#   .*)*)", head, re.MULTILINE):
            text, _, basis = reason.replace("\n#   ", " ").rpartition(" [")
            named = [case for case in derived.cases if case in basis] + re.findall(r"\b(?:scenario|environment)\.\w+", basis)
            self.assertTrue(named, reason)
            self.assertFalse(numbers(text) - derived.of_basis(named), reason)
            seen += 1
        self.assertGreaterEqual(seen, 3)
        values = dict(re.findall(r"^readonly ([A-Z_]+)=(\d+)$", rest.partition("\nusage")[0], re.MULTILINE))
        self.assertEqual(int(values.pop("MODEL_BYTES")), document["cases"][0]["model_bytes"])
        self.assertEqual(int(values.pop("SERVICE_PORT")), document["scenario"]["service"]["port"])
        # docs/bootstrap.md: ten minutes where the scenario says nothing.
        self.assertEqual(int(values.pop("READY_TIMEOUT_S")), 600)
        # Where the disk is known; one of those that were measured.
        if "READ_AHEAD_BYTES" in values:
            self.assertIn(int(values.pop("READ_AHEAD_BYTES")),
                          [mount.get("read_ahead_bytes") for mount in document["environment"]["mounts"]])
        # docs/bootstrap.md: nothing was copied, so the warming has a minute and what 50 MB/s takes.
        if "COPY_TIMEOUT_S" in values:
            self.assertEqual(int(values.pop("COPY_TIMEOUT_S")), document["cases"][0]["model_bytes"] // 50_000_000 + 60)
        self.assertEqual(values, {})

    def test_a_client_is_named_and_a_redacted_report_names_no_place(self):
        _, out = self.report("--client", "Some & Sons")
        self.assertIn("Some &amp; Sons", self.text(out, "storage_layout_notes.md"))
        refused = self.coldload("report", Reported.shared, "-o", out, "--redact", expect=USAGE)
        self.assertIn("bootstrap.sh is of a report that was not redacted", refused.err)
        out = self.path("redacted")
        finished = self.coldload("report", Reported.shared, "-o", out, "--redact")
        for name in os.listdir(out):
            self.assertNotIn(os.path.dirname(Reported.shared), self.text(out, name))
        self.assertNotIn("bootstrap.sh", finished.out)

    def test_two_runs_of_the_same_cases_are_refused(self):
        self.report()
        refused = self.coldload("report", Reported.shared, Reported.shared, "-o", self.path("both"), expect=USAGE)
        self.assertIn("is in an earlier run too: compare them with coldload compare", refused.err)

    def test_files_with_other_content_are_replaced_and_named(self):
        finished, out = self.report()
        self.assertNotIn("is replaced", finished.err)
        again, _ = self.report()
        self.assertNotIn("is replaced", again.err, "the same content is no news")
        script = os.path.join(out, "bootstrap.sh")
        before = self.text(out, "bootstrap.sh")
        with open(script, "a", encoding="utf-8") as file:
            file.write("# edited\n")
        edited, _ = self.report()
        self.assertIn(f"note: other content stood in {out} and is replaced: bootstrap.sh\n", edited.err)
        self.assertEqual(self.text(out, "bootstrap.sh"), before)
        named, _ = self.report("--client", "Some & Sons")
        told = [line for line in named.err.splitlines() if "is replaced" in line]
        self.assertEqual(len(told), 1, named.err)
        self.assertIn("storage_layout_notes.md, ", told[0])
        self.assertNotIn("storage_layout_bench.csv", told[0], "it does not name the client")

    def test_what_is_no_run_is_named(self):
        refused = self.coldload("report", self.path("nothing"), expect=USAGE)
        self.assertIn("nothing", refused.err)

    def test_a_folder_above_runs_tells_of_them(self):
        self.write("results/one/header.json", "{}")
        refused = self.coldload("report", self.path("results"), expect=USAGE)
        self.assertIn(f"not a run's folder; the run below it is {self.path('results/one')}\n", refused.err)
        self.write("results/two/result.json", "{}")
        refused = self.coldload("report", self.path("results"), expect=USAGE)
        self.assertIn(f"2 runs lie below it, name one: coldload list runs {self.path('results')}\n", refused.err)

    def test_a_scenario_is_no_result(self):
        file = self.scenario("[model]\n")
        for command in ("report", "show", "bootstrap"):
            refused = self.coldload(command, file, expect=USAGE)
            self.assertIn(f"{file}: is no result but a scenario, which is run first: coldload run {file}\n", refused.err)
        damaged = self.write("result.json", "schema")
        self.assertIn("syntax error", self.coldload("report", damaged, expect=INTEGRITY).err)


if __name__ == "__main__":
    unittest.main()
