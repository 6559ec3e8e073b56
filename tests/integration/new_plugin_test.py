"""coldload plugin new against an installed package: every kind and language builds, conforms, is listed and runs."""

import json
import os
import re
import shutil
import time
import unittest

from coldload_cli import BUILD, SOURCE, USAGE, CliTest, run

CMAKE = os.environ["COLDLOAD_CMAKE"]
COMPILERS = {
    "gcc": ["-D", "CMAKE_C_COMPILER=gcc", "-D", "CMAKE_CXX_COMPILER=g++"],
    "libcxx": ["-D", "CMAKE_C_COMPILER=clang-19", "-D", "CMAKE_CXX_COMPILER=clang++-19",
               "-D", "CMAKE_CXX_FLAGS=-stdlib=libc++"],
}


class Installed(CliTest):
    """Works below a directory of its own, with nothing of this tree in sight but what was installed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.prefix = os.path.join(cls.scratch(), "prefix")
        done = run([CMAKE, "--install", BUILD, "--prefix", cls.prefix], timeout=300)
        assert done.code == 0, done

    def do(self, *command, cwd=None, expect=0, timeout=300):
        path = os.path.join(self.prefix, "bin") + ":" + os.environ["PATH"]
        finished = run(list(command), cwd=cwd or self.dir, env={"PATH": path, "HOME": self.dir, "TMPDIR": self.dir},
                       timeout=timeout)
        self.assertEqual(finished.code, expect, f"{command}: {finished}")
        return finished

    def commands_of(self, readme):
        """What a README shows as commands, in its first block."""
        text = open(readme, encoding="utf-8").read()
        block = re.search(r"\n\n((?:    .+\n)+)", text)
        return [line.strip() for line in block[1].splitlines()]

    def new_builds_conforms_and_runs(self, kind, language, compiler):
        name = f"my_{kind}"
        began = time.monotonic()
        self.do("coldload", "plugin", "new", name, "--kind", kind, "--language", language)
        directory = self.path(name)
        commands = self.commands_of(os.path.join(directory, "README.md"))
        self.assertEqual(len(commands), 5, commands)
        configure, build, check, listing, execute = commands
        self.do("sh", "-ec", " ".join([configure, *COMPILERS[compiler]]), cwd=directory)
        warned = self.do("sh", "-ec", build, cwd=directory)
        self.assertNotIn("warning", warned.out + warned.err)
        checked = self.do("sh", "-ec", check, cwd=directory)
        self.assertRegex(checked.out.splitlines()[-1], r"^\d+ contracts: \d+ passed, \d+ skipped$")
        listed = self.do("sh", "-ec", listing, cwd=directory)
        self.assertRegex(listed.out, rf"(?m)^  {name} ")
        self.assertNotIn("Refused", listed.out)
        # The build is bounded by the machine, so by nothing a test may hold; it is told.
        print(f"{kind} in {language} with {compiler}: {time.monotonic() - began:.1f} s from new to list")
        ran = self.do("sh", "-ec", execute + " --out results", cwd=directory)
        with open(os.path.join(directory, "results/result.json"), encoding="utf-8") as file:
            document = json.load(file)
        mine = [case for case in document["cases"] if name in case["id"]]
        self.assertTrue(mine, ran)
        for case in document["cases"]:
            self.assertEqual(case["status"], "ok", ran)
        for entry in document["runs"]:
            self.assertTrue(entry["proof"]["valid"] or entry["repetition"] == 0, entry["proof"])
        tested = self.do("ctest", "--test-dir", "build", "--no-tests=error", "-j2", cwd=directory)
        self.assertIn("100% tests passed", tested.out)


class WithGcc(Installed):
    def test_a_backend_in_cpp(self):
        self.new_builds_conforms_and_runs("backend", "c++", "gcc")

    def test_a_backend_in_c(self):
        self.new_builds_conforms_and_runs("backend", "c", "gcc")

    def test_a_strategy_in_cpp(self):
        self.new_builds_conforms_and_runs("strategy", "c++", "gcc")

    def test_a_strategy_in_c(self):
        self.new_builds_conforms_and_runs("strategy", "c", "gcc")


class WithClangAndLibcxx(Installed):
    def test_a_backend_in_cpp(self):
        self.new_builds_conforms_and_runs("backend", "c++", "libcxx")

    def test_a_strategy_in_cpp(self):
        self.new_builds_conforms_and_runs("strategy", "c++", "libcxx")


class Package(Installed):
    def test_pkg_config_is_enough_without_cmake(self):
        self.do("coldload", "plugin", "new", "by_hand", "--kind", "backend")
        config = os.path.join(self.prefix, "lib/pkgconfig")
        if not os.path.isdir(config):
            (config,) = [os.path.join(self.prefix, "lib", each, "pkgconfig")
                         for each in os.listdir(os.path.join(self.prefix, "lib"))
                         if os.path.isdir(os.path.join(self.prefix, "lib", each, "pkgconfig"))]
        command = "g++ -std=c++17 -O1 -fPIC -shared by_hand.cpp -o coldload_by_hand.so $(pkg-config --cflags --libs coldload)"
        finished = run(["sh", "-ec", command], cwd=self.path("by_hand"),
                       env={"PKG_CONFIG_PATH": config, "PATH": os.environ["PATH"]})
        self.assertEqual(finished.code, 0, finished)
        self.do("coldload", "plugin", "check", "coldload_by_hand.so", "--only", "library", cwd=self.path("by_hand"))

    def test_the_installed_tree_can_be_moved(self):
        moved = self.path("elsewhere")
        shutil.copytree(self.prefix, moved, symlinks=True)
        self.do(os.path.join(moved, "bin/coldload"), "plugin", "new", "moved", "--kind", "strategy")
        self.do("cmake", "-B", "build", "-D", f"CMAKE_PREFIX_PATH={moved}", cwd=self.path("moved"))
        cache = open(self.path("moved/build/CMakeCache.txt"), encoding="utf-8").read()
        self.assertIn(moved, cache)
        self.assertNotIn(self.prefix, cache)

    def test_no_file_of_it_names_the_tree_it_was_built_in(self):
        for root, _, files in os.walk(self.prefix):
            for name in files:
                path = os.path.join(root, name)
                if name.endswith((".cmake", ".pc", ".hpp", ".h", ".map", ".txt", ".toml")):
                    self.assertNotIn(SOURCE, open(path, encoding="utf-8").read(), path)


class Names(CliTest):
    def test_a_name_that_is_none_or_taken_is_refused_and_nothing_is_written(self):
        for name, said in (("My-Store", "lower-case"), ("local", "already"), ("../x", "lower-case")):
            finished = self.coldload("plugin", "new", name, "--kind", "backend", cwd=self.dir, expect=USAGE)
            self.assertIn(said, finished.err)
        self.assertEqual(os.listdir(self.dir), [])

    def test_a_directory_that_is_there_is_not_touched(self):
        os.mkdir(self.path("mine"))
        finished = self.coldload("plugin", "new", "mine", "--kind", "strategy", cwd=self.dir, expect=USAGE)
        self.assertIn("it is there already", finished.err)
        self.assertEqual(os.listdir(self.path("mine")), [])

    def test_a_kind_or_language_there_is_none_of_is_refused(self):
        for words in (["--kind", "destination"], ["--kind", "backend", "--language", "rust"], []):
            self.coldload("plugin", "new", "mine", *words, cwd=self.dir, expect=USAGE)


if __name__ == "__main__":
    unittest.main()
