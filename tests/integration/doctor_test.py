"""coldload doctor: what is in order, what is not, why, and what to do about it."""

import json
import os
import pty
import re
import subprocess
import unittest

from coldload_cli import BINARY, ENVIRONMENT, MISBEHAVING, OK, USAGE, CliTest, environment


class DoctorCase:
    def facts(self, *arguments, expect=OK, **more):
        finished = self.coldload(*more.pop("before", ()), "doctor", *arguments, "--json", expect=expect, **more)
        facts = json.loads(finished.out)
        for fact in facts:
            self.assertEqual(list(fact), ["subject", "level", "fact", "cause", "fix"])
            self.assertIn(fact["level"], ("ok", "warning", "error"))
            # The promise of it: nothing is wrong without a cause and a fix, nothing right needs one.
            for key in ("cause", "fix"):
                self.assertEqual(bool(fact[key]), fact["level"] != "ok", fact)
        return facts

    def of(self, facts, subject):
        return [fact for fact in facts if fact["subject"] == subject]

    def one(self, facts, subject, beginning):
        found = [fact for fact in self.of(facts, subject) if fact["fact"].startswith(beginning)]
        self.assertEqual(len(found), 1, (beginning, facts))
        return found[0]


class Machine(DoctorCase, CliTest):
    def test_it_tells_the_machine_and_leaves_nothing_behind(self):
        facts = self.facts(cwd=self.dir)
        self.assertEqual(os.listdir(self.dir), [])
        for beginning in ("kernel: Linux ", "CPU: ", "CPU frequency: ", "memory: ", "transparent huge pages: ",
                          "locked memory: ", "residency: ", "scratch file: 4 MiB in " + self.dir, "eviction: works",
                          "/proc/self/io: counts ", "read-ahead: ", "plugins: "):
            self.one(facts, "machine", beginning)
        self.assertEqual(self.one(facts, "strategy io_uring", "io_uring: a ring of")["level"], "ok")
        self.one(facts, "strategy io_uring", "io_uring: registering 4 MiB")

    def test_its_text_fits_100_columns_and_counts(self):
        finished = self.coldload("doctor", cwd=self.dir, env={"NO_COLOR": "1"})
        lines = finished.out.splitlines()
        self.assertEqual(lines[0], "machine")
        for line in lines:
            self.assertTrue(len(line) <= 100 or " " not in line.strip(), line)
            self.assertRegex(line, r"^($|\S|  (ok     |warning|error  )  \S| {11}\S)")
        counts = re.fullmatch(r"(\d+) ok, (\d+) warnings?, 0 errors", lines[-1])
        self.assertTrue(counts, lines[-1])
        self.assertEqual(int(counts[1]), sum(line.startswith("  ok ") for line in lines))

    def test_a_refused_plugin_is_a_warning_with_its_reason(self):
        file = os.path.join(MISBEHAVING, "coldload_misbehaving_wrong_major.so")
        facts = self.facts(before=("--plugin", file), cwd=self.dir)
        refused = self.one(facts, "machine", "plugin " + os.path.realpath(file))
        self.assertEqual(refused["level"], "warning")
        self.assertIn("ABI", refused["cause"])

    def test_without_a_disk_it_says_that_it_has_not_tried(self):
        facts = self.facts(cwd="/dev/shm", env={"TMPDIR": "/dev/shm"})
        told = self.one(facts, "machine", "eviction, residency and device bytes: not tried")
        self.assertIn("/dev/shm", told["cause"])


class Scenarios(DoctorCase, CliTest):
    def check(self, text, **more):
        return self.facts(self.scenario(text), cwd=self.dir, **more)

    def test_a_scenario_that_is_in_order(self):
        self.small_model()
        facts = self.check('[model]\npath = "model"\n[backend.disk]\nplugin = "local"\nroot = "."\n'
                           '[strategy.uring]\nplugin = "io_uring"\ndepth = [8, 16]\n')
        self.assertEqual(self.one(facts, "backend disk", "model \"model\"")["fact"],
                         "model \"model\": 2 shards, 4.20 MB")
        self.one(facts, "backend disk", "plugin local: options valid")
        self.one(facts, "backend disk", "fits into memory: 4.20 MB against ")
        self.one(facts, "backend disk", "mount: ")
        self.one(facts, "backend disk", "space: ")
        self.one(facts, "backend disk", "model's directory: " + self.path("model"))
        self.one(facts, "strategy uring", "io_uring: a ring of 8 works")
        self.one(facts, "strategy uring", "io_uring: a ring of 16 works")

    def test_a_backend_that_cannot_be_created_is_an_error_and_the_others_follow(self):
        self.small_model()
        facts = self.check('[model]\npath = "model"\n[backend.gone]\nplugin = "local"\nroot = "nowhere"\n'
                           '[backend.disk]\nplugin = "local"\nroot = "."\n[strategy.sequential]\n',
                           expect=ENVIRONMENT)
        told = self.one(facts, "backend gone", "cannot be created")
        self.assertEqual(told["level"], "error")
        self.assertIn(self.path("nowhere"), told["cause"])
        self.one(facts, "backend disk", "model \"model\": 2 shards")
        self.one(facts, "strategy sequential", "plugin sequential: options valid")

    def test_a_model_that_is_not_there_and_a_directory_without_shards_are_errors(self):
        os.makedirs(self.path("empty"))
        both = ('[model.path]\none = "none"\ntwo = "empty"\n[backend.one]\nplugin = "local"\nroot = "."\n'
                '[backend.two]\nplugin = "local"\nroot = "."\n[strategy.sequential]\n')
        facts = self.check(both, expect=ENVIRONMENT)
        missing = self.one(facts, "backend one", "model \"none\": not found in " + self.path("none"))
        self.assertEqual(missing["level"], "error")
        self.assertEqual([fact for fact in facts if "is not there" in fact["fact"]], [], "said once, as an error")
        self.assertEqual(self.one(facts, "backend two", "model \"empty\": no *.safetensors")["level"], "error")

    def test_a_model_of_which_a_part_is_missing_is_an_error_that_names_it(self):
        self.small_model()
        os.remove(self.path("model/model-00002-of-00002.safetensors"))
        facts = self.check('[model]\npath = "model"\n[backend.disk]\nplugin = "local"\nroot = "."\n'
                           '[strategy.sequential]\n', expect=ENVIRONMENT)
        told = self.one(facts, "backend disk", "model \"model\": not whole")
        self.assertEqual(told["level"], "error")
        self.assertIn("model-00002-of-00002.safetensors: named by the index, but missing", told["cause"])

    def test_a_staged_backend_tells_room_and_all_it_is_built_on(self):
        self.small_model()
        os.makedirs(self.path("disk"))
        text = ('[model]\npath = "model"\n[backend.lake]\nplugin = "local"\nroot = "."\n'
                '[backend.disk]\nplugin = "local"\nroot = "disk"\n'
                '[backend.copy]\nplugin = "staged"\nsource = "lake"\ntarget = "disk"\nreserve = "%s"\n'
                '[strategy.sequential]\n')
        facts = self.check(text % "1 MiB")
        place = self.path("disk/.coldload-staged/copy/model")
        self.assertIn("4.20 MB of ", self.one(facts, "backend copy", "room for the copy in " + place)["fact"])
        self.one(facts, "backend copy", f"target: {self.path('disk')} may be written")
        self.one(facts, "backend lake", "mount: ")
        self.one(facts, "backend disk", "mount: ")
        facts = self.check(text % "1000 TiB", expect=ENVIRONMENT)
        self.assertIn("1.10 PB", self.one(facts, "backend copy", "no room for the copy")["cause"])
        self.assertEqual(os.listdir(self.path("disk")), [])

    def test_whom_it_is_asking_is_said_on_a_terminal_only(self):
        self.small_model()
        file = self.scenario('[model]\npath = "model"\n[backend.disk]\nplugin = "local"\nroot = "."\n[strategy.sequential]\n')
        self.assertEqual(self.coldload("doctor", file, "--json", cwd=self.dir).err, "")
        terminal, side = pty.openpty()
        with os.fdopen(terminal, "rb", buffering=0) as seen:
            with os.fdopen(side, "wb") as stderr:
                subprocess.run([BINARY, "doctor", file], check=True, stdout=subprocess.DEVNULL, stderr=stderr, cwd=self.dir,
                               env=environment({"TERM": "xterm"}))
            self.assertEqual(seen.read(4096), b"asking backend disk\r\nasking strategy sequential\r\n")

    def test_a_mistake_in_the_scenario_is_usage(self):
        file = self.scenario('[backend.local]\nrot = "."\n[strategy.sequential]\n')
        self.assertIn("did you mean \"root\"", self.coldload("doctor", file, expect=USAGE).err)


if __name__ == "__main__":
    unittest.main()
