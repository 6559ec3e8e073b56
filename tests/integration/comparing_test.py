"""compare, export, show and list runs on real runs and on documents of every schema version."""

import csv
import io
import json
import os
import shutil
import unittest

from coldload_cli import ENVIRONMENT, OK, SOURCE, USAGE, CliTest, hasty, run

THRESHOLD_BROKEN = 99
DOCUMENTS = os.path.join(SOURCE, "tests/golden/documents")
COMPARE_PY = "/usr/share/benchmark/compare.py"

CASES = ["null/sequential/stream/cold", "null/parallel,threads=1/stream/cold", "null/parallel,threads=2/stream/cold"]


def scenario(latency, repetitions=6):
    """Storage that answers after a while: what a slower disk is, without one."""
    return (f'[model]\npath = ""\n[backend.null]\nsize = "1 MiB"\nlatency = "{latency}"\n[strategy.sequential]\n'
            f'[strategy.parallel]\nthreads = [1, 2]\n' + hasty(repetitions, "quiet = false"))


def lines_with(text, words):
    return [line for line in text.splitlines() if words in line]


class TwoRuns(CliTest):
    """One run of each kind for the whole class: fast, as fast again, and much slower."""

    @classmethod
    def setUpClass(cls):
        cls.shared = cls.scratch()

    def run_of(self, name, latency, repetitions=6):
        where = os.path.join(self.shared, name)
        if not os.path.isdir(where):
            finished = self.coldload("run", self.scenario(scenario(latency, repetitions)), "--out", where)
            with open(where + ".printed", "w", encoding="utf-8") as file:
                file.write(finished.out)
        return where

    def fast(self):
        return self.run_of("fast", "20 ms")

    def slow(self):
        return self.run_of("slow", "80 ms")

    def test_a_known_slowdown_is_shown_and_breaks_the_threshold(self):
        finished = self.coldload("compare", self.fast(), self.slow(), "--fail-if", "median > 50 %",
                                 expect=THRESHOLD_BROKEN)
        for case in CASES:
            self.assertRegex(lines_with(finished.out, case)[0], r" 6/6 +6/6 .*× slower$")
        self.assertIn("--fail-if median > 50 %: broken by 3 of 3 cases\n", finished.out)
        self.assertIn("compared: 3 cases: 3 slower, 0 faster, 0 without a difference shown", finished.out)
        self.assertEqual(finished.err, "")

    def test_a_known_speedup_is_shown_and_keeps_the_threshold(self):
        finished = self.coldload("compare", self.slow(), self.fast(), "--fail-if", "median > 50 %",
                                 "--fail-if", "throughput < -10 %")
        self.assertEqual(len(lines_with(finished.out, "× faster")), 3)
        self.assertIn("--fail-if median > 50 %: kept by 3 cases\n", finished.out)
        self.assertIn("--fail-if throughput < -10 %: kept by 3 cases\n", finished.out)
        self.coldload("compare", self.slow(), self.fast(), "--fail-if", "median < -10 %", expect=THRESHOLD_BROKEN)

    def test_a_run_against_itself_keeps_any_threshold(self):
        finished = self.coldload("compare", self.fast(), self.fast(), "--fail-if", "median > 0 %")
        self.assertIn("nothing that the documents record differs around the runs", finished.out)
        self.assertIn("0 slower, 0 faster, 3 without a difference shown", finished.out)

    def test_what_differs_around_the_runs_comes_first(self):
        out = self.coldload("compare", self.fast(), self.slow()).out
        self.assertRegex(lines_with(out, "backend null: latency")[0], r"latency +20 ms +80 ms$")
        self.assertLess(out.index("backend null: latency"), out.index(CASES[0]))

    def test_too_few_runs_break_no_threshold_and_are_named(self):
        few = self.run_of("few", "80 ms", repetitions=3)
        finished = self.coldload("compare", self.fast(), few, "--fail-if", "median > 0 %")
        self.assertIn("--fail-if median > 0 %: kept by 0 cases; 3 cases had too few runs to tell", finished.out)
        self.assertEqual(sum(line.endswith("  too few runs") for line in finished.out.splitlines()), 3)

    def test_json_holds_the_same(self):
        finished = self.coldload("compare", self.fast(), self.slow(), "--format", "json", "--fail-if",
                                 "median > 50 %", expect=THRESHOLD_BROKEN)
        document = json.loads(finished.out)
        self.assertEqual([entry["new"]["case"] for entry in document["compared"]], CASES)
        for entry in document["compared"]:
            self.assertEqual(entry["verdict"], "slower")
            self.assertAlmostEqual(entry["ratio"], entry["new"]["median_s"] / entry["base"]["median_s"], places=9)
            self.assertLessEqual(entry["ratio_low"], entry["ratio_high"])
            self.assertLessEqual(entry["p_value"], entry["p_adjusted"])
        self.assertFalse(document["fail_if"][0]["kept"])
        self.assertEqual(len(document["fail_if"][0]["broken"]), 3)
        self.assertIn({"group": "backend null", "what": "latency", "base": "20 ms", "new": "80 ms"},
                      document["environment"])

    def test_markdown_is_a_table_of_as_many_cells_in_every_row(self):
        out = self.coldload("compare", self.fast(), self.slow(), "--format", "markdown").out
        rows = lines_with(out[out.index("### Cases"):], "|")
        self.assertEqual(len(rows), 2 + len(CASES))
        self.assertEqual({row.count("|") for row in rows}, {rows[0].count("|")})

    def test_cases_of_one_run_are_paired_by_what_the_stars_stand_for(self):
        out = self.coldload("compare", self.fast(), "--cases", "*threads=1/*", "*threads=2/*").out
        self.assertIn("null/parallel,threads=2/stream/cold", out)
        self.assertIn("    against null/parallel,threads=1/stream/cold\n", out)
        self.assertIn("compared: 1 case: ", out)

    def test_a_single_case_is_compared_with_each_of_the_other_side(self):
        out = self.coldload("compare", self.fast(), "--cases", "*/sequential/*", "*").out
        self.assertEqual(len(lines_with(out, "    against null/sequential/stream/cold")), 2)

    def test_mistakes_are_usage(self):
        for arguments, said in (
                ((self.fast(),), "give two runs to compare, or one and two globs of its cases"),
                ((self.fast(), self.slow(), "--cases", "a", "b"), "give two runs to compare, or one"),
                ((self.fast(), "--cases", "gone/*", "*"), '"gone/*" means no case of this run'),
                ((self.fast(), self.path("gone")), "gone: No such file or directory"),
                ((self.fast(), self.slow(), "--fail-if", "mean > 1 %"), '--fail-if "mean > 1 %": no metric "mean"'),
                ((self.fast(), self.slow(), "--fail-if", "throughput < 5 %"), "would break it; write it as")):
            with self.subTest(arguments):
                finished = self.coldload("compare", *arguments, expect=USAGE)
                self.assertIn(said, finished.err)
                self.assertEqual(finished.out, "")

    def test_nothing_to_compare_is_no_success(self):
        other = self.write("other/result.json", self.changed(self.fast(), lambda document: [
            entry.update(model_bytes=7) for entry in document["cases"]]))
        finished = self.coldload("compare", self.fast(), other, expect=ENVIRONMENT)
        self.assertIn("base loads 1.05 MB, new 7 B", finished.out)
        self.assertEqual(finished.err, "error: no case of the two can be compared\n")

    def changed(self, folder, change):
        with open(os.path.join(folder, "result.json"), encoding="utf-8") as file:
            document = json.load(file)
        change(document)
        return json.dumps(document)

    def test_show_prints_what_run_printed(self):
        with open(self.fast() + ".printed", encoding="utf-8") as file:
            printed = file.read()
        table, _, last = printed.rstrip("\n").rpartition("\n")
        self.assertTrue(last.startswith("results: "))
        self.assertEqual(self.coldload("show", self.fast()).out, table + "\n")
        self.assertEqual(self.coldload("show", os.path.join(self.fast(), "result.json")).out, table + "\n")

    def test_csv_has_a_row_for_each_run_with_its_figures(self):
        with open(os.path.join(self.fast(), "result.json"), encoding="utf-8") as file:
            document = json.load(file)
        rows = list(csv.DictReader(io.StringIO(self.coldload("export", self.fast(), "--format", "csv").out)))
        self.assertEqual(len(rows), len(document["runs"]))
        for row, entry in zip(rows, document["runs"]):
            self.assertEqual(row["case"], entry["case"])
            self.assertEqual(row["cold_load_ns"], str(entry["cold_load_ns"]))
            self.assertEqual(row["counted"], "true" if entry["repetition"] > 0 else "false")
            for metric in entry["metrics"]:
                self.assertAlmostEqual(float(row["metric." + metric["tag"]]), metric["value"])
            for phase, duration in entry["phases_ns"].items():
                self.assertEqual(row[f"phase.{phase}_ns"], str(duration))

    def test_compare_py_of_google_benchmark_reads_two_exports(self):
        paths = []
        for name, folder in (("fast", self.fast()), ("slow", self.slow())):
            paths.append(self.write(name + ".json", self.coldload("export", folder, "--format", "gbench").out))
        finished = run(["/usr/bin/python3", "-B", COMPARE_PY, "--no-color", "benchmarks", *paths],
                       env={"PYTHONPATH": os.environ["COLDLOAD_SCIPY"]})
        self.assertEqual(finished.code, OK, finished)
        for case in CASES:
            # Six runs, the median among the aggregates, the U test over the runs.
            self.assertEqual(len(lines_with(finished.out, case + " ")), 6, finished.out)
            self.assertEqual(len(lines_with(finished.out, case + "_median ")), 1)
            self.assertIn("Repetitions: 6 vs 6", lines_with(finished.out, case + "_pvalue ")[0])

    def test_list_runs_names_each_run_the_oldest_first(self):
        fast, slow = self.fast(), self.slow()
        shutil.copytree(fast, self.path("here/b"))
        shutil.copytree(slow, self.path("here/a"))
        shutil.copytree(slow, self.path("here/killed"))
        os.remove(self.path("here/killed/result.json"))
        self.write("here/broken/result.json", "{")
        os.mkdir(self.path("here/schema"))
        out = self.coldload("list", "runs", self.path("here")).out
        self.assertEqual(len(out.splitlines()), 1 + 4 + 1)
        self.assertRegex(out, r"(?m)^\d{4}-\d\d-\d\dT\S+Z +test +3 of 3 +21 +\S+/here/b$")
        self.assertTrue(lines_with(out, "here/killed")[0].endswith("  not finished"))
        self.assertIn("not readable", lines_with(out, "here/broken ")[0])
        listed = json.loads(self.coldload("list", "runs", self.path("here"), "--json").out)
        self.assertEqual(len(listed), 4)
        self.assertEqual(sorted(entry["started_at"] for entry in listed if "error" not in entry),
                         [entry["started_at"] for entry in listed if "error" not in entry])

    def test_list_runs_without_a_folder_looks_below_results(self):
        shutil.copytree(self.fast(), self.path("results/one"))
        self.assertIn("results/one", self.coldload("list", "runs", cwd=self.dir).out)
        self.assertIn("No such file or directory", self.coldload("list", "runs", "gone", cwd=self.dir, expect=USAGE).err)
        os.mkdir(self.path("empty"))
        self.assertEqual(self.coldload("list", "runs", "empty", cwd=self.dir).out, "empty: no run\n")

    def test_list_alone_lists_components(self):
        self.assertTrue(self.coldload("list").out.startswith("Backends\n"))


class EverySchemaVersion(CliTest):
    """Documents of every version that was released are read by every command that reads one."""

    def documents(self):
        found = sorted(os.listdir(DOCUMENTS))
        self.assertTrue({"schema1-minimal.json", "schema1-full.json"} <= set(found))
        return [os.path.join(DOCUMENTS, name) for name in found]

    def test_all_of_them_are_shown_exported_and_compared(self):
        for path in self.documents():
            with self.subTest(os.path.basename(path)):
                self.assertIn("local/sequential/stream/cold", self.coldload("show", path).out)
                for form in ("csv", "markdown", "gbench"):
                    self.assertIn("local/sequential/stream/cold", self.coldload("export", path, "--format", form).out)
                for form in ("table", "markdown", "json"):
                    out = self.coldload("compare", path, path, "--format", form).out
                    self.assertIn("local/sequential/stream/cold", out)

    def test_old_and_new_are_compared(self):
        minimal, full = (os.path.join(DOCUMENTS, f"schema1-{name}.json") for name in ("minimal", "full"))
        out = self.coldload("compare", minimal, full, expect=ENVIRONMENT).out
        self.assertIn("local/sequential/stream/cold: base loads 1.00 GB, new 2.00 GB", out)

    def test_a_document_comes_on_standard_input_too(self):
        with open(self.documents()[0], encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(self.coldload("show", "-", stdin=text).out, self.coldload("show", self.documents()[0]).out)

    def test_an_unknown_version_is_refused_with_both_numbers(self):
        with open(self.documents()[0], encoding="utf-8") as file:
            document = json.load(file)
        path = self.write("future.json", json.dumps({**document, "schema_version": 7}))
        for arguments in (("show", path), ("export", path, "--format", "csv"), ("compare", path, self.documents()[0])):
            finished = self.coldload(*arguments, expect=ENVIRONMENT)
            self.assertEqual(finished.err, f"error: {path}: schema_version 7 is not known, this program reads 1\n")
            self.assertEqual(finished.out, "")


if __name__ == "__main__":
    unittest.main()
