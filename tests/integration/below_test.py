"""What lies below the files: layers of an overlay, and block devices that are this machine's memory."""

import os
import shutil
import subprocess
import unittest

from coldload_cli import MIB, CliTest, hasty


class MountedTest(CliTest):
    def mount(self, *arguments):
        subprocess.run(["mount", *arguments], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", arguments[-1]], check=True)

    def directory(self, name):
        os.makedirs(self.path(name))
        return self.path(name)

    def measure(self, root, states, more=""):
        text = (f'[model]\npath = "model"\n[backend.local]\nroot = "{root}"\n[strategy.sequential]\n'
                f'[[compare]]\ncache = [{", ".join(chr(34) + state + chr(34) for state in states)}]\n' + hasty(2, more))
        return self.run_scenario(text)

    def proofs(self, document, state):
        runs = [run for run in document["runs"] if run["case"].endswith("/" + state)]
        self.assertGreater(len(runs), 2)
        return [run["proof"] for run in runs]


class Overlay(MountedTest):
    """A model in the lower layer, as an image's layers bring it."""

    def test_warm_is_warm_and_cold_is_cold_and_both_are_proved(self):
        self.needs_root()
        self.small_model("lower/model", shards=(12 * MIB, 4 * MIB + 5))
        merged = self.directory("merged")
        self.mount("-t", "overlay", "overlay", "-o",
                   f'lowerdir={self.path("lower")},upperdir={self.directory("upper")},workdir={self.directory("work")}',
                   merged)
        _, document = self.measure(merged, ("warm", "cold"))
        for proof in self.proofs(document, "warm"):
            self.assertTrue(proof["valid"], proof)
            self.assertEqual(proof["method"], "mincore")
            self.assertGreaterEqual(proof["resident_before"], 0.99)
        for proof in self.proofs(document, "cold"):
            self.assertTrue(proof["valid"], proof)
            self.assertEqual(proof["kind"], "residency+bytes")
            self.assertGreaterEqual(proof["resident_after"], 0.99)
            self.assertNotIn("caveat", proof)


class LoopDevice(MountedTest):
    """A file system in a file of the disk, and in one of a tmpfs."""

    def image(self, place):
        image = os.path.join(place, "image")
        with open(image, "wb") as file:
            file.truncate(64 * MIB)
        subprocess.run(["mkfs.ext4", "-q", image], check=True)
        self.mount("-o", "loop", image, self.directory("mounted"))
        shutil.copytree(self.small_model(), self.path("mounted/model"))
        subprocess.run(["sync", "-f", self.path("mounted")], check=True)

    def check(self):
        finished, document = self.measure(self.path("mounted"), ("cold", "warm"))
        for proof in self.proofs(document, "cold"):
            self.assertEqual((proof["kind"], proof["valid"]), ("unprovable", False))
            self.assertRegex(proof["reason"], r"loop\d+ is a loop device over .*/image: .*page cache")
        self.assertIn("is a loop device over", finished.out)
        for proof in self.proofs(document, "warm"):
            self.assertTrue(proof["valid"], proof)

    def test_over_a_file_of_a_disk_proves_no_cold_run(self):
        self.needs_root()
        self.image(self.dir)
        self.check()

    def test_as_a_source_proves_no_first_start(self):
        self.needs_root()
        self.image(self.dir)
        text = (f'[model]\npath = "model"\n[backend.image]\nplugin = "local"\nroot = "{self.path("mounted")}"\n'
                f'[backend.disk]\nplugin = "local"\nroot = "{self.directory("target")}"\n'
                '[backend.staged]\nsource = "image"\ntarget = "disk"\nreserve = "0 B"\n[strategy.sequential]\n'
                '[[compare]]\nbackend = "staged"\ncache = "first-start"\n')
        _, document = self.run_scenario(text + hasty(1))
        for proof in self.proofs(document, "first-start"):
            self.assertFalse(proof["valid"], proof)
            self.assertRegex(proof["reason"], r"whether the source was cold .* cannot be known: loop\d+ is a loop device")

    def test_over_a_file_of_a_tmpfs_proves_no_cold_run(self):
        self.needs_root()
        memory = self.directory("memory")
        self.mount("-t", "tmpfs", "-o", "size=80m", "tmpfs", memory)
        self.image(memory)
        self.check()


if __name__ == "__main__":
    unittest.main()
