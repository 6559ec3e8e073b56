"""Plugins that do what none should: each leaves one record, and the rest goes on."""

import os
import shutil
import unittest

from coldload_cli import CASE_FAILED, INTEGRITY, MISBEHAVING, OK, USAGE, CliTest, hasty, processes_of

HONEST = "[strategy.sequential]\n[strategy.parallel]\n"


class Strategies(CliTest):
    def setUp(self):
        super().setUp()
        self.small_model()
        # Alone: beside them the directory holds plugins that are refused.
        os.mkdir(self.path("plugins"))
        for name in ("crash", "hang", "short", "lie"):
            shutil.copy(os.path.join(MISBEHAVING, f"coldload_misbehaving_{name}.so"), self.path("plugins"))

    def execute(self, strategies, expect):
        text = (f'[model]\npath = "model"\n[backend.local]\nroot = "{self.dir}"\n' + HONEST +
                "".join(f"[strategy.misbehaving_{name}]\n" for name in strategies) +
                hasty(2, 'timeout = "5 s"\nquiet = false'))
        finished, document = self.run_scenario(text, before=("--plugin", self.path("plugins")), expect=expect,
                                               timeout=120)
        self.assertEqual(processes_of(self.dir), [])
        self.assertFalse(document["interrupted"])
        for name in ("sequential", "parallel"):
            runs = self.runs_of(document, f"local/{name}/stream/cold")
            self.assertEqual([entry["status"] for entry in runs], ["ok"] * 3, finished)
        return finished, document

    def only_record(self, document, name, status, *said):
        case = f"local/misbehaving_{name}/stream/cold"
        runs = self.runs_of(document, case)
        self.assertEqual([entry["status"] for entry in runs], [status])
        for words in said:
            self.assertIn(words, runs[0]["reason"])
        self.assertEqual(self.statuses(document)[case], "failed")

    def test_a_crash_leaves_one_record_that_names_the_signal_and_the_phase(self):
        finished, document = self.execute(["crash"], CASE_FAILED)
        self.only_record(document, "crash", "crashed", "SIGSEGV in phase load")
        self.assertIn("SIGSEGV", finished.err + finished.out)

    def test_a_hang_is_ended_at_the_timeout_and_leaves_one_record(self):
        finished, document = self.execute(["hang"], CASE_FAILED)
        self.only_record(document, "hang", "timed_out", "no end after 5", "in phase load")
        self.assertLess(finished.seconds, 60)

    def test_a_short_read_leaves_one_record_that_tells_what_is_missing(self):
        _, document = self.execute(["short"], CASE_FAILED)
        self.only_record(document, "short", "failed", "model-0000")

    def test_a_lie_is_found_by_checksum_and_is_an_integrity_failure(self):
        _, document = self.execute(["lie"], INTEGRITY)
        self.only_record(document, "lie", "failed", "integrity:")

    def test_all_four_together_leave_one_record_each(self):
        _, document = self.execute(["crash", "hang", "short", "lie"], INTEGRITY)
        for name, status in (("crash", "crashed"), ("hang", "timed_out"), ("short", "failed"), ("lie", "failed")):
            self.only_record(document, name, status)


class Plugins(CliTest):
    def test_bad_plugins_are_refused_by_name_with_the_reason_and_the_others_work(self):
        text = self.coldload("--plugin", MISBEHAVING, "list").out
        refused = text[text.index("Refused"):]
        for name, reason in (("no_symbol", "coldload_plugin_v1"), ("wrong_major", "7"),
                             ("duplicate_id", "org.coldload.sequential"), ("throws_at_load", "thrown while")):
            told = [line for line in refused.splitlines() if f"coldload_misbehaving_{name}.so" in line]
            self.assertEqual(len(told), 1, text)
            self.assertIn(reason, told[0])
        for name in ("local", "sequential", "misbehaving_crash", "misbehaving_hang"):
            self.assertIn(f"  {name} ", text[:text.index("Refused")])

    def test_a_relative_plugin_path_is_refused(self):
        finished = self.coldload("--plugin", "lib/coldload", "list", expect=(OK, USAGE))
        self.assertIn("lib/coldload", finished.out + finished.err)
        self.assertIn("absolute", finished.out + finished.err)

    def test_a_lying_backend_is_not_believed(self):
        self.small_model()
        text = ('[model]\npath = "model"\n[backend.liar]\nplugin = "misbehaving_lying_backend"\n'
                f'root = "{self.dir}"\n[strategy.sequential]\n' + hasty(2))
        _, document = self.run_scenario(text, before=("--plugin", MISBEHAVING))
        # It says that evicting worked and that nothing is resident; the host evicts and looks itself.
        for entry in document["runs"]:
            self.assertIn(entry["proof"]["method"], ("cachestat", "mincore"))
            self.assertTrue(entry["proof"]["valid"], entry["proof"])


if __name__ == "__main__":
    unittest.main()
