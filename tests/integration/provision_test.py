"""coldload provision: the model put where it is missing, and taken away again; nothing of anybody else's touched."""

import os
import signal
import subprocess
import unittest

from coldload_cli import BINARY, ENVIRONMENT, INTEGRITY, INTERRUPTED, MARK, MIB, USAGE, CliTest, environment, processes_of, until
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
        left = {path: fact for path, fact in self.everything().items() if not path.startswith(self.path("run"))}
        self.assertEqual(left, before)

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

    def start(self, moment):
        """A provision that makes a model, as soon as moment() of the scratch directory's names is true."""
        process = subprocess.Popen([BINARY, "provision", self.scenario(
            TEXT.format(dir=self.dir, generate=GENERATE.replace("0.05", "1")))], env=environment({MARK: self.dir}),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.addCleanup(process.communicate)
        self.assertTrue(until(lambda: any(moment(os.listdir(path)) for path in self.scratch_directories()), 30))
        return process

    def scratch_directories(self):
        return [entry.path for entry in os.scandir(self.path("a")) if entry.name.startswith(".coldload-provision-")]

    def test_an_interrupt_leaves_nothing_behind(self):
        before = self.everything()
        process = self.start(bool)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, INTERRUPTED, err)
        self.assertEqual(self.everything(), before)

    def test_what_a_killed_one_left_goes_with_the_next_and_nothing_of_others(self):
        before = self.everything()
        for arguments in ((), ("--remove",)):
            process = self.start(bool)
            process.send_signal(signal.SIGSTOP)
            name, = self.scratch_directories()
            self.coldload("provision", self.file(generate=""), "--remove")
            self.assertEqual(self.scratch_directories(), [name], "its maker lives")
            process.kill()
            process.communicate()
            self.assertTrue(until(lambda: not processes_of(self.dir), 10))
            told = self.coldload("provision", self.file(generate=""), "--dry-run", expect=ENVIRONMENT).out
            self.assertEqual(self.scratch_directories(), [name])
            told = self.coldload("provision", self.file(generate=""), *arguments,
                                 expect=0 if arguments else ENVIRONMENT).out
            self.assertIn(f"{name}: removed, left by a provision that was cut off\n", told)
            self.assertEqual(self.everything(), before)

    def test_a_directory_of_its_name_that_holds_what_it_never_made_stays_and_is_named(self):
        word = "0123456789abcdef" * 2
        for name, content in ((f".coldload-provision-{word}", "model-00001-of-00002.safetensors"),
                              (f".coldload-provision-{word}", "thesis.txt"), (".coldload-provision-77", "config.json"),
                              (f".coldload-provision-{word}-old", "config.json")):
            self.write(f"a/{name}/{content}", "precious")
        os.makedirs(self.path("b/elsewhere"))
        os.symlink("elsewhere", self.path(f"b/.coldload-provision-{word}"))
        before = self.everything()
        told = self.coldload("provision", self.file(generate=""), "--remove").out
        self.assertEqual(told, self.path(f"a/.coldload-provision-{word}") + ": holds \"thesis.txt\", which is of no "
                         "generated model: look at it, and remove it yourself\n")
        self.assertEqual(self.everything(), before)

    def test_a_copy_that_fails_leaves_no_directory_that_was_made_for_it(self):
        self.small_model("b/other/place")
        before = self.everything()
        # The name alone is not too long, the copy's in the making is.
        text = TEXT.format(dir=self.dir, generate="").replace("models/x", "new/deep/" + "x" * 250)
        self.coldload("provision", self.scenario(text), expect=ENVIRONMENT)
        self.assertEqual(self.everything(), before)

    def test_a_dry_run_ends_as_the_run_would(self):
        told = self.coldload("provision", self.file(generate=""), "--dry-run", expect=ENVIRONMENT).out
        self.assertEqual(told.count("no backend of the scenario has it"), 2)

    def test_a_root_that_is_missing_is_told_by_a_dry_run_too(self):
        text = TEXT.format(dir=self.dir, generate=GENERATE).replace(f'"{self.dir}/a"', f'"{self.dir}/gone"')
        for arguments in (("--dry-run",), ()):
            told = self.coldload("provision", self.scenario(text.replace(", \"two\"", "").replace(
                f'"{self.dir}/b"', f'"{self.dir}/gone"')), *arguments, expect=USAGE).out
            self.assertIn(f"one: {self.path('gone')}/models/x: {self.path('gone')}: no such directory: make it", told)

    def test_room_for_the_model_is_told_before_anything_is_made(self):
        generate = 'generate = { like = "llama-3.1-70b", scale = 1.0 }'
        before = self.everything()
        for arguments in (("--dry-run",), ()):
            told = self.coldload("provision", self.file(generate=generate), *arguments, expect=ENVIRONMENT).out
            self.assertRegex(told, r"one: .*: no room: the model takes 141 GB and as much while it is made, 1 GiB "
                             r"stay free, and .* are: make room")
            self.assertEqual(self.everything(), before)

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
