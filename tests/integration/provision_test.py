"""coldload provision: the model put where it is missing, and taken away again; nothing of anybody else's touched."""

import os
import unittest

from coldload_cli import ENVIRONMENT, INTEGRITY, MIB, USAGE, CliTest
from staged_test import facts

TEXT = """[model]
path = {{ one = "models/x", two = "other/place" }}
{generate}
[backend.one]
plugin = "local"
root = "{dir}/a"
[backend.two]
plugin = "local"
root = "{dir}/b"
[backend.network]
plugin = "shaped"
source = "one"
[strategy.parallel]
[[compare]]
backend = ["one", "two"]
[run]
probe = false
repetitions = 1
"""
GENERATE = 'generate = { like = "qwen2.5-0.5b", scale = 0.05 }'


class Provision(CliTest):
    def setUp(self):
        super().setUp()
        self.write("a/theirs", "precious")
        self.write("b/other/theirs", "precious")

    def file(self, generate=GENERATE):
        return self.scenario(TEXT.format(dir=self.dir, generate=generate))

    def everything(self):
        return {path: fact for path, fact in facts(self.dir).items() if "/scenario.toml" not in path}

    def test_is_made_once_copied_run_and_taken_away(self):
        before = self.everything()
        told = self.coldload("provision", self.file(), "--dry-run").out
        self.assertIn(f"one: {self.path('a/models/x')}: would be made like qwen2.5-0.5b\n", told)
        self.assertIn(f"two: {self.path('b/other/place')}: would be copied from backend \"one\"\n", told)
        self.assertNotIn("network", told, "it holds nothing itself")
        self.assertEqual(self.everything(), before, "a dry run writes nothing")
        told = self.coldload("provision", self.file()).out
        self.assertRegex(told, r"one: .*: made like qwen2.5-0.5b, 302 MB in 5 files, read back and verified")
        self.assertRegex(told, r"two: .*: copied from backend one, 302 MB in 5 files, read back and verified")
        new = set(self.everything()) - set(before)
        places = (self.path("a/models"), self.path("b/other/place"))
        self.assertEqual([path for path in new if not path.startswith(places)], [])
        for path, fact in before.items():
            self.assertEqual(self.everything()[path], fact)
        self.assertEqual(self.coldload("provision", self.file()).out.count("there already"), 2)
        self.coldload("run", self.file(), "--out", self.path("run"))
        document = self.document(self.path("run"))
        self.assertEqual({entry["status"] for entry in document["runs"]}, {"ok"})
        told = self.coldload("provision", self.file(), "--remove").out
        self.assertEqual(told.count("removed"), 2)
        files = {path for path, fact in self.everything().items() if fact and not path.startswith(self.path("run"))}
        self.assertEqual(files, {path for path, fact in before.items() if fact})

    def test_what_it_did_not_put_there_stays(self):
        self.small_model("a/models/x")
        told = self.coldload("provision", self.file(), "--remove").out
        self.assertIn("stays: ", told)
        self.assertTrue(os.path.exists(self.path("a/models/x/config.json")))

    def test_without_a_source_it_says_what_is_missing(self):
        told = self.coldload("provision", self.file(generate=""), expect=ENVIRONMENT).out
        self.assertEqual(told.count("no backend of the scenario has it, and [model] has no `generate`"), 2)

    def test_where_others_files_stand_it_refuses(self):
        self.write("b/other/place/notes.txt", "precious")
        finished = self.coldload("provision", self.file(), expect=ENVIRONMENT)
        self.assertIn("something is there, but no *.safetensors", finished.out)
        self.assertEqual(os.listdir(self.path("b/other/place")), ["notes.txt"])

    def test_a_model_of_which_a_part_is_missing_is_neither_there_nor_written_over(self):
        self.small_model("b/other/place", shards=(MIB, MIB, MIB))
        os.remove(self.path("b/other/place/model-00002-of-00003.safetensors"))
        os.remove(self.path("b/other/place/model-00003-of-00003.safetensors"))
        before = self.everything()
        told = self.coldload("provision", self.file(), "--dry-run", expect=INTEGRITY).out
        self.assertIn("one: " + self.path("a/models/x") + ": would be made", told, "half a model is no source")
        told = self.coldload("provision", self.file(generate=""), expect=ENVIRONMENT).out
        self.assertIn("one: " + self.path("a/models/x") + ": no backend of the scenario has it", told)
        self.assertRegex(told, r"two: .*is not whole: model-00002-of-00003.safetensors: .*model-00003-of-00003.safetensors: "
                         r".*: fetch what is missing; .* take it away and provision again: nothing is put over it\n")
        self.assertEqual(self.everything(), before)

    def test_it_is_copied_from_the_backend_that_holds_all_of_it(self):
        self.small_model("a/models/x", shards=(MIB, MIB, MIB))
        os.remove(self.path("a/models/x/model-00002-of-00003.safetensors"))
        self.small_model("b/other/place", shards=(MIB, MIB, MIB))
        os.makedirs(self.path("c"))
        text = TEXT.format(dir=self.dir, generate="").replace(
            "[backend.network]", f'[backend.three]\nplugin = "local"\nroot = "{self.dir}/c"\n[backend.network]').replace(
            'two = "other/place"', 'two = "other/place", three = "x"').replace('"two"]', '"two", "three"]')
        told = self.coldload("provision", self.scenario(text), expect=INTEGRITY).out
        self.assertIn(f"three: {self.path('c/x')}: copied from backend two, 3.15 MB in 5 files", told)

    def test_a_copy_of_ours_that_lost_a_part_can_be_taken_away(self):
        self.small_model("a/models/x")
        self.coldload("provision", self.file(generate=""))
        os.remove(self.path("b/other/place/model-00002-of-00002.safetensors"))
        self.coldload("provision", self.file(generate=""), expect=INTEGRITY)
        told = self.coldload("provision", self.file(generate=""), "--remove").out
        self.assertIn(f"two: {self.path('b/other/place')}: removed\n", told)
        self.assertFalse(os.path.exists(self.path("b/other/place")))

    def test_a_dry_run_ends_as_the_run_would(self):
        told = self.coldload("provision", self.file(generate=""), "--dry-run", expect=ENVIRONMENT).out
        self.assertEqual(told.count("no backend of the scenario has it"), 2)

    def test_what_strategies_sweep_and_whether_they_could_run_does_not_matter(self):
        self.small_model("a/models/x")
        text = TEXT.format(dir=self.dir, generate="").replace(
            "[strategy.parallel]", "[strategy.parallel]\nthreads = [4, 16]\n[strategy.command]\nargv = [\"false\"]")
        told = self.coldload("provision", self.scenario(text)).out
        self.assertIn(f"one: {self.path('a/models/x')}: there already\n", told)
        self.assertIn(f"two: {self.path('b/other/place')}: copied from backend one, 4.20 MB", told)

    def test_each_place_that_a_backend_sweeps_over_gets_the_model_once(self):
        self.small_model("a/models/x")
        os.makedirs(self.path("c"))
        text = TEXT.format(dir=self.dir, generate="").replace(
            f'root = "{self.dir}/b"', f'root = ["{self.dir}/b", "{self.dir}/c"]')
        told = self.coldload("provision", self.scenario(text)).out
        for root in ("b", "c"):
            place = self.path(root)
            self.assertIn(f"two,root={place}: {place}/other/place: copied from backend one, 4.20 MB", told)
        told = self.coldload("provision", self.scenario(text), "--remove").out
        self.assertEqual(told.count(": removed"), 2)
        self.assertTrue(os.path.exists(self.path("a/models/x/config.json")))

    def test_a_scenario_with_mistakes_is_told_as_one(self):
        self.coldload("provision", self.scenario("[model]\n"), expect=USAGE)


if __name__ == "__main__":
    unittest.main()
