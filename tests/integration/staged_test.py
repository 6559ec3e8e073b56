"""Staging on a real disk: first starts, copies that stay or go, files of others, and death at any moment."""

import errno
import hashlib
import os
import random
import signal
import subprocess
import time
import unittest

from coldload_cli import (BINARY, CASE_FAILED, ENVIRONMENT, INTEGRITY, INTERRUPTED, KIB, MARK, MIB, OK, USAGE, CliTest, environment,
                          hasty, metric, processes_of, until)

# How often a copy is killed; `./dev soak staging` does it more often.
KILLS = int(os.environ.get("COLDLOAD_KILLS", "12"))

BACKENDS = """[model]
path = "model"
[backend.disk]
plugin = "local"
root = "{dir}/source"
[backend.network]
plugin = "shaped"
source = "disk"
bandwidth = "800 Mbit/s"
latency = "1 ms"
[backend.nvme]
plugin = "local"
root = "{dir}/target"
[backend.staged]
source = "network"
target = "nvme"
reserve = "0 B"
{more}
[strategy.parallel]
[strategy.mmap]
"""


def facts(directory):
    """Inode, time of change and hash of every file below a directory."""
    found = {}
    for parent, directories, files in os.walk(directory):
        for name in directories:
            found[os.path.join(parent, name)] = None
        for name in files:
            path = os.path.join(parent, name)
            with open(path, "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            status = os.stat(path)
            found[path] = (status.st_ino, status.st_mtime_ns, digest)
    return found


class Staging(CliTest):
    def setUp(self):
        super().setUp()
        self.small_model("source/model", shards=(9 * MIB + 17, 4 * MIB + 4099))
        self.write("target/theirs/weights.safetensors", os.urandom(100_000))
        self.write("target/.coldload-staged-not/theirs", "precious")
        self.source, self.target = facts(self.path("source")), facts(self.path("target"))

    def scenario_of(self, more="", run=""):
        return BACKENDS.format(dir=self.dir, more=more) + run

    def untouched(self):
        """Nothing that is not ours was changed; returns what is new on the target."""
        self.assertEqual(facts(self.path("source")), self.source)
        now = facts(self.path("target"))
        for path, fact in self.target.items():
            self.assertEqual(now.get(path), fact, path)
        return sorted(set(now) - set(self.target))


class Scenarios(Staging):
    def test_the_disk_the_network_and_the_staged_copy_in_one_table(self):
        finished, document = self.run_scenario(self.scenario_of(run='[[compare]]\nbackend = ["disk", "network", "staged"]\n' +
                                                                hasty(4)))
        self.assertEqual(self.statuses(document), {
            "disk/parallel/stream/cold": "ok", "disk/mmap/stream/cold": "ok",
            "network/parallel/stream/cold": "ok", "network/mmap/stream/cold": "skipped",
            "staged/parallel/stream/cold": "ok", "staged/parallel/stream/first-start": "ok",
            "staged/mmap/stream/cold": "ok", "staged/mmap/stream/first-start": "ok"})
        emulated = {case["id"].split("/")[0]: case["emulated"] for case in document["cases"]}
        self.assertEqual(emulated, {"disk": False, "network": True, "staged": True})
        self.assertEqual(len({entry["checksum"] for entry in document["runs"] if entry["repetition"] == 0 and
                              entry["status"] == "ok"}), 1)
        for case in ("staged/parallel/stream/first-start", "staged/mmap/stream/first-start"):
            timed = [entry for entry in self.runs_of(document, case) if entry["repetition"] > 0]
            self.assertEqual(len(timed), 4)
            for entry in timed:
                phases = entry["phases_ns"]
                self.assertGreater(phases["prepare"], 0)
                self.assertEqual(entry["first_start_ns"], phases["prepare"] + entry["cold_load_ns"])
                # 13 MiB over 100 MB/s.
                self.assertGreater(phases["prepare"], 100_000_000)
                self.assertTrue(entry["proof"]["valid"], entry["proof"])
                self.assertLessEqual(metric(entry, "source_resident_before"), 0.01)
                self.assertEqual(metric(entry, "staged/files"), 4)
                self.assertTrue(entry["evidence"]["copy"].endswith("/target/.coldload-staged/staged/model"))
        for entry in self.runs_of(document, "staged/mmap/stream/cold"):
            if entry["repetition"] > 0:
                self.assertEqual(entry["proof"]["kind"], "residency+bytes")
                self.assertNotIn("prepare", entry["phases_ns"], "a load reuses the copy that is there")
        self.assertEqual(self.untouched(), [], "the copy goes with the scenario")
        self.assertIn("emulated", finished.out)

    def test_what_a_run_may_take_holds_for_copying_and_warming_and_nothing_is_probed(self):
        _, document = self.run_scenario(self.scenario_of(
            run='[[compare]]\nbackend = ["staged"]\nstrategy = ["mmap"]\ncache = ["first-start"]\n'
                '[[compare]]\nbackend = ["disk"]\nstrategy = ["mmap"]\ncache = ["warm"]\n'
                '[run]\nrepetitions = 1\ncopies = 1\nquiet = false\nmax_bandwidth = "10 MB/s"\n'))
        for case, phase in (("staged/mmap/stream/first-start", "prepare"), ("disk/mmap/stream/warm", "warm")):
            timed = [entry for entry in self.runs_of(document, case) if entry["repetition"] > 0]
            self.assertEqual([entry["status"] for entry in timed], ["ok"], case)
            # 13.6 MB, of warming less its last MiB.
            self.assertGreater(timed[0]["phases_ns"][phase], 1_200_000_000, case)
        self.assertEqual({probe["tag"] for probe in document["probes"]}, {"memory/copy", "memory/page_cache_read"})

    def test_an_interrupted_scenario_says_that_its_copy_stays(self):
        file = self.scenario(self.scenario_of(run='[[compare]]\nbackend = ["staged"]\nstrategy = ["mmap"]\n'
                                                  'cache = ["cold"]\n' + hasty(500)))
        process = subprocess.Popen([BINARY, "run", file, "--out", self.path("run")], env=environment({MARK: self.dir}),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                   start_new_session=True)
        self.addCleanup(process.communicate)
        copy = self.path("target/.coldload-staged/staged/model")
        self.assertTrue(until(lambda: os.path.exists(copy), 60))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, INTERRUPTED)
        self.assertIn('backend "staged": interrupted, so a copy that was made stays on its target', err.decode())
        self.assertTrue(os.path.exists(copy))
        self.coldload("run", file, "--runs", "1", "--out", self.path("again"))
        self.assertEqual(self.untouched(), [])

    def test_a_copy_that_stays_is_taken_again(self):
        text = self.scenario_of(more="keep = true", run='[[compare]]\nbackend = ["staged"]\nstrategy = ["mmap"]\n'
                                                        'cache = ["cold"]\n' + hasty(1))
        _, first = self.run_scenario(text, out="first")
        new = self.untouched()
        self.assertIn(self.path("target/.coldload-staged/staged/model/.coldload-manifest"), new)
        _, second = self.run_scenario(text, out="second")
        self.assertEqual([("prepare" in entry["phases_ns"]) for entry in first["runs"]], [True, False])
        self.assertEqual([("prepare" in entry["phases_ns"]) for entry in second["runs"]], [False, False])
        self.assertEqual(self.untouched(), new)

    def test_where_files_of_others_stand_nothing_is_staged(self):
        self.write("target/.coldload-staged/staged/model/theirs", "precious")
        self.target = facts(self.path("target"))
        finished, document = self.run_scenario(self.scenario_of(
            run='[[compare]]\nbackend = ["staged"]\n' + hasty(1)), expect=ENVIRONMENT)
        for case in document["cases"]:
            self.assertEqual(case["status"], "skipped")
            self.assertIn('holds "theirs", which is of no copy\'s manifest', case["reason"])
        self.assertEqual(self.untouched(), [])

    def test_nothing_is_built_on_a_copy_and_the_plan_says_how_else(self):
        text = self.scenario_of('[backend.slow]\nplugin = "shaped"\nsource = "staged"\n[backend.twice]\nplugin = "staged"\n'
                                'source = "staged"\ntarget = "nvme"\n', '[[compare]]\nbackend = ["slow", "twice"]\n' + hasty(1))
        file = self.scenario(text)
        for command in (("plan", file), ("run", file, "--out", self.path("run"))):
            told = self.coldload(*command, expect=USAGE).err.splitlines()
            self.assertEqual(len(told), 3, "one line each, whatever the strategies, and their number")
            for line, name in ((20, "slow"), (23, "twice")):
                self.assertIn(f'{file}:{line}:10: backend "{name}": source = "staged": that backend stages, and its copy is '
                              'made for its own cases only, so nothing can be built on it: build on what it copies '
                              '(source "network", target "nvme"), or the other way round', "\n".join(told))
        self.assertEqual(self.untouched(), [])
        self.assertFalse(os.path.exists(self.path("run")))

    def test_a_target_that_is_too_small_says_so(self):
        _, document = self.run_scenario(self.scenario_of(more='directory = "copies"').replace(
            'reserve = "0 B"', 'reserve = "1000 TiB"') + '[[compare]]\nbackend = ["staged"]\nstrategy = ["parallel"]\n'
            'cache = ["first-start"]\n' + hasty(1), expect=4)
        self.assertEqual(document["cases"][0]["status"], "failed")
        self.assertIn("are free: free some, name another target, or lower `reserve`", document["cases"][0]["reason"])
        self.assertEqual(self.untouched(), [])


class FullDisk(Staging):
    """A real one: a file system of 8 MiB."""

    def test_a_copy_that_does_not_fit_leaves_nothing(self):
        self.needs_root()
        small = self.path("small")
        os.mkdir(small)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", small], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", small], check=True)
        arguments = ("stage", self.path("source/model"), os.path.join(small, "model"))
        self.assertIn("are free: free some", self.coldload(*arguments, expect=ENVIRONMENT).err)
        self.assertIn("no room for the copy in ", self.coldload(*arguments, "--dry-run", expect=ENVIRONMENT).err)
        self.assertEqual(os.listdir(small), [])

    def test_a_disk_that_somebody_fills_amid_the_copy_leaves_what_is_theirs(self):
        self.needs_root()
        # More files than are open at once: space is taken for some only when others are whole.
        self.small_model("many", shards=(512 * KIB,) * 90)
        small = self.path("small")
        os.mkdir(small)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", small], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", small], check=True)
        file = self.scenario(f'[model]\npath = "many"\n[backend.disk]\nplugin = "local"\nroot = "{self.dir}"\n'
                             f'[backend.small]\nplugin = "local"\nroot = "{small}"\n[backend.staged]\nsource = "disk"\n'
                             'target = "small"\nreserve = "0 B"\nlimit = "5 MB/s"\n[strategy.parallel]\n[[compare]]\n'
                             'backend = ["staged"]\ncache = ["first-start"]\n' + hasty(1))
        run = subprocess.Popen([BINARY, "run", file, "--out", self.path("filled")], env=environment({MARK: self.dir}),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertTrue(until(lambda: [name for _, _, names in os.walk(small) for name in names
                                       if name.endswith(".safetensors")], 60))
        theirs = os.path.join(small, "theirs")
        with open(theirs, "wb", buffering=0) as filler:
            try:
                while filler.write(b"x" * (256 * KIB)):
                    pass
            except OSError as error:
                self.assertEqual(error.errno, errno.ENOSPC)
        self.assertEqual(run.wait(60), CASE_FAILED)
        case = self.document(self.path("filled"))["cases"][0]
        self.assertEqual(case["status"], "failed")
        self.assertIn("No space left on device", case["reason"])
        self.assertEqual(os.listdir(small), ["theirs"])
        with open(theirs, "rb") as filler:
            self.assertFalse(filler.read().strip(b"x"))


class Command(Staging):
    def test_stages_once_and_says_what_it_did(self):
        wanted = self.path("target/models/x")
        finished = self.coldload("stage", self.path("source/model"), wanted, expect=USAGE)
        self.assertIn("no such directory", finished.err)
        os.mkdir(self.path("target/models"))
        self.target = facts(self.path("target"))
        finished = self.coldload("stage", self.path("source/model"), wanted, "--verify")
        self.assertRegex(finished.out, r"13\.6 MB in 4 files, copied in .*, read back and verified\n$")
        copied = {os.path.relpath(path, wanted): fact[2] for path, fact in facts(wanted).items()}
        del copied[".coldload-manifest"]
        self.assertEqual(copied, {os.path.relpath(path, self.path("source/model")): fact[2]
                                  for path, fact in self.source.items() if fact})
        finished = self.coldload("stage", self.path("source/model"), wanted)
        self.assertIn("there already, whole", finished.out)
        self.untouched()

    def test_a_cache_entry_is_not_copied_with_its_files_twice(self):
        self.small_model("hub/models--a--b/snapshots/rev1")
        copy = self.path("target/x")
        refused = self.coldload("stage", self.path("hub/models--a--b"), copy, expect=USAGE)
        self.assertIn("name that, …/snapshots/rev1, as the source", refused.err)
        self.assertFalse(os.path.exists(copy))
        self.coldload("stage", self.path("hub/models--a--b/snapshots/rev1"), copy)

    def damage(self, path):
        """As a disk does it: the file's times do not tell."""
        before = os.stat(path)
        with open(path, "r+b") as file:
            file.seek(2 * MIB)
            file.write(b"damage")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def test_a_source_that_was_replaced_in_the_same_size_is_copied_anew(self):
        wanted = self.path("target/x")
        shard = self.path("source/model/model-00002-of-00002.safetensors")
        self.coldload("stage", self.path("source/model"), wanted)
        self.damage(shard)
        os.utime(shard)
        finished = self.coldload("stage", self.path("source/model"), wanted, "--verify")
        self.assertRegex(finished.out, "copied in .*, read back and verified")
        with open(shard, "rb") as ours, open(os.path.join(wanted, os.path.basename(shard)), "rb") as copied:
            self.assertEqual(ours.read(), copied.read())

    def test_a_run_leaves_the_copy_that_stood_there_before(self):
        os.mkdir(self.path("target/prod"))
        wanted = self.path("target/prod/model")
        self.coldload("stage", self.path("source/model"), wanted)
        text = (f'[model]\npath = "model"\n[backend.source]\nplugin = "local"\nroot = "{self.path("source")}"\n'
                f'[backend.target]\nplugin = "local"\nroot = "{self.path("target")}"\n[backend.staged]\nsource = "source"\n'
                'target = "target"\ndirectory = "prod"\nreserve = "0 B"\n[strategy.sequential]\n'
                '[[compare]]\nbackend = "staged"\ncache = ["first-start", "cold"]\n')
        self.run_scenario(text + hasty(1))
        self.assertIn("there already, whole", self.coldload("stage", self.path("source/model"), wanted).out)

    def test_a_file_put_into_a_copy_is_neither_overwritten_nor_removed(self):
        wanted = self.path("target/x")
        self.coldload("stage", self.path("source/model"), wanted)
        config = os.path.join(wanted, "config.json")
        with open(config, "w", encoding="ascii") as file:
            file.write("{}")
        self.write("source/model/config.json", '{"other": 1}')
        finished = self.coldload("stage", self.path("source/model"), wanted, expect=ENVIRONMENT)
        self.assertIn('"config.json" was changed after the copy was made', finished.err)
        with open(config, encoding="ascii") as file:
            self.assertEqual(file.read(), "{}")

    def test_a_damaged_copy_is_found(self):
        wanted = self.path("target/x")
        self.coldload("stage", self.path("source/model"), wanted)
        self.damage(os.path.join(wanted, "model-00002-of-00002.safetensors"))
        finished = self.coldload("stage", self.path("source/model"), wanted, "--verify", expect=INTEGRITY)
        self.assertIn("model-00002-of-00002.safetensors: its bytes have digest", finished.err)

    def test_who_may_not_read_the_source_may_not_read_the_copy(self):
        for name, mode in (("model-00001-of-00002.safetensors", 0o600), ("model-00002-of-00002.safetensors", 0o640),
                           ("config.json", 0o666)):
            os.chmod(self.path("source/model", name), mode)
        self.addCleanup(os.umask, os.umask(0o022))
        self.coldload("stage", self.path("source/model"), self.path("target/x"))
        modes = {name: os.stat(self.path("target/x", name)).st_mode & 0o777 for name in os.listdir(self.path("target/x"))}
        self.assertEqual(modes, {"model-00001-of-00002.safetensors": 0o600, "model-00002-of-00002.safetensors": 0o640,
                                 "config.json": 0o644, "model.safetensors.index.json": 0o644, ".coldload-manifest": 0o644})

    def test_keeps_to_its_limit(self):
        began = time.monotonic()
        self.coldload("stage", self.path("source/model"), self.path("target/x"), "--limit", "20 MB/s")
        # 13.6 MB less the last piece of 8 MiB.
        self.assertGreater(time.monotonic() - began, 0.25)

    def test_leaves_the_reserve_that_is_asked_for(self):
        finished = self.coldload("stage", self.path("source/model"), self.path("target/x"), "--reserve", "1024 TiB", expect=ENVIRONMENT)
        self.assertIn("leaves a reserve of", finished.err)
        self.coldload("stage", self.path("source/model"), self.path("target/x"), "--reserve", "0 B")

    def test_refuses_what_makes_no_sense(self):
        os.mkdir(self.path("empty"))
        for arguments, why in ((("s4://bucket/x", "target/x"), "no backend reads s4://"),
                               (("missing", "target/x"), "no such directory"),
                               (("empty", "target/x"), f"error: {self.path('empty')}: holds nothing to copy: name the "
                                                       "directory of a model"),
                               (("source/model", "target/no/x"), "target/no: no such directory"),
                               (("source/model", "source/model"), "one lies in the other"),
                               (("source/model", "source/model/x"), "one lies in the other"),
                               (("source/model", "/"), "name the directory"),
                               (("source/model", "target/x", "--limit", "fast"), "--limit"),
                               (("source/model", "target/x", "--reserve", "some"), "--reserve"),
                               (("source/model", "target/x", "--option", "root=/"), "--option root: is what SRC says"),
                               (("source/model", "target/x", "--option", "rot=/"), 'has no option "rot"'),
                               (("source/model", "target/x", "--option", "rot"), "expected NAME=VALUE")):
            for more in ((), ("--dry-run",)):
                with self.subTest(arguments=arguments, more=more):
                    finished = self.coldload("stage", *arguments, *more, expect=USAGE, cwd=self.dir)
                    self.assertIn(why, finished.err)
        self.assertEqual(self.untouched(), [])

    def both(self, *arguments, expect):
        """stderr of a dry run, which is what the real call says."""
        dry, real = (self.coldload("stage", *arguments, *more, expect=expect, cwd=self.dir).err
                     for more in (("--dry-run",), ()))
        self.assertEqual(dry, real)
        return dry

    def test_a_dry_run_ends_as_the_real_call_would_and_writes_nothing(self):
        told = self.coldload("stage", "source/model", "target/x", "--dry-run", cwd=self.dir).out
        self.assertEqual(told, "target/x: 13.6 MB in 4 files would be copied from source/model; nothing was done\n")
        self.assertIn("holds \"weights.safetensors\", which is of no copy's manifest",
                      self.both("source/model", "target/theirs", expect=ENVIRONMENT))
        os.mkdir(self.path("hub"))
        os.symlink("nowhere", self.path("hub/model.safetensors"))
        self.write("hub/config.json", "{}")
        self.assertIn("link to nowhere, which does not exist", self.both("hub", "target/x", expect=INTEGRITY))
        self.assertEqual(self.untouched(), [])
        self.coldload("stage", "source/model", "target/x", cwd=self.dir)
        now = facts(self.path("target"))
        told = self.coldload("stage", "source/model", "target/x", "--dry-run", cwd=self.dir).out
        self.assertEqual(told, "target/x: 13.6 MB in 4 files, there already, whole; nothing was done\n")
        self.assertEqual(facts(self.path("target")), now)


class Death(Staging):
    """kill -9 and Ctrl-C at random moments: the final path holds the old copy, nothing, or a whole new one."""

    def setUp(self):
        super().setUp()
        self.wanted = self.path("target/copy")

    def start(self, *arguments):
        process = subprocess.Popen([BINARY, "stage", self.path("source/model"), self.wanted, *arguments],
                                   env=environment({MARK: self.dir}), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   stdin=subprocess.DEVNULL, start_new_session=True)
        self.addCleanup(process.communicate)
        return process

    def whole(self):
        """What a reader of the final path meets: None, or one version of the model, all of it."""
        if not os.path.exists(self.wanted):
            return None
        with open(os.path.join(self.wanted, ".coldload-manifest"), encoding="ascii") as file:
            lines = file.read().splitlines()
        files = [line.split(" ", 3)[3] for line in lines if line.startswith("file ")]
        self.assertEqual(lines[-1], f"complete {len(files)}")
        content = {name: fact[2] for name, fact in ((os.path.relpath(path, self.wanted), fact)
                                                    for path, fact in facts(self.wanted).items()) if fact}
        del content[".coldload-manifest"]
        self.assertEqual(sorted(content), sorted(files))
        return content

    def versions(self):
        """Another version of the model in the source, and what it holds."""
        self.small_model("source/model", shards=(9 * MIB + 17, 4 * MIB + 4099 + random.randrange(1 * KIB)))
        return {os.path.relpath(path, self.path("source/model")): fact[2]
                for path, fact in facts(self.path("source/model")).items() if fact}

    def test_killed_at_random_moments(self):
        seed = random.randrange(1 << 30)
        moments = random.Random(seed)
        old = None
        met = {"old": 0, "nothing": 0, "new": 0}
        for number in range(KILLS):
            new = self.versions()
            process = self.start()
            delay = moments.uniform(0, 0.2)
            time.sleep(delay)
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            # The worker has a process group of its own, and dies with its parent.
            self.assertTrue(until(lambda: not processes_of(self.dir), 10))
            with self.subTest(seed=seed, number=number, delay=delay):
                found = self.whole()
                self.assertIn(found, (old, new), "neither the old copy nor a whole new one")
                met["nothing" if found is None else "new" if found == new else "old"] += 1
                old = found
        if KILLS > 100:
            print(f"killed {KILLS} times, seed {seed}; the final path then held: {met}", flush=True)
        self.coldload("stage", self.path("source/model"), self.wanted, "--verify")
        self.assertEqual(self.whole(), new)
        left = [name for name in os.listdir(self.path("target")) if name.endswith(".partial")]
        self.assertEqual(left, [], f"swept by the next run; met {met}, seed {seed}")
        now = facts(self.path("target"))
        for path, fact in self.target.items():
            self.assertEqual(now.get(path), fact, path)

    def test_an_interrupt_leaves_nothing_behind(self):
        process = self.start("--limit", "4 MB/s")
        self.assertTrue(until(lambda: any(name.endswith(".partial") for name in os.listdir(self.path("target"))), 30))
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, INTERRUPTED, err)
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(self.untouched(), [])
        self.assertEqual(processes_of(self.dir), [])

    def test_two_at_once_do_not_disturb_each_other(self):
        first, second = self.start(), self.start()
        codes = [process.wait(60) for process in (first, second)]
        self.assertIn(OK, codes)
        self.assertTrue(all(code in (OK, ENVIRONMENT) for code in codes), codes)
        self.assertIsNotNone(self.whole())
        self.assertFalse([name for name in os.listdir(self.path("target")) if name.endswith(".partial")])


if __name__ == "__main__":
    unittest.main()
