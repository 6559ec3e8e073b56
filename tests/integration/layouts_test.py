"""Models as they lie on disks, and coldload as it lies when installed."""

import os
import subprocess
import unittest

from coldload_cli import BINARY, BUILD, MIB, CliTest, run


class HuggingFaceCache(CliTest):
    def setUp(self):
        super().setUp()
        plain = self.small_model("plain")
        entry = self.path("hub/models--org--name")
        for folder in ("blobs", "refs", "snapshots/0123abcd"):
            os.makedirs(os.path.join(entry, folder))
        self.write("hub/models--org--name/refs/main", "0123abcd")
        for number, name in enumerate(sorted(os.listdir(plain))):
            os.rename(os.path.join(plain, name), os.path.join(entry, f"blobs/{number:064x}"))
            os.symlink(f"../../blobs/{number:064x}", os.path.join(entry, "snapshots/0123abcd", name))
        self.entry = entry

    def quick(self, directory):
        finished = self.coldload("quick", directory, "--runs", "1", "--out", self.path("run"))
        document = self.document(self.path("run"))
        self.assertEqual(set(self.statuses(document).values()), {"ok"}, finished)
        self.assertEqual(len(document["cases"]), 4)
        for entry in document["runs"]:
            self.assertTrue(entry["proof"]["valid"], entry["proof"])
            self.assertEqual(entry["bytes"]["delivered"], entry["bytes"]["model"])
            self.assertGreater(entry["bytes"]["model"], 4 * MIB)
        self.assertEqual(len({entry["checksum"] for entry in document["runs"] if entry["repetition"] == 0}), 1)

    def test_a_snapshot_of_linked_blobs_is_loaded_cold(self):
        self.quick(os.path.join(self.entry, "snapshots/0123abcd"))

    def test_a_whole_entry_is_followed_to_what_main_points_at(self):
        self.quick(self.entry)

    def test_a_relative_path_and_spaces_in_names_are_no_matter(self):
        os.rename(self.path("hub"), self.path("my hub \"quoted\""))
        finished = run([BINARY, "quick", 'my hub "quoted"/models--org--name', "--runs", "1", "--out", "run"],
                       cwd=self.dir)
        self.assertEqual(finished.code, 0, finished)


class Installed(CliTest):
    def setUp(self):
        super().setUp()
        root = self.path("root")
        installed = run([os.environ["COLDLOAD_CMAKE"], "--install", BUILD], env={"DESTDIR": root})
        self.assertEqual(installed.code, 0, installed)
        self.prefix = root + os.environ["COLDLOAD_PREFIX"]
        self.binary = os.path.join(self.prefix, "bin/coldload")

    def test_the_installed_tree_finds_its_own_plugins_and_no_others(self):
        listed = run([self.binary, "list"])
        self.assertEqual(listed.code, 0, listed)
        for name in ("local", "null", "sequential", "parallel", "mmap", "io_uring"):
            self.assertIn(os.path.join(self.prefix, f"lib/coldload/plugins/coldload_{name}.so"), listed.out)
        self.assertNotIn("misbehaving", listed.out)
        self.assertNotIn(BUILD + "/lib", listed.out)
        # A link to it elsewhere on the PATH finds the same.
        os.symlink(self.binary, self.path("coldload"))
        self.assertEqual(run([self.path("coldload"), "list"]).out, listed.out)

    def test_the_installed_scenarios_are_accepted(self):
        checked = run([self.binary, "check", os.path.join(self.prefix, "share/coldload/scenarios/quickstart.toml")])
        self.assertIn("no mistakes", checked.out)

    def test_the_installed_program_needs_nothing_of_the_build_tree(self):
        plugins = os.path.join(self.prefix, "lib/coldload/plugins")
        files = [self.binary, *(os.path.join(plugins, name) for name in os.listdir(plugins))]
        self.assertGreaterEqual(len(files), 7)
        for path in files:
            dynamic = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=True).stdout
            self.assertNotIn(BUILD, dynamic, path)


if __name__ == "__main__":
    unittest.main()
