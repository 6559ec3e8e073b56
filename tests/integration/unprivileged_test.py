"""As a user who owns nothing, on a model that cannot be written."""

import glob
import os
import unittest

from coldload_cli import BINARY, BUILD, CASE_FAILED, CliTest, hasty, run

NOBODY = 65534
# Everything below /mnt of a mount namespace of its own: whether that user could reach the build tree does not matter.
IN_A_NAMESPACE = r"""
set -e
mount -t tmpfs none /mnt
mkdir /mnt/build /mnt/models /mnt/out
mount --bind "$1" /mnt/build
mount --bind "$2" /mnt/models
mount -o remount,bind,ro /mnt/models
mount --bind "$3" /mnt/out
shift 3
exec setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs "$@"
"""


class ReadOnlyMount(CliTest):
    def setUp(self):
        super().setUp()
        self.needs_root()
        self.small_model("models/model", shards=(24_000_001, 9_000_017))
        os.chmod(self.path("models"), 0o755)
        os.mkdir(self.path("out"))
        os.chown(self.path("out"), NOBODY, NOBODY)

    def execute(self, strategies, expect=0):
        scenario = self.write("models/scenario.toml", 'schema = 1\nname = "nobody"\n[model]\npath = "model"\n'
                              '[backend.local]\nroot = "/mnt/models"\n' + strategies + hasty(4))
        os.chmod(scenario, 0o644)
        program = os.path.join("/mnt/build", os.path.relpath(BINARY, BUILD))
        finished = run(["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", IN_A_NAMESPACE, "sh",
                        BUILD, self.path("models"), self.path("out"), program, "run", "/mnt/models/scenario.toml",
                        "--out", "/mnt/out/run"])
        self.assertEqual(finished.code, expect, finished)
        return finished, self.document(self.path("out/run"))

    def test_cold_is_proved_by_bytes_and_stands_in_the_statistics_labelled(self):
        names = ("sequential", "parallel", "io_uring", "mmap", "straight")
        finished, document = self.execute("[strategy.sequential]\n[strategy.parallel]\n[strategy.io_uring]\n"
                                          '[strategy.mmap]\n[strategy.straight]\nplugin = "sequential"\n'
                                          'direct = true\n')
        self.assertFalse(document["environment"]["privileged"])
        self.assertEqual(set(self.statuses(document).values()), {"ok"}, finished)
        for entry in document["runs"]:
            proof = entry["proof"]
            self.assertEqual(proof["kind"], "bytes", proof)
            self.assertTrue(proof["valid"], proof)
            self.assertNotIn("resident_before", proof)
            self.assertIn("the kernel tells residency only to a file's owner or writer", proof["reason"])
            self.assertGreaterEqual(entry["bytes"]["device"] / entry["bytes"]["model"], 0.98)
            self.assertLessEqual(entry["bytes"]["device"] / entry["bytes"]["model"], 1.05)
        for name in names:
            row = next(line for line in finished.out.splitlines() if line.startswith(f"local/{name}/"))
            self.assertRegex(row, r"\b4/4\b")
            self.assertRegex(row, r"\bbytes\b")
        # And the mount was what it should be: nothing could be written.
        self.assertEqual(sorted(os.path.basename(p) for p in glob.glob(self.path("models/model/*.safetensors"))),
                         ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"])

    def test_registered_buffers_beyond_the_limit_are_skipped_with_the_reason(self):
        finished, document = self.execute('[strategy.sequential]\n[strategy.registered]\nplugin = "io_uring"\n'
                                          'depth = 64\nchunk = "1 MiB"\nregistered_buffers = true\n')
        case = next(case for case in document["cases"] if case["strategy"] == "registered")
        runs = self.runs_of(document, case["id"])
        self.assertEqual([entry["status"] for entry in runs], ["skipped"])
        self.assertEqual(case["status"], "skipped")
        self.assertIn("register", runs[0]["reason"])
        self.assertIn("skipped", finished.out)
        self.assertEqual(self.statuses(document)["local/sequential/stream/cold"], "ok")

    def test_a_shard_that_may_not_be_read_is_named(self):
        os.chmod(self.path("models/model/model-00002-of-00002.safetensors"), 0o600)
        finished, document = self.execute("[strategy.sequential]\n", expect=CASE_FAILED)
        self.assertEqual(set(self.statuses(document).values()), {"failed"})
        reason = document["runs"][0]["reason"]
        self.assertIn("model-00002-of-00002.safetensors", reason)
        self.assertIn("ermission denied", reason)
        self.assertIn("ermission denied", finished.out)


if __name__ == "__main__":
    unittest.main()
