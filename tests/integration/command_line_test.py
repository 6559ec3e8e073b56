"""What the command line accepts, refuses and prints."""

import glob
import json
import os
import pty
import threading
import unittest

from coldload_cli import BINARY, ENVIRONMENT, INTEGRITY, KIB, OK, SOURCE, USAGE, CliTest, hasty, run, until

NULL = '[model]\npath = ""\n[backend.null]\nsize = "1 MiB"\n[strategy.sequential]\n'
SHIPPED = sorted(glob.glob(os.path.join(SOURCE, "scenarios", "*.toml")))


class ScenarioFiles(CliTest):
    def refused(self, path, *said, command="check", **more):
        finished = self.coldload(command, path, expect=USAGE, timeout=20, **more)
        for words in said:
            self.assertIn(words, finished.err)
        self.assertEqual(finished.out, "")
        return finished

    def test_every_shipped_scenario_is_without_mistakes(self):
        self.assertTrue(SHIPPED)
        for path in SHIPPED:
            with self.subTest(os.path.basename(path)):
                self.assertIn(f"{path}: no mistakes; ", self.coldload("check", path).out)

    def test_a_scenario_comes_on_standard_input_too(self):
        with open(SHIPPED[0], encoding="utf-8") as file:
            finished = self.coldload("check", "-", stdin=file.read())
        self.assertIn("<stdin>: no mistakes; ", finished.out)

    def test_a_scenario_on_standard_input_runs(self):
        text = 'schema = 1\nname = "piped"\n' + NULL + hasty()
        self.coldload("run", "-", "--out", self.path("run"), stdin=text)
        self.assertEqual(self.document(self.path("run"))["scenario"]["text"], text)

    def test_an_empty_pipe_is_told_what_a_scenario_starts_with(self):
        self.refused("-", '<stdin>: is empty; a scenario starts with "schema = 1"')
        self.refused("-", '<stdin>: is empty', command="run")

    def test_an_empty_named_pipe_is_told_the_same(self):
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        writer = threading.Thread(target=lambda: open(fifo, "wb").close())
        writer.start()
        self.refused(fifo, "fifo: is empty; a scenario starts with")
        writer.join()

    def test_a_directory_is_no_scenario_and_no_run(self):
        self.refused(self.dir, "is a directory, expected a file", command="run")
        self.refused(self.dir, "holds neither result.json nor header.json: not a run's folder")

    def test_device_nodes_are_not_read(self):
        for device in ("/dev/null", "/dev/zero"):
            self.refused(device, f"{device}: is a device, expected a file")

    def test_a_file_that_is_not_there_is_named(self):
        self.refused(self.path("nosuch.toml"), "nosuch.toml: No such file or directory")

    def test_a_dotted_key_of_32000_parts_is_refused_where_it_passes_the_limit(self):
        path = self.write("deep.toml", "a" + ".a" * 31_999 + " = 1\n")
        self.refused(path, "deep.toml:1:", "a key of more than 64 dotted parts")
        nested = self.write("nested.toml", "a = " + "[" * 30_000 + "]" * 30_000)
        self.refused(nested, "nested.toml:1:")

    def test_a_file_beyond_the_size_limit_is_refused(self):
        self.refused(self.write("big.toml", "#" * (KIB * KIB + 1)), "big.toml: ")

    def test_several_mistakes_are_told_at_once_each_with_its_place_and_the_nearest_name(self):
        path = self.scenario('[model]\npath = ""\n[backend.null]\nsise = "1 MiB"\n[strategy.sequential]\n'
                             'chunk = "8 parsecs"\n'
                             '[strategy.q]\nplugin = "sequentail"\n[run]\nrepetitons = 3\n')
        finished = self.refused(path)
        for line, words in ((6, 'did you mean "size"'), (8, "8 parsecs"), (10, 'did you mean "sequential"'),
                            (12, 'did you mean "repetitions"')):
            told = [entry for entry in finished.err.splitlines() if entry.startswith(f"{path}:{line}:")]
            self.assertEqual(len(told), 1, finished.err)
            self.assertIn(words, told[0])

    def test_a_glob_that_matches_no_case_is_a_mistake_that_check_and_plan_tell_alike(self):
        path = self.scenario(NULL + '[[compare]]\nbaseline = "nlul/*"\n[[expect]]\ncase = "gone/*"\nmedian = "< 5 s"\n')
        for command in ("check", "plan"):
            self.refused(path, f'{path}:9:1: [[compare]]: baseline: "nlul/*" matches no case; did you mean '
                         '"null/sequential/stream/cold"?\n',
                         f'{path}:11:1: [[expect]]: case: "gone/*" matches no case; cases are '
                         'null/sequential/stream/cold\n', command=command)

    def test_check_asks_nothing_of_a_backend(self):
        path = self.scenario('[model]\npath = "m"\n[backend.local]\nroot = "/nowhere"\n[strategy.sequential]\n'
                             '[[compare]]\nbaseline = "local/*"\n')
        self.assertIn("no mistakes", self.coldload("check", path).out)

    def test_a_model_that_is_not_there_is_told_at_its_path(self):
        os.makedirs(self.path("root"))
        path = self.scenario('[model]\npath = "client-modl"\n[backend.local]\nroot = "root"\n[strategy.sequential]\n')
        self.refused(path, f'{path}:4:1: [model] path: backend "local" holds no model in '
                     f'{self.path("root/client-modl")}: ', "put it there (coldload provision FILE), or correct the path",
                     command="plan")

    def test_a_plan_ends_as_the_run_would(self):
        self.small_model("whole")
        self.small_model("half")
        os.remove(self.path("half/model-00002-of-00002.safetensors"))
        text = '[model]\npath = "{}"\n[backend.local]\nroot = "."\n[strategy.{}]\n[[compare]]\ncache = ["{}"]\n'
        for path, strategy, cache, code, words in (("whole", "sequential", "cold", OK, "1 run"),
                                                   ("whole", "sequential", "first-start", ENVIRONMENT, "1 skipped"),
                                                   ("half", "sequential", "cold", INTEGRITY, "1 failed when asked")):
            file = self.scenario(text.format(path, strategy, cache) + hasty(1))
            for command in (("plan", file), ("run", "--dry-run", file)):
                with self.subTest(path=path, cache=cache, command=command):
                    self.assertIn(words, self.coldload(*command, expect=code).out)
            self.coldload("run", file, "--out", self.path(path + cache), expect=code)

    def test_a_ten_kilobyte_scenario_is_checked_promptly(self):
        blocks = "".join(f'[strategy.s{n}]\nplugin = "parallel"\nthreads = [1, 2, {n + 3}]\n' for n in range(170))
        path = self.scenario(NULL + blocks)
        self.assertGreater(os.path.getsize(path), 8 * KIB)
        # The bound is 50 ms on a quiet machine; ten times that here.
        self.assertLess(min(self.coldload("check", path).seconds for _ in range(5)), 0.5)


class Names(CliTest):
    def test_list_names_backends_and_strategies_and_their_files(self):
        text = self.coldload("list").out
        listed = json.loads(self.coldload("list", "--json").out)
        names = [entry["id"] for kind in ("backends", "strategies") for entry in listed[kind]]
        for name in ("local", "null", "sequential", "parallel", "mmap", "io_uring"):
            self.assertIn(name, names)
            self.assertIn(f"coldload_{name}.so", text)
        self.assertNotIn("Refused", text)

    def test_describe_shows_each_option_of_a_component_with_its_default(self):
        text = self.coldload("describe", "sequential").out
        self.assertIn("chunk", text)
        self.assertIn("8 MiB", text)
        described = json.loads(self.coldload("describe", "strategy/mmap", "--json").out)
        self.assertIn("advice", [option["name"] for option in described[0]["options"]])

    def test_an_unknown_component_gets_the_nearest_name(self):
        finished = self.coldload("describe", "sequental", expect=USAGE)
        self.assertIn('no plugin provides a component "sequental"; did you mean "sequential"?', finished.err)

    def test_an_unknown_architecture_gets_the_known_ones(self):
        finished = self.coldload("gen-model", self.path("m"), "--like", "llama", expect=USAGE)
        self.assertIn('no model "llama" to be like; known are qwen2.5-0.5b', finished.err)
        self.assertFalse(os.path.exists(self.path("m")))

    def test_a_glob_that_matches_no_case_is_told_what_there_is(self):
        file = self.scenario(NULL)
        finished = self.coldload("run", file, "--only", "nul/*", "--out", self.path("run"), expect=USAGE)
        self.assertIn('--only: "nul/*" matches no case; did you mean "null/sequential/stream/cold"?', finished.err)
        self.assertFalse(os.path.exists(self.path("run")))

    def test_an_unknown_command_gets_the_nearest_name(self):
        finished = self.coldload("descibe", "local", expect=USAGE)
        self.assertEqual(finished.err, 'error: no command "descibe"; did you mean "describe"?\n')

    def test_an_unknown_command_or_option_is_a_usage_error(self):
        for arguments in (["frob"], [], ["run"], ["list", "--frob"], ["run", "x", "--runs", "0"],
                          ["run", "x", "--format", "yaml"]):
            with self.subTest(arguments):
                finished = self.coldload(*arguments, expect=USAGE)
                self.assertEqual(finished.out, "")
                self.assertNotEqual(finished.err, "")

    def test_the_version_is_told_promptly_with_that_of_the_abi(self):
        told = [self.coldload("--version") for _ in range(5)]
        self.assertRegex(told[0].out, r"^coldload \d+\.\d+\.\d+ \(plugin ABI \d+\.\d+\)\n$")
        # The bound is 20 ms on a quiet machine; ten times that here.
        self.assertLess(min(finished.seconds for finished in told), 0.2)


class RunFolder(CliTest):
    def test_a_folder_with_something_in_it_is_refused_and_left_alone(self):
        self.write("run/precious.txt", "mine")
        finished = self.coldload("run", self.scenario(NULL + hasty()), "--out", self.path("run"), expect=USAGE)
        self.assertIn("run: is not empty; a run's folder holds one run, name another with --out", finished.err)
        self.assertEqual(os.listdir(self.path("run")), ["precious.txt"])

    def test_a_file_is_no_folder(self):
        finished = self.coldload("run", self.scenario(NULL + hasty()), "--out", self.write("run", ""), expect=USAGE)
        self.assertIn("run: exists and is no directory", finished.err)

    def test_an_empty_folder_serves(self):
        os.mkdir(self.path("run"))
        self.run_scenario(NULL + hasty())

    def test_without_out_the_folder_is_named_after_the_time_and_the_scenario(self):
        self.coldload("run", self.scenario(NULL + hasty()), cwd=self.dir)
        self.assertRegex(" ".join(os.listdir(self.path("results"))), r"^\d{8}T\d{6}Z-test$")

    def test_check_of_a_run_says_what_is_in_it(self):
        self.run_scenario(NULL + hasty(2))
        self.assertIn("1 case, 3 runs, 0 probes; the files are those manifest.sha256 names\n",
                      self.coldload("check", self.path("run")).out)

    def test_check_names_the_file_that_was_changed(self):
        self.run_scenario(NULL + hasty(2))
        for name in ("header.json", "runs.jsonl", "probes.jsonl", "result.json"):
            with open(self.path("run", name), "r+", encoding="utf-8") as file:
                before = file.read()
                file.write("\n")
            finished = self.coldload("check", self.path("run"), expect=INTEGRITY)
            self.assertEqual(finished.out, "")
            self.assertIn(f"run/{name}: changed since the run: its SHA-256 is ", finished.err)
            self.write(f"run/{name}", before)
        self.coldload("check", self.path("run"))

    def test_check_of_a_run_of_an_older_version_says_that_it_has_no_manifest(self):
        self.run_scenario(NULL + hasty())
        os.remove(self.path("run/manifest.sha256"))
        self.assertIn("; without manifest.sha256, whether a file was changed is not known\n",
                      self.coldload("check", self.path("run")).out)

    def test_only_leaves_the_other_cases_out(self):
        text = NULL + "[strategy.parallel]\nthreads = [1, 2]\n" + hasty()
        _, document = self.run_scenario(text, "--only", "*/parallel,threads=2/*")
        self.assertEqual(list(self.statuses(document)), ["null/parallel,threads=2/stream/cold"])

    def test_dropping_everybodys_cache_needs_disturb(self):
        scenario = self.scenario(NULL + hasty())
        finished = self.coldload("run", scenario, "--drop-caches", "--out", self.path("run"), expect=USAGE)
        self.assertIn("--drop-caches slows every other program on this machine: say --disturb too", finished.err)
        self.assertFalse(os.path.exists(self.path("run")))

    def test_runs_and_seed_come_before_the_scenarios_own(self):
        _, document = self.run_scenario(NULL + hasty(9), "--runs", "2", "--seed", "77")
        self.assertEqual([entry["repetition"] for entry in document["runs"]], [0, 1, 2])
        self.assertEqual(document["scenario"]["run"]["seed"], 77)


class DryRun(CliTest):
    def resident_bytes(self, directory):
        # By a program of its own: what is in the page cache of these files.
        import ctypes
        import mmap
        libc = ctypes.CDLL(None, use_errno=True)
        resident = 0
        for path in glob.glob(os.path.join(directory, "*.safetensors")):
            size = os.path.getsize(path)
            pages = (size + 4095) // 4096
            with open(path, "r+b") as file, mmap.mmap(file.fileno(), size) as mapped:
                address = ctypes.c_char.from_buffer(mapped)
                seen = (ctypes.c_ubyte * pages)()
                code = libc.mincore(ctypes.c_void_p(ctypes.addressof(address)), ctypes.c_size_t(size), seen)
                del address
                self.assertEqual(code, 0)
                resident += sum(byte & 1 for byte in seen) * 4096
        return resident

    def evict(self, directory):
        os.sync()
        for path in glob.glob(os.path.join(directory, "*.safetensors")):
            with open(path, "rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def test_a_dry_run_says_what_would_be_read_and_reads_no_model_data(self):
        model = self.small_model(shards=(24 * 1024 * KIB + 1, 8 * 1024 * KIB + 4095))
        text = (f'[model]\npath = "model"\n[backend.local]\nroot = "{self.dir}"\n[strategy.sequential]\n'
                '[strategy.mmap]\n[[compare]]\ncache = ["cold", "warm"]\n')
        file = self.scenario(text)
        for arguments in (["run", "--dry-run", file], ["plan", file], ["quick", "--dry-run", model]):
            with self.subTest(arguments[0]):
                self.assertTrue(until(lambda: self.evict(model) or self.resident_bytes(model) == 0, 30))
                finished = self.coldload(*arguments, cwd=self.dir)
                self.assertIn("local/sequential/stream/cold", finished.out)
                self.assertIn("read and written", finished.out)
                # Headers may be read: a few pages, and what the kernel reads ahead of them is not asked for.
                self.assertLess(self.resident_bytes(model), 1024 * KIB)
        self.assertFalse(os.path.exists(self.path("results")))


class Output(CliTest):
    def test_stdout_carries_the_table_and_stderr_nothing_off_a_terminal(self):
        finished, _ = self.run_scenario(NULL + hasty(2))
        self.assertEqual(finished.err, "")
        self.assertIn("null/sequential/stream/cold", finished.out)
        self.assertTrue(finished.out.endswith(f"results: {self.path('run')}\n"), finished.out)
        self.assertNotIn("\x1b", finished.out)
        self.assertNotIn("\r", finished.out)

    def test_json_on_stdout_is_the_result_document(self):
        finished, document = self.run_scenario(NULL + hasty(), "--format", "json")
        self.assertEqual(json.loads(finished.out), document)
        self.assertEqual(finished.err, f"results: {self.path('run')}\n")

    def on_a_terminal(self, env):
        """Runs on a pseudo-terminal; what both streams wrote to it."""
        file = self.scenario('[model]\npath = ""\n[backend.null]\nsize = "8 MiB"\nrate = "8 MB/s"\n'
                             '[strategy.sequential]\n' + hasty(1, 'verify = "off"'))
        ours, theirs = pty.openpty()
        written = []

        def drain():
            while True:
                try:
                    block = os.read(ours, 65536)
                except OSError:
                    return
                if not block:
                    return
                written.append(block)

        reader = threading.Thread(target=drain)
        reader.start()
        import subprocess
        changes = dict(os.environ, TERM="xterm", **env)
        code = subprocess.run([BINARY, "run", file, "--out", self.path("run" + str(len(env)))], stdin=theirs,
                              stdout=theirs, stderr=theirs, env=changes, timeout=60).returncode
        os.close(theirs)
        reader.join(10)
        os.close(ours)
        self.assertEqual(code, OK)
        return b"".join(written).decode()

    def test_a_terminal_gets_a_live_line_and_no_color_is_honoured(self):
        plain_environment = {"NO_COLOR": "1"}
        plain = self.on_a_terminal(plain_environment)
        self.assertIn("\r", plain)
        self.assertIn("1/1", plain)
        self.assertNotRegex(plain, "\x1b\\[[0-9;]*m")
        os.environ.pop("NO_COLOR", None)
        self.assertIn("null/sequential", self.on_a_terminal({}))

    def test_what_stdout_cannot_take_is_an_error(self):
        for name, to in (("a full device", ">/dev/full"), ("none", ">&-")):
            for command in ("list", "--help", "help-all-that-is-none", f'check "{SHIPPED[0]}"'):
                with self.subTest(f"{command}, {name}"):
                    finished = run(["/bin/sh", "-c", f'"$1" {command} {to}', "sh", BINARY])
                    if command.startswith("help"):
                        self.assertEqual(finished.code, USAGE, finished)
                        continue
                    self.assertEqual(finished.code, ENVIRONMENT, finished)
                    self.assertIn("error: stdout: ", finished.err)

    def test_a_run_whose_table_nobody_could_read_says_so_and_leaves_its_result(self):
        file = self.scenario(NULL + hasty())
        for number, to in enumerate((">/dev/full", ">&-")):
            out = self.path(f"run{number}")
            finished = run(["/bin/sh", "-c", f'"$1" run "$2" --out "$3" {to}', "sh", BINARY, file, out])
            self.assertEqual(finished.code, ENVIRONMENT, finished)
            self.assertIn("error: stdout: ", finished.err)
            self.document(out)
            self.assertIn("results: ", self.coldload("run", file, "--out", out + "-whole").out)

    def test_a_folder_without_a_result_is_not_finished_and_its_expectations_not_judged(self):
        text = NULL + '[[expect]]\ncase = "*"\nmedian = "< 1 h"\n' + hasty()
        self.run_scenario(text)
        for name in ("result.json", "manifest.sha256"):
            os.unlink(self.path("run", name))
        words = "could not write it or still runs; 1 expectation was not judged"
        for command in ("show", "check"):
            told = " ".join(self.coldload(command, self.path("run")).out.split())
            self.assertIn("not finished", told)
            self.assertIn(words, told)
            self.assertNotIn("interrupted", told)

    def test_a_reader_that_goes_away_does_not_end_it_by_a_signal(self):
        file = self.scenario(NULL + hasty())
        finished = run(["/bin/sh", "-c", '"$1" run "$2" --out "$3" | :; exit 0', "sh", BINARY, file,
                        self.path("run")])
        self.assertEqual(finished.code, 0)
        self.document(self.path("run"))


if __name__ == "__main__":
    unittest.main()
